"""What became of the containers that the earlier tries of a task instance started.

A try can be lost to Airflow itself: its worker dies, or the scheduler takes a deferred task for one
that died. What its container did is not lost, and is not done again: ECS describes a container for
at least an hour after its end.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from airflow.providers.amazon.aws.utils.identifiers import generate_uuid

TRY_TAG = "hazard-store:try"  # of Airflow, which started the container
LATEST = 100  # DescribeTasks takes no more


def started_by(ti: Any) -> str:
    """Return the name that all containers of a task instance are started under, as the provider."""
    names = (ti.dag_id, ti.task_id, ti.run_id, ti.map_index)
    return str(generate_uuid(*map(str, names)))


def first_try(ti: Any, retries: int) -> int:
    """Return the first try since the task instance was made, or cleared by somebody.

    Whoever clears it wants its work done again: what a container before that did does not count.

    Args:
        ti: the task instance.
        retries: of its task.
    """
    return max(1, int(ti.max_tries) - retries + 1)


@dataclass(frozen=True)
class Earlier:
    """The last container of a task instance that has stopped.

    Attributes:
        task: as DescribeTasks tells it.
    """

    task: Mapping[str, Any]

    @property
    def arn(self) -> str:
        """Its name."""
        return str(self.task["taskArn"])

    def counts_since(self, first: int) -> bool:
        """Tell whether it was started by a try that is not before this one."""
        tags = {tag["key"]: tag["value"] for tag in self.task.get("tags") or ()}
        number = tags.get(TRY_TAG, "")
        return number.isdecimal() and int(number) >= first


def last_stopped(ecs: Any, cluster: str, of: str) -> Earlier | None:
    """Return the last container of a task instance that has stopped, as far as ECS knows.

    Args:
        ecs: client.
        cluster: where it ran.
        of: as `started_by` returns it.
    """
    arns = ecs.list_tasks(cluster=cluster, desiredStatus="STOPPED", startedBy=of)["taskArns"]
    if not arns:
        return None
    answer = ecs.describe_tasks(cluster=cluster, tasks=arns[:LATEST], include=["TAGS"])
    stopped = [task for task in answer["tasks"] if task.get("lastStatus", "STOPPED") == "STOPPED"]
    last = max(stopped, key=lambda task: task["createdAt"], default=None)
    return None if last is None else Earlier(last)
