"""Airflow as production runs it, on this machine: tasks wait in the triggerer, ECS is a model."""

from __future__ import annotations

import dataclasses
import sys
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import field
from pathlib import Path

from local import airflow, aws
from local.airflow_api import AirflowApi
from local.ecs_model.model import EcsModel
from local.ecs_model.of_stack import ecs_model
from local.ecs_model.tasks import Task, command_of
from local.ports import free_port
from local.processes import Trees
from local.stack import LocalStack
from local.start import STORE_DAG

WRITERS = 64
IN_A_ROW = 3  # containers: inspect, write, audit
# Of the package that PYTHONPATH names, which may be an older one.
ENTRY_POINT = (sys.executable, "-c", "from hazard_store.cli.main import main; main()")


@dataclasses.dataclass(frozen=True)
class Production(LocalStack):
    """A stack whose tasks wait in the triggerer, for as many containers as production runs."""

    settings: Mapping[str, str] = field(default_factory=dict)  # of the DAGs, besides

    @property
    def ecs_environment(self) -> dict[str, str]:
        """As it is, but for that."""
        more = {"HAZARD_STORE_ECS_DEFERRABLE": "true", "HAZARD_STORE_ECS_RETRY_DELAY_S": "1"}
        return {
            **super().ecs_environment,
            **more,
            "HAZARD_STORE_WRITERS": str(WRITERS),
            **self.settings,
        }


def stack_of(folder: Path, checkout: Path, settings: Mapping[str, str] | None = None) -> Production:
    """Return a stack with the DAGs and the package of a checkout, that is not up yet.

    Args:
        folder: where it keeps its state.
        checkout: of this project.
        settings: variables of the DAGs.
    """
    return Production(
        home=folder / "stack",
        run=uuid.uuid4().hex,
        aws_port=free_port(),
        airflow_port=free_port(),
        dags=checkout / "dags",
        plugins=checkout / "plugins",
        python_path=str(checkout / "include"),
        settings=settings or {},
    )


@contextmanager
def running(
    stack: LocalStack, of_containers: Mapping[str, str] | None = None
) -> Iterator[tuple[AirflowApi, EcsModel]]:
    """Run a stack.

    Args:
        stack: as `stack_of` returns it.
        of_containers: variables of the containers, besides those that they need.
    """
    stack.home.mkdir(parents=True)
    more = {"PYTHONPATH": stack.python_path, **(of_containers or {})}
    with ecs_model(stack, ENTRY_POINT, environment=more) as served:
        stack = dataclasses.replace(stack, ecs_url=served.url)
        with Trees(stack.run) as trees:
            aws.start(stack, trees)
            tree = airflow.start(stack, trees)
            aws.setup(stack)
            airflow.wait_ready(stack, tree)
            api = AirflowApi(stack, tree)
            api.make_pool(stack.pool, WRITERS)
            api.enable(STORE_DAG)
            yield api, served.model


def longest(tasks: Sequence[Task], verb: str) -> float:
    """Return the seconds that the slowest container of a verb ran, its start apart."""
    return max(
        (task.stopped - task.started).total_seconds()
        for task in tasks
        if verb in command_of(task.request) and task.stopped and task.started
    )
