"""Runs with a real scheduler and an ECS that misbehaves: right in the end, and nothing twice."""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from hazard_store.model import Kind, Status
from local import aws
from local.ecs_model.faults import Fate, Refusal
from local.ecs_model.model import EcsModel
from local.ecs_model.of_stack import ecs_model
from local.ports import free_port
from local.stack import LocalStack
from tests.support.calc_factory import make_calc
from tests.support.laws import assert_same
from tests.support.plain_curves import plain_calc
from tests.support.standalone import Standalone, running

pytestmark = [pytest.mark.airflow, pytest.mark.slow]

DAG = "store_hazard"
TIMEOUT_S = 30
MISSING = Refusal(answer={"tasks": [], "failures": [{"reason": "MISSING"}]})
NO_ROOM = Refusal(answer={"tasks": [], "failures": [{"reason": "RESOURCE:ENI"}]})
FULL = Refusal("ClientException", "You've reached the limit on the number of vCPUs.")


@dataclass(frozen=True)
class OneMode(LocalStack):
    """A stack whose tasks wait where it is told, and try again soon."""

    deferrable: bool = True

    @property
    def ecs_environment(self) -> dict[str, str]:
        """As it is, but for that."""
        return {
            **super().ecs_environment,
            "HAZARD_STORE_ECS_DEFERRABLE": str(self.deferrable),
            "HAZARD_STORE_ECS_RETRY_DELAY_S": "1",
            "HAZARD_STORE_ECS_TIMEOUT_S": str(TIMEOUT_S),
        }


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(True, id="deferred"),
        pytest.param(False, id="in a worker", marks=pytest.mark.life),
    ],
)
def both(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Standalone, EcsModel]]:
    stack = OneMode(
        home=tmp_path_factory.mktemp("standalone"),
        run=uuid.uuid4().hex,
        aws_port=free_port(),
        airflow_port=free_port(),
        deferrable=request.param,
    )
    with ecs_model(stack, [str(aws.HAZARD_STORE)]) as ecs:
        stack = dataclasses.replace(stack, ecs_url=ecs.url)
        with running(stack, (DAG,)) as made:
            yield made, ecs.model


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return make_calc(tmp_path / "1.hdf5", n=12, r=3, seed=1, imts=["PGA"]).path


def tries_of(airflow: Standalone, run_id: str) -> dict[str, list[int]]:
    """Return the tries of all task instances that ran, by task."""
    tries: dict[str, list[int]] = {}
    for each in airflow.api.instances(DAG, run_id):
        tries.setdefault(each["task_id"], []).append(each["try_number"])
    return tries


def test_containers_that_end_at_once_cost_no_try_and_are_not_run_twice(
    both: tuple[Standalone, EcsModel], file: Path
) -> None:
    """Six chunks: a deferred task whose container has ended is not taken for one that died."""
    airflow, ecs = both
    conf = {"calc_id": "QUICK", "calc_file": airflow.upload(file, "quick.hdf5")}
    run_id = airflow.api.trigger(DAG, conf | {"key_scheme": "calc", "sites_per_chunk": 2})
    assert "success" == airflow.end_of(DAG, run_id)
    tries = tries_of(airflow, run_id)
    assert {1} == {number for of_task in tries.values() for number in of_task if number}
    assert 1 + 3 * 6 == len(ecs.of_command("QUICK"))
    assert_same(plain_calc(file), airflow.store, "QUICK")


def test_what_befalls_containers_ends_published_and_what_is_final_ends_at_once(
    both: tuple[Standalone, EcsModel], file: Path, tmp_path: Path
) -> None:
    airflow, ecs = both
    airflow_fates = {
        "SPOT": Fate.SPOT,
        "MEMORY": Fate.MEMORY,
        "NO-START": Fate.NO_START,
        "ENDLESS": Fate.ENDLESS,
        "SILENT": Fate.SILENT,
    }
    uri = airflow.upload(file, "fates.hdf5")
    for calc_id, fate in airflow_fates.items():
        ecs.faults.befall(fate, "write", "stats", calc_id)
    for refusal in (NO_ROOM, FULL):
        ecs.faults.refuse("RunTask", refusal, "write", "FULL")
    ecs.faults.refuse("DescribeTasks", MISSING, times=3)
    bad = tmp_path / "bad.hdf5"
    bad.write_bytes(b"this is no calculation")
    runs = {
        calc_id: airflow.api.trigger(DAG, {"calc_id": calc_id, "calc_file": uri})
        for calc_id in (*airflow_fates, "FULL")
    }
    runs["BAD"] = airflow.api.trigger(
        DAG, {"calc_id": "BAD", "calc_file": airflow.upload(bad, "bad.hdf5")}
    )
    states = {calc_id: airflow.end_of(DAG, run_id) for calc_id, run_id in runs.items()}
    assert {"BAD"} == {calc_id for calc_id, state in states.items() if state == "failed"}
    tried_again = {"SPOT", "MEMORY", "NO-START", "ENDLESS"}
    for calc_id, run_id in runs.items():
        tries = tries_of(airflow, run_id)
        if calc_id == "BAD":
            assert [1] == tries["inspect"]
            continue
        assert Status.PUBLISHED is airflow.store.head(calc_id).status
        assert [2 if calc_id in tried_again else 1] == tries["write_stats"], calc_id
        assert [1] == tries["write_realisations"] == tries["inspect"] == tries["audit"], calc_id
        written = ecs.of_command("write", calc_id, str(Kind.STATS))
        assert (2 if calc_id in tried_again else 1) == len(written), calc_id
    (endless, _) = ecs.of_command("write", "ENDLESS", str(Kind.STATS))
    assert "HAZARD_STORE_ECS_TIMEOUT_S" in endless.stopped_reason
    assert ecs.faults.left() == []


def test_a_worker_that_dies_costs_a_try_and_no_container(
    both: tuple[Standalone, EcsModel], file: Path
) -> None:
    """Cleared while its container runs, a task picks that container up again."""
    airflow, ecs = both
    calc_id = "PICKED"
    ecs.faults.befall(Fate.ENDLESS, "inspect", calc_id)
    conf = {"calc_id": calc_id, "calc_file": airflow.upload(file, "picked.hdf5")}
    run_id = airflow.api.trigger(DAG, conf)
    container = started(ecs, calc_id)
    airflow.clear(DAG, run_id, "inspect")
    assert "success" == airflow.end_of(DAG, run_id)
    assert 2 == len(ecs.of_command("inspect", calc_id))
    assert container is ecs.of_command("inspect", calc_id)[0]


def started(ecs: EcsModel, calc_id: str) -> Any:
    """Wait for the container that inspects a file; return it."""
    from local import waiting

    def found() -> Any:
        tasks = ecs.of_command("inspect", calc_id)
        return tasks[0] if tasks and tasks[0].started else None

    return waiting.until(found, "the container", timeout_s=60)
