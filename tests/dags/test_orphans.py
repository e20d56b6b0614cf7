"""Containers that nobody waits for any more are stopped, and only those."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from hazard_airflow.ecs import orphans
from hazard_store.model import Status
from hazard_store.store import Store
from local import aws
from tests.support.loading import FILE, given_up

pytestmark = pytest.mark.airflow

Start = Callable[[str, str], str]


@pytest.fixture
def start(stack: Any, environment: dict[str, str], faults: Any) -> Iterator[Start]:
    """Start a container of a calculation and a run that would take for ever."""
    ecs = aws.client(stack, "ecs")
    started = []

    def started_for(calc_id: str, owner: str) -> str:
        faults.add("list", run="import time; time.sleep(600)")
        answer = ecs.run_task(
            cluster=stack.cluster,
            taskDefinition=stack.task_definition,
            overrides={"containerOverrides": [{"name": stack.container, "command": ["list"]}]},
            tags=[
                {"key": "hazard-store:owner", "value": owner},
                {"key": "hazard-store:calculation", "value": calc_id},
            ],
        )
        (task,) = answer["tasks"]
        started.append(task["taskArn"])
        return str(task["taskArn"])

    yield started_for
    for arn in started:
        ecs.stop_task(cluster=stack.cluster, task=arn)
    faults.left()


def is_running(stack: Any, arn: str) -> bool:
    ecs = aws.client(stack, "ecs")
    return arn in ecs.list_tasks(cluster=stack.cluster, desiredStatus="RUNNING")["taskArns"]


def test_what_a_run_left_is_stopped_and_nothing_else(stack: Any, start: Start) -> None:
    mine, of_another = start("A", "store_hazard/1"), start("A", "store_hazard/2")
    of_another_calculation = start("B", "store_hazard/1")
    assert [mine] == orphans.stop_of_run("A", "store_hazard/1")
    assert not is_running(stack, mine)
    assert is_running(stack, of_another)
    assert is_running(stack, of_another_calculation)
    assert [] == orphans.stop_of_run("A", "store_hazard/1")


@pytest.mark.slow
def test_a_resume_stops_the_containers_of_the_run_that_it_takes_over(
    stack: Any, start: Start, run: Callable, upload: Callable, store: Store
) -> None:
    """They could write no more, but they would cost money."""
    conf = {"calc_id": "TAKEN", "calc_file": upload(FILE)}
    old = start("TAKEN", given_up(store, conf["calc_file"], "TAKEN").owner)
    of_another = start("OTHER", "store_hazard/1")
    assert run(**conf, if_stored="resume").state == "success"
    assert Status.PUBLISHED is store.head("TAKEN").status
    assert not is_running(stack, old)
    assert is_running(stack, of_another)
