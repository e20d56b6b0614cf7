"""A local endpoint that does nothing: it takes DynamoDB's requests and answers "done" at once.

Run in a process of its own, so that a benchmark sees only its client's CPU time.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import socket
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from socketserver import StreamRequestHandler, ThreadingTCPServer


class _Handler(StreamRequestHandler):
    rbufsize = 1 << 20

    def handle(self) -> None:
        while request := self.rfile.readline():
            length, target = 0, b""
            while (line := self.rfile.readline().strip()) != b"":
                name, _, value = line.partition(b":")
                if name.lower() == b"content-length":
                    length = int(value)
                elif name.lower() == b"x-amz-target":
                    target = value.strip()
                elif name.lower() == b"expect":
                    self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            self.rfile.read(length)
            del request
            self.wfile.write(self.server.answers.get(target.rpartition(b".")[2], _NOTHING))


def _answer(content: dict[str, object]) -> bytes:
    body = json.dumps(content).encode()
    head = (
        "HTTP/1.1 200 OK\r\nContent-Type: application/x-amz-json-1.0\r\n"
        f"x-amz-crc32: {zlib.crc32(body)}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


_NOTHING = _answer({})


class _Server(ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    answers: dict[bytes, bytes]


def _serve(listener: socket.socket, owner: str) -> None:
    server = _Server(("127.0.0.1", 0), _Handler, bind_and_activate=False)
    server.socket.close()
    server.socket = listener
    server.answers = {
        b"BatchWriteItem": _answer(
            {
                "UnprocessedItems": {},
                "ConsumedCapacity": [{"TableName": "Null", "CapacityUnits": 100.0}],
            }
        ),
        b"GetItem": _answer({"Item": {"owner": {"S": owner}, "attempt": {"N": "1"}}}),
    }
    server.serve_forever()


@contextmanager
def null_endpoint(owner: str = "benchmark") -> Iterator[str]:
    """Serve on a free port of this machine; yield the endpoint's URL."""
    listener = socket.create_server(("127.0.0.1", 0))
    process = multiprocessing.get_context("fork").Process(
        target=_serve, args=(listener, owner), daemon=True
    )
    process.start()
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        os.environ.setdefault(name, "benchmark")
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        listener.close()
        process.terminate()
        process.join()
