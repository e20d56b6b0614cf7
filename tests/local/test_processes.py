"""Nothing is left behind, and what is left is found."""

from __future__ import annotations

import os
import subprocess
import uuid

import pytest

from local.errors import Ended
from local.processes import Trees, end, leftovers
from tests.support.eventually import eventually


def commands(processes):
    return [process.cmdline() for process in processes]


def test_leftovers_are_found_wherever_they_have_gone():
    run = uuid.uuid4().hex
    environment = {"PATH": "/usr/bin:/bin", "HAZARD_STORE_LOCAL_RUN": run}
    script = "(setsid sleep 600 &) ; exit 0"
    subprocess.run(["/bin/sh", "-c", script], env=environment, check=True)
    assert eventually(lambda: commands(leftovers(run)) == [["sleep", "600"]])
    assert leftovers("another run") == []
    end(leftovers(run))
    assert leftovers(run) == []


def test_own_process_is_no_leftover(monkeypatch):
    run = uuid.uuid4().hex
    monkeypatch.setenv("HAZARD_STORE_LOCAL_RUN", run)
    assert os.getpid() not in [process.pid for process in leftovers(run)]


def test_everything_ends_with_the_context_also_after_an_error(tmp_path):
    run = uuid.uuid4().hex
    environment = {"PATH": "/usr/bin:/bin", "HAZARD_STORE_LOCAL_RUN": run}
    trees = Trees(run)

    def start_and_fail():
        with trees:
            trees.start("a", ["sleep", "600"], environment=environment, folder=tmp_path, grace_s=1)
            raise KeyError("something else")

    with pytest.raises(KeyError, match="something else"):
        start_and_fail()
    assert trees.parts[0].process.returncode is not None
    assert leftovers(run) == []


def test_log_can_be_read_by_its_owner_only(shell):
    assert shell("true").log.stat().st_mode & 0o777 == 0o600


def test_run_to_end_returns_standard_output_only(trees, tmp_path):
    script = ["/bin/sh", "-c", "echo out; echo err >&2"]
    environment = {"PATH": "/usr/bin:/bin"}
    assert trees.run_to_end("ok", script, environment=environment, folder=tmp_path) == "out\n"
    assert (tmp_path / "ok.log").read_text() == "err\n"


def test_failed_command_tells_its_last_words(trees, tmp_path):
    script = ["/bin/sh", "-c", "echo no such thing >&2; exit 66"]
    environment = {"PATH": "/usr/bin:/bin"}
    with pytest.raises(Ended, match="exit code 66") as caught:
        trees.run_to_end("bad", script, environment=environment, folder=tmp_path)
    assert caught.value.last_words == "no such thing"
