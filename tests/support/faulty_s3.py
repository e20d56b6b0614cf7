"""An S3 that fails as told: what an embedded one never does."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.support.serving import serving

LONGEST_S = 20  # of an answer that does not end: tests do
RESET = b"\1\0\0\0\0\0\0\0"  # SO_LINGER on, 0 seconds: closing sends a reset


class FaultyS3(ThreadingHTTPServer):
    """Serves one object; `script` holds what the next requests get, then all is well.

    "503 SlowDown": an error answer. "cut": half of the body. "reset": no answer at all.
    "short": a well-formed answer of half the range that was asked for.
    "flipped": one bit of the body is another.
    "drips", "stalls": an answer whose body comes byte by byte, or not at all.
    """

    daemon_threads = True  # an answer that does not end is not waited for

    def __init__(self, body: bytes) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.body = body
        self.script: list[str] = []
        self.requests: list[tuple[str, str | None, str | None]] = []  # method, Range, If-Match

    @property
    def endpoint(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_port}"


@contextmanager
def faulty_s3(body: bytes) -> Iterator[FaultyS3]:
    """Run a server for the time of a block."""
    with serving(FaultyS3(body)) as server:
        yield server


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: FaultyS3

    def log_message(self, *args: object) -> None:
        """Say nothing."""

    def do_HEAD(self) -> None:
        self._answer()

    def do_GET(self) -> None:
        self._answer()

    def _answer(self) -> None:
        wanted, match = self.headers.get("Range"), self.headers.get("If-Match")
        self.server.requests.append((self.command, wanted, match))
        act = self.server.script.pop(0) if self.server.script else "well"
        if act == "reset":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            self.connection.close()
            self.close_connection = True
        elif act in ("well", "cut", "short", "flipped"):
            self._send_body(wanted, act)
        elif act in ("drips", "stalls"):
            self._drip(act == "stalls")
        else:
            code, name = act.split()
            text = f"<Error><Code>{name}</Code><AWSAccessKeyId>AKIDTESTKEY</AWSAccessKeyId></Error>"
            self._send(int(code), text.encode(), {})

    def _send_body(self, wanted: str | None, act: str) -> None:
        if wanted is None:
            self._send(200, self.server.body, {})
            return
        first, last = map(int, wanted.removeprefix("bytes=").split("-"))
        size = len(self.server.body)
        if act == "short":
            last = (first + last) // 2
        part = self.server.body[first : last + 1]
        if act == "flipped":
            part = part[:-1] + bytes([part[-1] ^ 1])
        self._send(206, part, {"Content-Range": f"bytes {first}-{last}/{size}"}, act == "cut")

    def _drip(self, silent: bool) -> None:
        self.send_response(206)
        self.send_header("ETag", '"version-1"')
        self.send_header("Content-Length", "1000000")
        self.end_headers()
        self.close_connection = True
        with suppress(OSError):  # the client has gone
            for _ in range(LONGEST_S * 10):
                if not silent:
                    self.wfile.write(b" ")
                time.sleep(0.1)

    def _send(self, code: int, body: bytes, headers: dict[str, str], cut: bool = False) -> None:
        self.send_response(code)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("ETag", '"version-1"')
        self.send_header("Last-Modified", "Wed, 21 Oct 2015 07:28:00 GMT")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body[: len(body) // 2] if cut else body)
        if cut:
            self.connection.shutdown(socket.SHUT_RDWR)
            self.close_connection = True
