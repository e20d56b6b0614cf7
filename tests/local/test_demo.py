"""The demo: refuses busy ports, ends well when interrupted, shows what is there."""

from __future__ import annotations

import os
import shlex
import signal
import socket
import subprocess
import sys
import time

import psutil
import pytest

from hazard_store.cli.main import cli as store_cli
from local import aws, ports, up_down
from local.cli import SAMPLE
from local.demo import commands
from local.results import spread, stage_seconds
from local.stack import REPOSITORY, LocalStack


@pytest.fixture
def environment(tmp_path):
    """Free ports and a state of its own."""
    return {
        **os.environ,
        "HAZARD_STORE_LOCAL_STATE": str(tmp_path / "state"),
        "HAZARD_STORE_LOCAL_AIRFLOW_PORT": str(ports.free_port()),
        "HAZARD_STORE_LOCAL_AWS_PORT": str(ports.free_port()),
    }


def start(environment, *arguments: str) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-m", "local", *arguments],
        env=environment,
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def processes_naming(text: str) -> list[psutil.Process]:
    """Return the processes whose environment holds this text."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.pid != os.getpid() and any(text in v for v in process.environ().values()):
                found.append(process)
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return found


@pytest.mark.parametrize("command", ["demo", "up"])
def test_busy_port_is_one_message_before_anything_starts(environment, command, tmp_path):
    with socket.socket() as server:
        server.bind(("127.0.0.1", int(environment["HAZARD_STORE_LOCAL_AIRFLOW_PORT"])))
        server.listen()
        program = start(environment, command)
        output, error = program.communicate(timeout=60)
    assert program.returncode == 1
    assert output == ""
    assert "HAZARD_STORE_LOCAL_AIRFLOW_PORT=" in error
    assert "Traceback" not in error
    assert not (tmp_path / "state" / command).exists()


@pytest.mark.parametrize(
    ("number", "delay_s"), [(signal.SIGINT, 0.0), (signal.SIGTERM, 1.0), (signal.SIGINT, 5.0)]
)
def test_interrupted_demo_leaves_nothing(environment, number, delay_s, tmp_path):
    program = start(environment, "demo")
    assert program.stdout.readline().startswith("Starting the embedded AWS")
    time.sleep(delay_s)
    program.send_signal(number)
    _, error = program.communicate(timeout=60)
    assert program.returncode == 130
    assert error == "Interrupted; everything is stopped.\n"
    assert processes_naming(str(tmp_path / "state")) == []
    assert not ports.is_busy(int(environment["HAZARD_STORE_LOCAL_AWS_PORT"]))


@pytest.mark.slow
@pytest.mark.airflow
def test_demo_publishes_the_sample_twice_and_leaves_nothing(environment, tmp_path):
    """The second run starts from nothing again, or it would refuse a calculation stored before."""
    for _ in range(2):
        program = start(environment, "demo")
        output, error = program.communicate(timeout=600)
        assert program.returncode == 0, output + error
        assert "DEMO.1 is published" in output
        assert "0 missing, 0 extra, 0 altered" in output
        plot = tmp_path / "state" / "demo" / "hazard_curves.png"
        assert plot.read_bytes().startswith(b"\x89PNG")
        assert processes_naming(str(tmp_path / "state")) == []


@pytest.mark.slow
@pytest.mark.airflow
def test_what_up_has_stored_is_there_after_down_and_up(environment, tmp_path):
    stack = LocalStack(
        home=tmp_path / "state" / "up",
        run="none",
        aws_port=int(environment["HAZARD_STORE_LOCAL_AWS_PORT"]),
    )

    def call(*arguments: str) -> str:
        program = start(environment, *arguments)
        output, error = program.communicate(timeout=600)
        assert program.returncode == 0, output + error
        return output

    try:
        printed = call("up")
        assert "log in as" in printed
        lines = [line for line in printed.splitlines() if line.startswith(("  export", "  hazard"))]
        by_hand = [*lines, *commands(SAMPLE, "[-44.671~167.926]")[:-1]]
        done = subprocess.run(
            ["bash", "-ec", "\n".join(by_hand)], cwd=REPOSITORY, capture_output=True, text=True
        )
        assert 0 == done.returncode, done.stderr
        assert "CALC13" in done.stdout
        assert "already" in call("up")
        exports = [line for line in lines if line.startswith("  export")]
        assert set(exports) <= set(call("status").splitlines())
        aws.client(stack, "s3").put_object(Bucket=stack.inbox_bucket, Key="mine", Body=b"kept")
        call("down")
        assert processes_naming(str(stack.home)) == []
        assert set(lines) <= set(call("up").splitlines())  # the exports still hold
        kept = aws.client(stack, "s3").get_object(Bucket=stack.inbox_bucket, Key="mine")
        assert kept["Body"].read() == b"kept"
    finally:
        call("down")
    assert processes_naming(str(stack.home)) == []


def test_second_demo_on_the_same_state_is_refused(environment):
    first = start(environment, "demo")
    first.stdout.readline()
    second = start({**environment, "HAZARD_STORE_LOCAL_AWS_PORT": str(ports.free_port())}, "demo")
    assert "Another `make demo`" in second.communicate(timeout=60)[1]
    assert second.returncode == 1
    first.terminate()
    first.communicate(timeout=60)


def test_status_and_down_say_that_nothing_is_up(environment):
    status = start(environment, "status")
    assert status.communicate(timeout=60)[0].startswith("Nothing is up")
    assert status.returncode == 1
    down = start(environment, "down")
    assert down.communicate(timeout=60)[0].startswith("Nothing is up")
    assert down.returncode == 0


def test_commands_that_are_printed_can_be_copied(tmp_path):
    """Each is one line that a shell takes as it stands."""
    for line in commands(SAMPLE, "[-44.671~167.926]"):
        name, verb, *words = shlex.split(line)
        assert "hazard-store" == name
        store_cli.commands[verb].make_context(verb, words)
    stack = LocalStack(home=tmp_path, run="none", aws_port=1234)
    script = "\n".join([*up_down.exports(stack), "command -v hazard-store", "env"])
    done = subprocess.run(["bash", "-ec", script], env={}, capture_output=True, text=True)
    assert 0 == done.returncode, done.stderr
    path, *variables = done.stdout.splitlines()
    assert str(aws.HAZARD_STORE) == path
    assert {"AWS_ENDPOINT_URL=http://127.0.0.1:1234", "HAZARD_STORE_STAGE=LOCAL"} <= set(variables)
    assert f"AWS_SECRET_ACCESS_KEY={stack.keys.secret_key}" in variables


def test_spread_goes_from_the_lowest_hazard_to_the_highest():
    curves = [{"loc": str(i), "poes": [float(i)]} for i in (3, 1, 5, 2, 4)]
    assert [curve["loc"] for curve in spread(curves, 3)] == ["1", "3", "5"]
    assert [curve["loc"] for curve in spread(curves[:2], 3)] == ["1", "3"]
    assert spread([], 3) == []


def test_stage_lasts_from_its_first_start_to_its_last_end():
    def instance(task, start, end):
        return {"task_id": task, "start_date": start, "end_date": end}

    seconds = stage_seconds(
        [
            instance("write", "2026-01-01T00:00:11Z", "2026-01-01T00:00:14Z"),
            instance("write", "2026-01-01T00:00:10Z", "2026-01-01T00:00:12Z"),
            instance("plan", "2026-01-01T00:00:00Z", "2026-01-01T00:00:01Z"),
            instance("publish", None, None),
        ]
    )
    assert list(seconds.items()) == [("plan", 1.0), ("write", 4.0)]
