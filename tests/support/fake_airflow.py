"""An Airflow that answers as a test says, and keeps what it was asked."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

from tests.support.serving import serving

TOKEN = "a-token-that-nobody-shows"
NAME, PASSWORD = "somebody", "a-password-that-nobody-shows"
RUNS = "/api/v2/dags/store_hazard/dagRuns"


class FakeAirflow(ThreadingHTTPServer):
    """Lets in who has the token; runs go through the states that are set.

    Attributes:
        states: of each run, one an answer; the last one stays.
        instances: task instances of each run.
        left: what they left in XCom, by (task, map_index, key).
        script: statuses that the next requests get, before all goes well.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.states = ["queued", "running", "success"]
        self.instances: list[dict[str, Any]] = []
        self.left: dict[tuple[str, int, str], Any] = {}
        self.script: list[int] = []
        self.runs: dict[str, dict[str, Any]] = {}
        self.requests: list[tuple[str, str]] = []
        self.paused, self.refuses = False, ""

    def instance(self, task: str, state: str, map_index: int = -1, end: str = "") -> None:
        """Add a task instance to all runs."""
        of_it = {"task_id": task, "state": state, "map_index": map_index, "end_date": end or None}
        self.instances.append(of_it)

    def answer(self, method: str, path: str, body: Any, token: str) -> tuple[int, Any]:
        """Return the status and the document of an answer."""
        if path == "/auth/token":
            right = body == {"username": NAME, "password": PASSWORD}
            return (201, {"access_token": TOKEN}) if right else (401, {"detail": "no"})
        if token != f"Bearer {TOKEN}":
            return 401, {"detail": "no"}
        if path == "/api/v2/dags/store_hazard":
            return 200, {"is_paused": self.paused}
        if (method, path) == ("POST", RUNS):
            if self.refuses:
                return 422, {"detail": self.refuses}
            run_id = body["dag_run_id"]
            status = 409 if run_id in self.runs else 200
            self.runs.setdefault(run_id, body)
            return status, {"dag_run_id": run_id}
        run_id, _, rest = path.removeprefix(f"{RUNS}/").partition("/")
        if run_id not in self.runs:
            return 404, {"detail": "no such run"}
        return self._of_run(run_id, rest)

    def _of_run(self, run_id: str, path: str) -> tuple[int, Any]:
        if not path:
            state = self.states.pop(0) if len(self.states) > 1 else self.states[0]
            return 200, {"state": state}
        if path.startswith("taskInstances?"):
            offset = int(path.partition("offset=")[2].partition("&")[0])
            page = self.instances[offset : offset + 100]
            found = [{**each, "dag_run_id": run_id} for each in page]
            return 200, {"task_instances": found, "total_entries": len(self.instances)}
        task, _, rest = path.removeprefix("taskInstances/").partition("/xcomEntries/")
        key, _, index = rest.partition("?map_index=")
        value = self.left.get((task, int(index), key))
        return (404, {"detail": "no XCom"}) if value is None else (200, {"value": value})


@contextmanager
def fake_airflow() -> Iterator[FakeAirflow]:
    """Run one for the time of a block."""
    with serving(FakeAirflow()) as server:
        yield server


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: FakeAirflow

    def log_message(self, *args: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def _answer(self) -> None:
        parts = urlsplit(self.path)
        path = unquote(parts.path) + (f"?{parts.query}" if parts.query else "")
        self.server.requests.append((self.command, path))
        content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = json.loads(content) if content else None
        if self.server.script:
            status, document = self.server.script.pop(0), {"detail": "busy"}
        else:
            token = self.headers.get("Authorization", "")
            status, document = self.server.answer(self.command, path, body, token)
        text = json.dumps(document).encode()
        self.send_response(status)
        if status == 302:
            self.send_header("Location", "http://127.0.0.1:1/elsewhere")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)
