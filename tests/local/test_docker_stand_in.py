"""The stand-in for the Docker SDK: containers as local processes."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import psutil
import pytest

from local.aws import DOCKER_STAND_IN
from tests.support.eventually import eventually


def lines(container) -> list[bytes]:
    return list(container.logs(stream=True, follow=True))


@pytest.fixture
def run(docker):
    """A function that runs a shell script in a container; what is left is killed."""
    containers = docker.from_env().containers

    def start(script, **options):
        return containers.run("shell:1", [script], detach=True, **options)

    yield start
    for container in containers.list(all=True):
        container.remove(force=True)


def test_exit_code_is_the_processs_own(run):
    container = run("exit 65")
    assert container.wait() == {"StatusCode": 65}
    assert eventually(lambda: container.status == "exited")
    assert container.attrs["State"]["ExitCode"] == 65


def test_process_ended_by_a_signal_has_dockers_exit_code(run):
    assert run("kill -9 $$").wait() == {"StatusCode": 137}


def test_command_that_is_not_there_fails_as_in_a_shell(docker):
    client = docker.from_env()
    client.images.entry_points["broken:1"] = ["/no/such/program"]
    container = client.containers.run("broken:1")
    assert container.wait() == {"StatusCode": 127}
    assert container.logs() == b"/no/such/program: No such file or directory\n"


def test_environment_is_what_was_given_and_nothing_of_the_parents(run, monkeypatch):
    monkeypatch.setenv("AWS_PROFILE", "someone")
    for name in ("HAZARD_STORE_LOCAL_RUN", "LD_LIBRARY_PATH"):
        monkeypatch.delenv(name, raising=False)
    seen = dict(line.split(b"=", 1) for line in lines(run("/usr/bin/env", environment={"A": "b"})))
    assert {b"A", b"HOME", b"HOSTNAME", b"LANG", b"PATH", b"PWD"} == seen.keys()
    assert seen[b"A"] == b"b"
    assert os.environ["HOME"].encode() != seen[b"HOME"]


@pytest.mark.parametrize(
    "name", ["PYTHONPATH", "LD_PRELOAD", "PATH", "B", "HAZARD_STORE_LOCAL_RUN"]
)
def test_variable_that_is_not_on_the_list_starts_nothing(docker, name):
    containers = docker.from_env().containers
    with pytest.raises(docker.errors.APIError, match=f"may not be given {name}: "):
        containers.run("shell:1", ["exit 0"], environment={"A": "b", name: "/tmp"})
    assert [] == containers.list(all=True)


def test_entry_point_is_the_images_own_whatever_is_asked(run):
    container = run("echo its own", entrypoint=["/bin/echo", "another"], volumes={"/": {}})
    assert lines(container) == [b"its own"]


def test_run_marker_is_passed_on(run, monkeypatch):
    monkeypatch.setenv("HAZARD_STORE_LOCAL_RUN", "this-run")
    assert lines(run('echo "$HAZARD_STORE_LOCAL_RUN"')) == [b"this-run"]


def test_log_comes_in_whole_lines_both_streams_in_order(run):
    container = run("printf 'one ' ; sleep 0.2; echo two; echo three >&2; printf four")
    assert lines(container) == [b"one two", b"three", b"four"]
    assert container.logs(tail=1) == b"four"


def test_log_of_a_removed_container_can_still_be_read(run):
    container = run("echo last words")
    container.wait()
    followed = container.logs(stream=True, follow=True)
    container.remove()
    assert list(followed) == [b"last words"]


def test_container_counts_as_running_until_its_log_has_been_delivered(run):
    container = run("echo report")
    followed = container.logs(stream=True, follow=True)
    assert next(followed) == b"report"
    container.wait()
    assert container.status == "running"
    assert list(followed) == []
    assert eventually(lambda: container.status == "exited")


def test_stop_asks_with_sigterm(run):
    container = run("trap 'echo asked; exit 75' TERM; while :; do sleep 0.05; done")
    time.sleep(0.3)
    container.stop(timeout=10)
    assert container.wait() == {"StatusCode": 75}
    assert container.logs() == b"asked\n"


def test_stop_kills_after_the_time_given(run):
    container = run("trap '' TERM; while :; do sleep 0.05; done")
    time.sleep(0.3)
    started = time.monotonic()
    container.stop(timeout=0.5)
    assert container.wait() == {"StatusCode": 137}
    assert 0.4 < time.monotonic() - started < 5


def test_what_a_container_leaves_behind_ends_with_it(run):
    container = run("setsid sleep 600 & echo $!")
    left = int(lines(container)[0])
    container.wait()
    assert eventually(lambda: not psutil.pid_exists(left))


def test_containers_are_found_by_id_name_and_label(docker, run):
    containers = docker.from_env().containers
    container = run("sleep 600", name="writer-1", labels={"kind": "ecs", "owner": "me"})
    other = run("sleep 600", name="writer-2", labels={"kind": "rds"})
    assert container is containers.get(container.id[:12])
    assert container is containers.get("writer-1")
    assert [container] == containers.list(filters={"label": ["kind=ecs", "owner"]})
    assert [other] == containers.list(filters={"label": "kind=rds"})
    container.kill()
    assert eventually(lambda: container not in containers.list())
    assert container in containers.list(all=True)
    container.remove()
    with pytest.raises(docker.errors.NotFound):
        containers.get(container.id)


def test_unknown_image_is_refused(docker):
    client = docker.from_env()
    with pytest.raises(docker.errors.ImageNotFound):
        client.containers.run("nonsense:1")
    with pytest.raises(docker.errors.APIError):
        client.images.pull("nonsense:1")


def test_host_itself_tells_the_loopback_address(docker):
    """MiniStack sends its tasks to the address of the container that it believes to be in."""
    networks = docker.from_env().containers.get("the-host").attrs["NetworkSettings"]["Networks"]
    assert list(networks.values()) == [{"IPAddress": "127.0.0.1"}]


PARENT = """
import docker
container = docker.from_env().containers.run("shell:1", ["setsid sleep 600 & echo $!; sleep 600"])
print(next(container.logs(stream=True, follow=True)).decode(), container._process.pid, flush=True)
container.wait()
"""


def test_containers_die_with_their_parent_even_if_it_is_killed():
    environment = {
        "PYTHONPATH": str(DOCKER_STAND_IN),
        "HAZARD_STORE_LOCAL_IMAGES": '{"shell:1": ["/bin/sh", "-c"]}',
    }
    command = [sys.executable, "-c", PARENT]
    parent = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
    children = [int(pid) for pid in parent.stdout.readline().split()]
    assert all(map(psutil.pid_exists, children))
    parent.kill()
    parent.communicate()
    assert eventually(lambda: not any(map(psutil.pid_exists, children)))
