"""Services that are not the DynamoDB one expects: a proxy, a web server, one that never ends."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PAGE = b"<html><body>Please sign in to the guest network.</body></html>"
LONGEST_S = 30  # of an answer that does not end: tests do
Answer = Callable[[BaseHTTPRequestHandler], None]


def says(status: int, content: bytes, **headers: str) -> Answer:
    """Return an answer that is always the same."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("content-length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content)

    return answer


def fault(code: str, message: str = "m", status: int = 400) -> Answer:
    """Return a fault as DynamoDB tells it."""
    content = {"__type": f"com.amazonaws.dynamodb.v20120810#{code}", "message": message}
    return says(status, json.dumps(content).encode(), content_type="application/x-amz-json-1.0")


page = says(200, PAGE, content_type="text/html")
not_found = says(404, PAGE, content_type="text/html")
other_json = says(200, b'{"status": "ok"}', content_type="application/json")
cut_short = says(200, b'{"Item": {"a', content_type="application/x-amz-json-1.0")
empty = says(200, b"{}", content_type="application/x-amz-json-1.0")
redirection = says(307, b"{}", content_type="application/x-amz-json-1.0")
nameless = says(400, b"{}", content_type="application/x-amz-json-1.0")
no_key = fault("KMSAccessDeniedException", "all is well " * 1000)
unknown_operation = fault("UnknownOperationException", "")
late = fault("InvalidSignatureException", "Signature expired: 1 is now earlier than 2")
conflict = fault("ReplicatedWriteConflictException")
wrong_keys = fault("ValidationException", "The provided key element does not match the schema")


def hangs(handler: BaseHTTPRequestHandler) -> None:
    """Say nothing."""
    time.sleep(LONGEST_S)


def drips(handler: BaseHTTPRequestHandler) -> None:
    """Answer byte after byte, without end."""
    handler.send_response(200)
    handler.send_header("content-type", "application/x-amz-json-1.0")
    handler.send_header("content-length", "1000000")
    handler.end_headers()
    for _ in range(LONGEST_S * 10):
        handler.wfile.write(b" ")
        time.sleep(0.1)


@contextmanager
def serving(*answers: Answer) -> Iterator[str]:
    """Serve the answers in turn, the last of them for ever; give the address."""
    left = list(answers)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("content-length") or 0))
            with suppress(OSError):  # who asked is gone
                (left.pop(0) if len(left) > 1 else left[0])(self)

        do_GET = do_HEAD = do_POST  # noqa: N815

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.block_on_close = False
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
