"""The model: what ECS answers to each request that our side makes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from local.ecs_model.api import ApiError, answer_text, check_request
from local.ecs_model.faults import Faults
from local.ecs_model.tasks import Definition, Task, command_of

MISSING = "MISSING"


@dataclass
class EcsModel:
    """A cluster whose tasks are processes of this machine.

    Attributes:
        cluster: its name.
        definition: of all tasks.
        say: is given the number of a task, and lines of its log.
        start_s: how long a task takes until its process runs.
        faults: what befalls requests and tasks.
        tasks: all that there ever were, by ARN.
        requests: of each operation, in their order.
    """

    cluster: str
    definition: Definition
    say: Callable[[str, Sequence[str]], None]
    start_s: float = 0.0
    faults: Faults = field(default_factory=Faults)
    tasks: dict[str, Task] = field(default_factory=dict)
    requests: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def handle(self, operation: str, request: Mapping[str, Any], text: str) -> str:
        """Return the answer to a request, as JSON.

        Raises:
            ApiError: the answer is an error.
        """
        check_request(operation, request)
        with self._lock:
            self.requests.append((operation, request))
        refusal = self.faults.refusal_of(operation, text)
        if refusal is not None:
            if refusal.code:
                raise ApiError(refusal.code, refusal.message, refusal.status)
            return answer_text(operation, refusal.answer or {})
        if request.get("cluster", "default") != self.cluster:
            raise ApiError("ClusterNotFoundException", "Cluster not found.")
        return answer_text(operation, _ANSWERS[operation](self, request))

    def run_task(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Start a task."""
        if request["taskDefinition"].rpartition("/")[2].partition(":")[0] != self.definition.family:
            raise ApiError("ClientException", "TaskDefinition not found.")
        for each in request.get("overrides", {}).get("containerOverrides", []):
            if each.get("name") != self.definition.container:
                raise ApiError(
                    "InvalidParameterException",
                    f"Override for container named {each.get('name')} is not a container in the "
                    "TaskDefinition.",
                )
        fate = self.faults.fate_of(command_of(request))
        task = Task(self.definition, request, fate, self.start_s, self.say)
        with self._lock:
            self.tasks[task.arn] = task
        task.begin()
        return {"tasks": [task.describe(tags=True)], "failures": []}

    def describe_tasks(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Tell of tasks."""
        tags = "TAGS" in request.get("include", [])
        known = self._known(request["tasks"])
        missing = [arn for arn in request["tasks"] if arn not in {task.arn for task in known}]
        return {
            "tasks": [task.describe(tags=tags) for task in known],
            "failures": [{"arn": arn, "reason": MISSING} for arn in missing],
        }

    def list_tasks(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Name tasks: those that run, or have stopped."""
        stopped = request.get("desiredStatus", "RUNNING") == "STOPPED"
        found = [
            task.arn
            for task in self._known(list(self.tasks))
            if (task.stopped is not None) == stopped
            and request.get("startedBy") in (None, task.request.get("startedBy"))
            and request.get("family") in (None, self.definition.family)
        ]
        start = int(request.get("nextToken", 0))
        stop = start + request.get("maxResults", 100)
        more = {"nextToken": str(stop)} if stop < len(found) else {}
        return {"taskArns": found[start:stop], **more}

    def stop_task(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Stop a task."""
        known = self._known([request["task"]])
        if not known:
            raise ApiError("InvalidParameterException", "The referenced task was not found.")
        known[0].stop(request.get("reason", "Task stopped by the user"))
        return {"task": known[0].describe(tags=True)}

    def of_command(self, *words: str) -> list[Task]:
        """Return the tasks whose command holds these words, in the order of their start."""
        tasks = list(self.tasks.values())
        return [task for task in tasks if set(words) <= set(command_of(task.request))]

    def _known(self, arns: Iterable[str]) -> list[Task]:
        with self._lock:
            found = [self.tasks[arn] for arn in arns if arn in self.tasks]
        return [task for task in found if not task.forgotten]


_ANSWERS: dict[str, Callable[[EcsModel, Mapping[str, Any]], dict[str, Any]]] = {
    "RunTask": EcsModel.run_task,
    "DescribeTasks": EcsModel.describe_tasks,
    "ListTasks": EcsModel.list_tasks,
    "StopTask": EcsModel.stop_task,
}
