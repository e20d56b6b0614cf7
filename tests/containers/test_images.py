"""What the images hold, and what a writer can do without."""

from __future__ import annotations

import http.server
import json
import re
import subprocess
import threading
import time
import uuid

import boto3
import httpx
import pytest
from botocore.exceptions import ClientError

from local import aws
from local.cli import SAMPLE
from tests.containers.composed import IMAGES, WRITER, Composed, docker, inspected

pytestmark = pytest.mark.containers

MEGABYTE = 1_000_000
WRITER_MB = 150  # over its base
START_S = 10  # a generous limit; the figure is printed
LOCKED_UP = (
    *("--user", "12345:12345"),
    *("--cap-drop", "ALL"),
    *("--security-opt", "no-new-privileges"),
    *("--cpus", "1", "--memory", "512m", "--memory-swap", "512m"),
)


def size_over_base(image: str) -> float:
    """Return the megabytes that an image adds to its base."""
    (found,) = inspected(image)
    (base,) = inspected("python:3.12-slim-bookworm")
    layers = base["RootFS"]["Layers"]
    assert layers == found["RootFS"]["Layers"][: len(layers)]
    return float(found["Size"] - base["Size"]) / MEGABYTE


def test_the_writer_image_is_small(composed: Composed, capsys: pytest.CaptureFixture[str]):
    """It adds less than 150 MB to Python."""
    sizes = {image: size_over_base(image) for image in IMAGES}
    with capsys.disabled():
        for image, size in sizes.items():
            print(f"\n{image}: {size:.0f} MB over its base", end="")
    assert sizes[WRITER] < WRITER_MB


@pytest.mark.parametrize("image", IMAGES[:2])
def test_images_run_as_a_user_with_a_number(composed: Composed, image: str):
    """An orchestrator can see that it is not root."""
    user = inspected(image)[0]["Config"]["User"]
    assert re.fullmatch(r"[1-9]\d*:\d+", user)


def test_the_writer_image_holds_no_airflow(composed: Composed):
    """Neither Airflow, nor what needs it, nor pip, nor tests are in the writer's environment."""
    program = (
        "import importlib.util as u, json;"
        "names = ['airflow', 'hazard_airflow', 'pip', 'numpy.tests', 'hazard_store'];"
        "print(json.dumps([name for name in names if u.find_spec(name)]))"
    )
    said = docker("run", "--rm", "--network=none", "--entrypoint=python", WRITER, "-c", program)
    assert ["hazard_store"] == json.loads(said)


def test_a_writer_needs_dynamodb_and_s3_and_nothing_else(composed: Composed):
    """Any user, no capability, a read-only file system, one CPU, no way out of the network."""
    uri = aws.upload(composed.stack, SAMPLE)
    report = composed.hazard_store("load", uri, "LOCKED.UP", options=LOCKED_UP)
    assert "published" == report["status"]
    assert (0, 0, 0) == (report["missing"], report["extra"], report["altered"])


@pytest.mark.parametrize(("service", "port"), [("postgres", 5432), ("api-server", 8080)])
def test_a_writer_reaches_neither_airflow_nor_the_world(
    composed: Composed, service: str, port: int
):
    """Its network has no way out: what the others reach under an address, it does not."""
    (container,) = inspected(*composed.containers(service))
    networks = container["NetworkSettings"]["Networks"]
    assert [f"{composed.project}_control"] == list(networks)
    address = networks[f"{composed.project}_control"]["IPAddress"]
    assert reaches(f"{composed.project}_control", address, port)
    assert not reaches(composed.network, address, port)
    assert not reaches(composed.network, service, port)
    assert reaches(composed.network, "ministack", 4566)
    assert inspected(composed.network)[0]["Internal"]


def test_the_embedded_aws_does_nothing_for_who_has_no_keys(composed: Composed):
    """Neither for this machine's users and its browser, nor for who shares a network with it."""
    url = composed.stack.aws_url
    ready = {"headers": {"host": "ministack:4566"}}
    assert 200 == httpx.get(f"{url}/_ministack/ready", trust_env=False).status_code
    assert 200 == httpx.get(f"{url}/_ministack/ready", trust_env=False, **ready).status_code
    for path, headers in (
        ("/hazard-inbox/a.py", {}),
        ("/_ministack/ready", {"origin": "null"}),
        ("/_ministack/ready", {"host": "evil.example"}),
    ):
        answer = httpx.get(f"{url}{path}", headers=headers, trust_env=False)
        assert 403 == answer.status_code, answer.text
    stranger = boto3.client(
        "ecs",
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    with pytest.raises(ClientError, match="UnrecognizedClientException"):
        stranger.list_clusters()
    override = {"name": "writer", "environment": [{"name": "PYTHONPATH", "value": "/tmp"}]}
    with pytest.raises(ClientError, match="may not set PYTHONPATH"):
        composed.client("ecs").run_task(
            cluster=composed.stack.cluster,
            taskDefinition=composed.stack.task_definition,
            overrides={"containerOverrides": [override]},
        )


def reaches(network: str, host: str, port: int) -> bool:
    """Say whether a container of the writer image can connect."""
    program = (
        "import socket, sys\n"
        f"try: socket.create_connection(('{host}', {port}), 3)\n"
        "except OSError: sys.exit(9)"
    )
    words = ["docker", "run", "--rm", "--network", network, "--entrypoint=python", WRITER, "-c"]
    done = subprocess.run([*words, program], capture_output=True, text=True, timeout=60)
    assert done.returncode in (0, 9), done.stderr
    return done.returncode == 0


def test_start_to_first_request(composed: Composed, capsys: pytest.CaptureFixture[str]):
    """A writer with one CPU asks DynamoDB within seconds of its start."""
    runs = [first_request_s() for _ in range(3)]
    with capsys.disabled():
        for called, started in runs:
            print(
                f"\nfirst request {started:.2f} s after the container's start, "
                f"{called:.2f} s after `docker run` was called (1 CPU)",
                end="",
            )
    assert min(started for _, started in runs) < START_S


def first_request_s() -> tuple[float, float]:
    """Return the seconds to the first request: from the call of Docker, and from the start."""
    arrived: list[float] = []

    class Refuse(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            arrived.append(time.time())
            self.send_response(400)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    name = f"hazard-start-{uuid.uuid4().hex[:8]}"
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Refuse) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        environment = {
            "AWS_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{server.server_address[1]}",
        }
        options = [word for pair in environment.items() for word in ("--env", "=".join(pair))]
        called = time.time()
        try:
            docker(
                *("run", "--name", name, "--network=host", "--cpus=1", "--read-only"),
                *(*options, WRITER, "list"),
                check=False,
            )
            started = docker("inspect", "--format", "{{.State.StartedAt}}", name).strip()
        finally:
            docker("rm", "--force", name)
            server.shutdown()
    assert arrived
    return arrived[0] - called, arrived[0] - seconds_of(started)


def seconds_of(moment: str) -> float:
    """Return Docker's moment, which has nanoseconds, in seconds since 1970."""
    whole, _, fraction = moment.rstrip("Z").partition(".")
    since = time.mktime(time.strptime(whole, "%Y-%m-%dT%H:%M:%S")) - time.timezone
    return since + float(f"0.{fraction or 0}")
