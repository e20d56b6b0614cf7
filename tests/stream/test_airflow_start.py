"""The workflow is started where the environment says how; what fails there ends nothing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
START = """
import logging
from hazard_store_stream.airflow import start_run
logging.basicConfig()
print(start_run("A", "R", "s3://inbox/streams/A/R/manifest.json", {"layout": "packed"}))
"""


class Server(HTTPServer):
    """Takes what Airflow would, and keeps it."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.status, self.asked = 200, list[tuple[str, str, Any]]()


class _Handler(BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked.append((self.path, self.headers.get("Authorization", ""), body))
        self.send_response(self.server.status)
        self.end_headers()
        self.wfile.write(b'{"access_token": "of-netrc"}')

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    Thread(target=made.serve_forever, daemon=True).start()
    yield made
    made.shutdown()
    made.server_close()


def started(home: Path, server: Server | None = None, **variables: str) -> tuple[str, str]:
    """Return what it printed and logged."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "stream"), "HOME": str(home), **variables}
    if server is not None:
        environment["HAZARD_STORE_AIRFLOW_URL"] = f"http://127.0.0.1:{server.server_port}/"
    command = [sys.executable, "-c", START]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return done.stdout.strip(), done.stderr


def test_a_run_is_started_with_the_manifest_and_the_options(tmp_path: Path, server: Server):
    assert ("True", "") == started(tmp_path, server, HAZARD_STORE_AIRFLOW_TOKEN="secret")
    ((path, authorization, body),) = server.asked
    assert ("/api/v2/dags/stream_hazard/dagRuns", "Bearer secret") == (path, authorization)
    manifest = "s3://inbox/streams/A/R/manifest.json"
    assert {"calc_id": "A", "manifest": manifest, "layout": "packed"} == body["conf"]


def test_name_and_password_of_netrc_make_a_token(tmp_path: Path, server: Server):
    netrc = tmp_path / ".netrc"
    netrc.write_text("machine 127.0.0.1 login me password hidden\n")
    netrc.chmod(0o600)
    assert ("True", "") == started(tmp_path, server)
    (login, run) = server.asked
    assert ("/auth/token", {"username": "me", "password": "hidden"}) == (login[0], login[2])
    assert "Bearer of-netrc" == run[1]


def test_without_an_address_nothing_is_asked(tmp_path: Path):
    assert ("False", "") == started(tmp_path)


def test_a_refusal_is_logged_without_the_token(tmp_path: Path, server: Server):
    server.status = 403
    said, log = started(tmp_path, server, HAZARD_STORE_AIRFLOW_TOKEN="secret")
    assert "False" == said
    assert "start it with manifest=s3://inbox/streams/A/R/manifest.json" in log
    assert "secret" not in log


def test_without_token_or_netrc_it_says_which_to_set(tmp_path: Path, server: Server):
    said, log = started(tmp_path, server)
    assert "False" == said
    assert "stream_hazard was not started" in log
    assert [] == server.asked
