"""Settings that know nothing of AWS, and an embedded S3 with a bucket."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest

from hazard_store.settings import Settings

REGION = "ap-southeast-2"
START_LIMIT_S = 30


@dataclass(frozen=True)
class S3Place:
    """A bucket in the embedded S3."""

    endpoint: str
    client: Any
    bucket: str = "calculations"

    def put(self, path: Path, key: str) -> str:
        """Upload a file and return its URI."""
        self.client.put_object(Bucket=self.bucket, Key=key, Body=path.read_bytes())
        return f"s3://{self.bucket}/{key}"


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Settings of a process that knows nothing of AWS."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    return Settings(retry_tries=2, retry_cap_s=0.1)


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    """Credentials in the environment."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDTESTKEY")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "never-shown")


@pytest.fixture
def s3_settings(s3: S3Place, settings: Settings, keys: None) -> Settings:
    """Settings that lead to the embedded S3."""
    return settings.model_copy(update={"region": REGION, "endpoint_s3": s3.endpoint})


@pytest.fixture(scope="session")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Place]:
    """An embedded S3 on a free port, with an empty bucket."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    home = tmp_path_factory.mktemp("s3")
    environment = {name: value for name, value in os.environ.items() if "AWS" not in name}
    environment |= {"GATEWAY_PORT": str(port), "BIND_HOST": "127.0.0.1", "TMPDIR": str(home)}
    environment |= {"SERVICES": "s3", "IOT_MTLS_ENABLED": "0"}
    with (home / "log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "ministack"],
            env=environment,
            cwd=home,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        endpoint = f"http://127.0.0.1:{port}"
        _wait_until_ready(endpoint, process, home / "log")
        client = boto3.client(
            "s3",
            region_name=REGION,
            endpoint_url=endpoint,
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )
        place = S3Place(endpoint, client)
        client.create_bucket(
            Bucket=place.bucket, CreateBucketConfiguration={"LocationConstraint": REGION}
        )
        yield place
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _wait_until_ready(endpoint: str, process: subprocess.Popen[bytes], log: Path) -> None:
    limit = time.monotonic() + START_LIMIT_S
    while time.monotonic() < limit:
        if process.poll() is not None:
            break
        try:
            urllib.request.urlopen(f"{endpoint}/_ministack/health", timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    pytest.fail(f"the embedded S3 did not start:\n{log.read_text()[-2000:]}")
