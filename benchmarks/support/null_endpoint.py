"""A local endpoint that does nothing: it takes DynamoDB's requests and answers "done" at once.

Run in a process of its own, so that a benchmark sees only its client's CPU time. It counts what
arrives (`received`), so that a benchmark can tell a fast client from one that loses items.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import socket
import threading
import urllib.request
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from socketserver import StreamRequestHandler, ThreadingTCPServer

_RECEIVED = b"Received"  # the operation that asks for the counts


class _Handler(StreamRequestHandler):
    rbufsize = 1 << 20
    server: _Server

    def handle(self) -> None:
        while self.rfile.readline():
            length, operation = 0, b""
            while (line := self.rfile.readline().strip()) != b"":
                name, _, value = line.partition(b":")
                if name.lower() == b"content-length":
                    length = int(value)
                elif name.lower() == b"x-amz-target":
                    operation = value.strip().rpartition(b".")[2]
                elif name.lower() == b"expect":
                    self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            self.wfile.write(self.server.answer(operation, self.rfile.read(length)))


class _Server(ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, listener: socket.socket, owner: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler, bind_and_activate=False)
        self.socket.close()
        self.socket = listener
        self._lock, self._received = threading.Lock(), Counter[str]()
        used = [{"TableName": "Null", "CapacityUnits": 100.0}]
        item = {"owner": {"S": owner}, "attempt": {"N": "1"}}
        self._answers = {
            b"BatchWriteItem": _answer({"UnprocessedItems": {}, "ConsumedCapacity": used}),
            b"GetItem": _answer({"Item": item}),
        }

    def answer(self, operation: bytes, body: bytes) -> bytes:
        """Count a request and return what to answer."""
        if operation == _RECEIVED:
            return _answer(dict(self._received))
        with self._lock:
            self._received[operation.decode()] += 1
            self._received["items"] += body.count(b'"PutRequest"')
        return self._answers.get(operation, _NOTHING)


def _answer(content: dict[str, object]) -> bytes:
    body = json.dumps(content).encode()
    head = (
        "HTTP/1.1 200 OK\r\nContent-Type: application/x-amz-json-1.0\r\n"
        f"x-amz-crc32: {zlib.crc32(body)}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


_NOTHING = _answer({})


def _serve(listener: socket.socket, owner: str) -> None:
    _Server(listener, owner).serve_forever()


def received(url: str) -> Counter[str]:
    """Return how many requests of each operation arrived so far, and how many `items` in them."""
    request = urllib.request.Request(url, b"", {"X-Amz-Target": f"Null.{_RECEIVED.decode()}"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return Counter(json.load(answer))


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
