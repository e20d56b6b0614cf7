"""An ECS and a log in this process, and operators that ask these."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

ARN = "arn:aws:ecs:us-east-1:0:task/hazard/abc"
PLACE: dict[str, Any] = {  # where an operator's container runs and logs
    "cluster": "hazard",
    "task_definition": "hazard-writer",
    "container_name": "writer",
    "awslogs_group": "g",
    "awslogs_stream_prefix": "p",
    "do_xcom_push": False,
}


class Ecs:
    """An ECS whose only task ends as it is told."""

    def __init__(self, **container: Any) -> None:
        self.container = {"name": "writer", "lastStatus": "STOPPED", **container}
        self.requests: list[dict[str, Any]] = []
        self.running: list[str] = []
        self.of_task: dict[str, Any] = {}
        self.stopped: list[dict[str, Any]] = []

    def list_tasks(self, desiredStatus: str, **_: Any) -> dict[str, Any]:  # noqa: N803
        """Return what runs already, or what has stopped."""
        stopped = [task["taskArn"] for task in self.stopped]
        return {"taskArns": self.running if desiredStatus == "RUNNING" else stopped}

    def run_task(self, **request: Any) -> dict[str, Any]:
        """Start the task."""
        self.requests.append(request)
        return {"failures": [], "tasks": [{"taskArn": ARN}]}

    def describe_tasks(self, tasks: list[str], **_: Any) -> dict[str, Any]:
        """Tell how it ended."""
        if tasks != [ARN]:
            return {"failures": [], "tasks": self.stopped}
        other = {"name": "sidecar", "lastStatus": "STOPPED", "exitCode": 0}
        task = {"taskArn": ARN, "containers": [other, self.container], "stoppedReason": "done"}
        task["lastStatus"] = "STOPPED"
        task |= self.of_task
        return {"failures": [], "tasks": [task]}


class Logs:
    """A log whose lines are all there after so many looks at its end."""

    def __init__(self, lines: list[str], looks: int) -> None:
        self.lines, self.looks = lines, looks

    def get_log_events(self, startFromHead: bool, **request: Any) -> dict[str, Any]:  # noqa: N803
        """Return all lines, or the last ones."""
        events = [{"message": line} for line in self.lines]
        if startFromHead:
            return {"events": events if "nextToken" not in request else [], "nextForwardToken": "t"}
        self.looks -= 1
        return {"events": events[-request["limit"] :] if self.looks < 0 else []}


class OfFakes:
    """What an operator asks that has an ECS and a log of ours.

    They are set when it is made: Airflow wants each operator's own way of being made.
    """

    ecs: Ecs
    of_cloudwatch: Logs

    @property
    def client(self) -> Any:
        """Return our ECS."""
        return self.ecs

    @property
    def logs(self) -> Any:
        """Return our log."""
        return self.of_cloudwatch


def context(try_number: int = 1) -> Any:
    """Return what Airflow gives a task, as far as the operator looks."""
    ti = SimpleNamespace(
        dag_id="d", task_id="t", run_id="manual__1~2", map_index=0, try_number=try_number
    )
    ti.max_tries, ti.pushed = 4, {}
    ti.xcom_push = lambda key, value: ti.pushed.update({key: value})
    return {"ti": ti, "run_id": ti.run_id}
