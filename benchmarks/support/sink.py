"""An endpoint that takes curves and stores none; whatever else is asked goes to the one behind it.

A writer is then measured alone: its records live in real tables, and its items cost nothing but
their making and sending. What is asked of the curves can be kept, for
`benchmarks.support.recording`.
"""

from __future__ import annotations

import json
import multiprocessing
import threading
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, BinaryIO

FORK = multiprocessing.get_context("fork")
LENGTH_BYTES = 8  # before each request that is kept
_USED = {"TableName": "", "CapacityUnits": 75.0}
_ANSWERS: dict[str, dict[str, Any]] = {
    "BatchWriteItem": {"UnprocessedItems": {}, "ConsumedCapacity": [_USED]},
    "Query": {"Items": [], "Count": 0, "ScannedCount": 0, "ConsumedCapacity": _USED},
}
_OF_ONE_HOP = ("transfer-encoding", "connection", "content-length")


class _Sink(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, backend: str, kept: BinaryIO | None) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.backend, self.kept = backend.removeprefix("http://"), kept
        self.lock = threading.Lock()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body leave together
    server: _Sink

    def log_message(self, *args: object) -> None:
        """Say nothing."""

    def setup(self) -> None:
        """Prepare a connection of its own to the endpoint behind."""
        super().setup()
        self.behind = HTTPConnection(self.server.backend)

    def finish(self) -> None:
        """Close both."""
        super().finish()
        self.behind.close()

    def do_POST(self) -> None:
        """Answer what is asked of curves, pass on the rest."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        content = _ANSWERS.get(self.headers.get("X-Amz-Target", "").rpartition(".")[2])
        if content is None:
            self._pass_on(body)
            return
        self._keep(body)
        text = json.dumps(content).encode()
        checksum = {"x-amz-crc32": str(zlib.crc32(text))}
        self._answer(200, {"Content-Type": "application/x-amz-json-1.0", **checksum}, text)

    def _pass_on(self, body: bytes) -> None:
        self.behind.request("POST", self.path, body, dict(self.headers))
        answer = self.behind.getresponse()
        content = answer.read()
        headers = {k: v for k, v in answer.getheaders() if k.lower() not in _OF_ONE_HOP}
        self._answer(answer.status, headers, content)

    def _answer(self, status: int, headers: dict[str, str], content: bytes) -> None:
        self.send_response_only(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _keep(self, body: bytes) -> None:
        if self.server.kept is None:
            return
        head = [self.requestline, *(f"{name}: {value}" for name, value in self.headers.items())]
        request = "\r\n".join([*head, "", ""]).encode() + body
        with self.server.lock:
            self.server.kept.write(len(request).to_bytes(LENGTH_BYTES, "little"))
            self.server.kept.write(request)
            self.server.kept.flush()


def _serve(backend: str, keep: Path | None, told: Connection) -> None:
    server = _Sink(backend, None if keep is None else keep.open("wb"))
    told.send(server.server_port)
    server.serve_forever()


@contextmanager
def sink(backend: str, keep: Path | None = None) -> Iterator[str]:
    """Serve in a process of its own for the time of a block; yield the address.

    Args:
        backend: the address of the endpoint behind.
        keep: a file for the requests of curves, as they came.
    """
    ours, theirs = FORK.Pipe()
    process = FORK.Process(target=_serve, args=(backend, keep, theirs), daemon=True)
    process.start()
    try:
        yield f"http://127.0.0.1:{ours.recv()}"
    finally:
        process.terminate()
        process.join()
