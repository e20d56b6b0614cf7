"""The model behind an address of this machine, in a thread: whoever starts it has it in hand."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from local.ecs_model.api import TARGET, ApiError
from local.ecs_model.model import EcsModel


@dataclass(frozen=True)
class Served:
    """A model that answers."""

    model: EcsModel
    url: str


@contextmanager
def served(model: EcsModel) -> Iterator[Served]:
    """Serve a model on a free port; its tasks are stopped at the end."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            """Answer one request."""
            text = self.rfile.read(int(self.headers["Content-Length"])).decode()
            target, _, operation = self.headers.get("X-Amz-Target", "").rpartition(".")
            try:
                if target != TARGET:
                    raise ApiError("ClientException", f"not of ECS: {target}")
                status, body = 200, model.handle(operation, json.loads(text), text)
            except ApiError as error:
                status = error.status
                body = json.dumps({"__type": error.code, "message": error.message})
            self.send_response(status)
            self.send_header("Content-Type", "application/x-amz-json-1.1")
            self.send_header("Content-Length", str(len(body.encode())))
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, name="ECS model", daemon=True)
    thread.start()
    try:
        yield Served(model, f"http://127.0.0.1:{server.server_port}")
    finally:
        for task in list(model.tasks.values()):
            task.stop("the model ends")
        server.shutdown()
        thread.join()
        server.server_close()


def cloudwatch(logs: Any, group: str, prefix: str, container: str) -> Callable[..., None]:
    """Return what writes the lines of tasks into a log group, as the awslogs driver does.

    Args:
        logs: client of CloudWatch Logs.
        group: log group.
        prefix: of the streams.
        container: whose lines they are.
    """
    known: set[str] = set()

    def say(number: str, lines: Sequence[str]) -> None:
        stream = f"{prefix}/{container}/{number}"
        if stream not in known:
            logs.create_log_stream(logGroupName=group, logStreamName=stream)
            known.add(stream)
        moment = int(1000 * time.time())
        events = [{"timestamp": moment, "message": line or " "} for line in lines]
        logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=events)

    return say
