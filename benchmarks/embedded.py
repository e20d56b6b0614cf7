"""A MiniStack of the benchmark's own, on a free port, for as long as the benchmark runs."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def embedded_aws(stage: str = "BENCH") -> Iterator[dict[str, str]]:
    """Yield the environment in which commands reach it."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "ministack"],
            env={**os.environ, "GATEWAY_PORT": str(port)},
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        _wait(url, process)
        yield {
            **os.environ,
            "AWS_ENDPOINT_URL": url,
            "AWS_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "HAZARD_STORE_STAGE": stage,
        }
    finally:
        process.terminate()
        process.wait(30)


def _wait(url: str, process: subprocess.Popen[bytes]) -> None:
    for _ in range(120):
        if process.poll() is not None:
            raise RuntimeError(f"MiniStack ended with {process.returncode}")
        try:
            with urllib.request.urlopen(f"{url}/_ministack/health", timeout=1):
                return
        except OSError:
            time.sleep(0.25)
    raise RuntimeError("MiniStack did not start")
