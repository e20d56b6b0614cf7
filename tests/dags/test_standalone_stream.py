"""Streams in a running Airflow: scheduler, workers and triggerer wait for what comes."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

from hazard_store.model import Status
from local import aws
from local.ecs_model.model import EcsModel
from local.ecs_model.of_stack import ecs_model
from local.ports import free_port
from local.stack import LocalStack
from tests.support.eventually import eventually
from tests.support.laws import assert_same
from tests.support.loading import CALCS
from tests.support.plain_curves import plain_calc
from tests.support.standalone import Standalone, running
from tests.support.streams import MadeStream

pytestmark = [pytest.mark.airflow, pytest.mark.slow]

DAG, WRITER = "stream_hazard", "write-arrived"
FILE = CALCS / "classical_rlzs_stats.hdf5"
SILENCE_S = 60
LATE_S = 20.0  # longer than a scheduler needs to hear of a deferral


@dataclass(frozen=True)
class OfStreams(LocalStack):
    """A stack that soon gives a silent machine up."""

    @property
    def ecs_environment(self) -> dict[str, str]:
        """As it is, but for that."""
        silence = {"HAZARD_STORE_STREAM_SILENCE_S": str(SILENCE_S)}
        return {**super().ecs_environment, **silence}


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Standalone, EcsModel]]:
    stack = OfStreams(
        home=tmp_path_factory.mktemp("standalone"),
        run=uuid.uuid4().hex,
        aws_port=free_port(),
        airflow_port=free_port(),
    )
    with ecs_model(stack, [str(aws.HAZARD_STORE)]) as ecs:
        stack = dataclasses.replace(stack, ecs_url=ecs.url)
        with running(stack, (DAG,)) as made:
            yield made, ecs.model


def send(airflow: Standalone, made: MadeStream) -> str:
    """Put what there is of a stream into the inbox; return the URI of its manifest."""
    top = made.folder.parents[2]
    for file in sorted(made.folder.iterdir(), key=lambda path: path.name == "manifest.json"):
        airflow.upload(file, str(file.relative_to(top)))
    return f"{airflow.stack.inbox}{made.manifest.relative_to(top)}"


def of_writers(airflow: Standalone, run_id: str, key: str) -> set[Any]:
    found = airflow.api.instances(DAG, run_id)
    return {each[key] for each in found if each["task_id"] == "write_arrived"}


def restart_triggerer(airflow: Standalone) -> None:
    """Kill the triggerer, and start another one with its secrets."""
    home = str(airflow.stack.home / "airflow")
    found = [
        process
        for process in psutil.process_iter(["cmdline"])
        if "triggerer" in (process.info["cmdline"] or ())
        and process.environ().get("AIRFLOW_HOME") == home
    ]
    pids = {process.pid for process in found}
    (first,) = [process for process in found if process.ppid() not in pids]
    environment = first.environ()
    for process in (*first.children(recursive=True), first):
        process.kill()
    command = [sys.executable, "-m", "airflow", "triggerer", "--skip-serve-logs"]
    with Path(home, "triggerer.log").open("w") as log:  # it is ended with all of this Airflow
        subprocess.Popen(command, env=environment, cwd=home, stdout=log, stderr=subprocess.STDOUT)


def test_writers_are_started_when_chunks_have_come(
    both: tuple[Standalone, EcsModel], tmp_path: Path
) -> None:
    """Though the triggerer was killed meanwhile."""
    airflow, ecs = both
    made = MadeStream(FILE, tmp_path, "LATE")
    made.put("alive.json", {})
    conf = {"calc_id": "LATE", "manifest": send(airflow, made)}
    run_id = airflow.api.trigger(DAG, conf | {"key_scheme": "calc", "sites_per_chunk": 3})
    assert eventually(lambda: of_writers(airflow, run_id, "state") == {"deferred"}, 120)
    restart_triggerer(airflow)
    made.put("alive.json", {"at": "later"})  # the new one takes the wait over within a minute
    send(airflow, made)
    time.sleep(LATE_S)
    assert {"deferred"} == of_writers(airflow, run_id, "state")
    assert [] == ecs.of_command(WRITER)
    made.give(0, 1, 2)
    made.end()
    send(airflow, made)
    assert "success" == airflow.end_of(DAG, run_id)
    assert {1} == of_writers(airflow, run_id, "try_number")
    assert 2 == len(ecs.of_command(WRITER))
    assert Status.PUBLISHED is airflow.store.head("LATE").status
    assert_same(plain_calc(FILE), airflow.store, "LATE")

    airflow.clear(DAG, run_id, "write_arrived", downstream=False)
    assert "success" == airflow.end_of(DAG, run_id)
    assert {"success"} == of_writers(airflow, run_id, "state")
    assert Status.PUBLISHED is airflow.store.head("LATE").status


def test_a_machine_that_dies_is_given_up(both: tuple[Standalone, EcsModel], tmp_path: Path) -> None:
    airflow, ecs = both
    made = MadeStream(FILE, tmp_path, "DIES")
    made.put("alive.json", {})
    conf = {"calc_id": "DIES", "manifest": send(airflow, made)}
    run_id = airflow.api.trigger(DAG, conf)
    assert "failed" == airflow.end_of(DAG, run_id)
    assert {1} == of_writers(airflow, run_id, "try_number")
    assert [] == ecs.of_command(WRITER, "DIES")
    assert Status.FAILED is airflow.store.head("DIES", working=True).status
