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


def free_port() -> int:
    """Return a port that is free at this moment."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        return free.getsockname()[1]


@contextmanager
def stopped_at_exit(
    module: str, *arguments: str, env: dict[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a module of Python for as long as the context lasts."""
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            env=env,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(30)


@contextmanager
def embedded_aws(stage: str = "BENCH") -> Iterator[dict[str, str]]:
    """Yield the environment in which commands reach it; ours reaches it too."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with stopped_at_exit("ministack", env={**os.environ, "GATEWAY_PORT": str(port)}) as process:
        _wait(url, process)
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            os.environ.setdefault(name, "test")
        yield {
            **os.environ,
            "AWS_ENDPOINT_URL": url,
            "AWS_REGION": "us-east-1",
            "HAZARD_STORE_STAGE": stage,
        }


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
