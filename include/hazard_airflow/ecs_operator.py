"""Runs `hazard-store` in a container of the writer image: the same operator in every environment.

What the provider decides by "exit code 0 or not" is decided here by our exit codes and by the
report that every verb prints last. The provider's hook for that is private, so its version is
pinned and a test holds that it still calls us.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from airflow.providers.amazon.aws.operators.ecs import EcsRunTaskOperator
from botocore.exceptions import ClientError

from hazard_airflow.exit_codes import ContainerFailed, report_of, sentence_of
from hazard_airflow.out_of_memory import (
    OutOfMemory,
    Size,
    larger,
    next_size,
    ran_out,
    was_enlarged,
)

if TYPE_CHECKING:
    from airflow.sdk import Context

REPORT_LINES = 20  # a line on stderr may come after the report
POLL_REPORT_S = 1.0
OWNER_TAG, CALCULATION_TAG = "hazard-store:owner", "hazard-store:calculation"
TAG_LENGTH = 256
NOT_IN_A_TAG = re.compile(r"[^\w .:/=+@-]")
LATEST = 100  # DescribeTasks takes no more
MORE_MEMORY = "give it more: raise `Memory` of the stack, or of your task definition"
OF_WRITERS = ", and set HAZARD_STORE_ECS_RESIZE=false; or store with a smaller `sites_per_chunk`"
NAME_LENGTH = 200  # Airflow keeps 250 characters of an instance's name


def tag_value(text: str) -> str:
    """Return a text as the value of a tag of AWS may be."""
    return NOT_IN_A_TAG.sub("_", text)[:TAG_LENGTH]


class HazardStoreOperator(EcsRunTaskOperator):  # type: ignore[misc]
    """One verb of `hazard-store` as an ECS task; returns the verb's JSON report.

    Args:
        arguments: of `hazard-store`; one that renders to nothing is left out.
        environment: variables of the container, besides those of the task definition.
        chunk: of a mapped task: the sites, as `--sites START:STOP` names them, and their name.
        report_wait_s: how long the report may lag behind the container's end.
        spot_tries: how many first tries run on Fargate Spot; later ones do not, since Spot may have
            no room, or take the container away again.
        resize: whether the container gets the CPU and memory that its chunk names. Behind one that
            ran out of memory it gets more in any case.
        task_role: another role than that of the task definition; empty: that one.
        kwargs: as the provider's operator.
    """

    # `chunk` comes first, since others name its parts; its site codes, out of a file, are resolved
    # and not rendered.
    template_fields: Sequence[str] = (
        "chunk",
        *(field for field in EcsRunTaskOperator.template_fields if field != "overrides"),
        "arguments",
        "environment",
    )
    template_fields_renderers = {  # noqa: RUF012  (as in Airflow)
        **EcsRunTaskOperator.template_fields_renderers,
        "chunk": "json",
        "arguments": "json",
        "environment": "json",
    }

    tags: dict[str, str] | None

    def __init__(
        self,
        *,
        arguments: Sequence[str],
        environment: Mapping[str, str] | None = None,
        chunk: Mapping[str, Any] | None = None,
        report_wait_s: float = 20,
        spot_tries: int = 0,
        resize: bool = False,
        task_role: str = "",
        **kwargs: Any,
    ) -> None:
        super().__init__(overrides={}, reattach=True, number_logs_exception=REPORT_LINES, **kwargs)
        self.arguments, self.environment = list(arguments), dict(environment or {})
        self.chunk, self.report_wait_s, self.try_number = chunk, report_wait_s, 1
        self.spot_tries, self.resize, self.task_role = spot_tries, resize, task_role

    @property
    def name_of_chunk(self) -> str:
        """What the UI calls this instance."""
        return str((self.chunk or {}).get("name", ""))[:NAME_LENGTH]

    def execute(self, context: Context) -> dict[str, Any]:
        """Run the container; wait for its end here, unless deferred."""
        self.overrides = self.container_overrides()
        tags: dict[str, str] = self.tags or {}
        self.tags = {key: tag_value(tag) for key, tag in tags.items()}
        self.try_number = context["ti"].try_number
        if self.try_number <= self.spot_tries:
            self.capacity_provider_strategy = [{"capacityProvider": "FARGATE_SPOT", "weight": 1}]
        super().execute(context)
        return self.report()

    def execute_complete(
        self, context: Context, event: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """Go on when the triggerer has seen the container's end."""
        super().execute_complete(context, event)
        return self.report()

    def container_overrides(self) -> dict[str, Any]:
        """Return what this instance changes in the task definition."""
        command = [argument for argument in self.arguments if argument]
        if self.chunk is not None:
            command += ["--sites", self.chunk["sites"]]
        variables = [{"name": name, "value": str(v)} for name, v in self.environment.items()]
        overrides: dict[str, Any] = {
            "containerOverrides": [
                {"name": self.container_name, "command": command, "environment": variables}
            ]
        }
        if self.task_role:
            overrides["taskRoleArn"] = self.task_role
        if self.resize and self.chunk is not None:
            overrides |= {name: self.chunk[name] for name in ("cpu", "memory")}
        return overrides

    @property
    def asked_memory(self) -> str | None:
        """MB that the first try asks for; None: what the task definition has."""
        if not self.resize or self.chunk is None:
            return None
        return str(self.chunk["memory"])

    def _try_reattach_task(self, started_by: str) -> None:
        """Pick up the container that still runs; or follow one that ran out of memory.

        The provider asks this before it starts a container.
        """
        super()._try_reattach_task(started_by)
        if self.arn or self.try_number == 1:
            return
        before = self._last_stopped(started_by)
        size = before and next_size(before, self.container_name, self.asked_memory)
        if size:
            self.log.warning("a container before ran out of memory: this one has %s", size)
            self.overrides |= size.overrides

    def _last_stopped(self, started_by: str) -> dict[str, Any] | None:
        """Return the last task of this task instance that has stopped, as far as ECS knows."""
        try:
            arns = self.client.list_tasks(
                cluster=self.cluster, desiredStatus="STOPPED", startedBy=started_by
            )["taskArns"][:LATEST]
            if not arns:
                return None
            tasks = self.client.describe_tasks(cluster=self.cluster, tasks=arns)["tasks"]
        except ClientError as error:  # the size is a help, and no reason to run nothing
            self.log.warning("the size of the container before is not known: %s", error)
            return None
        return max(tasks, key=lambda task: task["createdAt"], default=None)

    def report(self) -> dict[str, Any]:
        """Return the report of a container that ended with 0.

        Raises:
            ContainerFailed: it has left none, so it may have been stopped half-way.
        """
        until = time.monotonic() + self.report_wait_s
        while (report := report_of(self.last_lines())) is None:
            if time.monotonic() >= until:
                raise ContainerFailed(0, f"no report: {sentence_of(self.last_lines())}")
            time.sleep(POLL_REPORT_S)
        return report

    def last_lines(self) -> list[str]:
        """Return the last lines of the container's log."""
        fetcher = self.task_log_fetcher or self._get_task_log_fetcher()
        return list(fetcher.get_last_log_messages(REPORT_LINES))

    def _check_success_task(self) -> None:
        """Raise by exit code, in place of the provider's check.

        Raises:
            ContainerFailed: our container did not end with 0.
        """
        answer = self.client.describe_tasks(cluster=self.cluster, tasks=[self.arn])
        if not answer["tasks"]:
            raise ContainerFailed(None, f"ECS no longer knows the task: {answer.get('failures')}")
        task = answer["tasks"][0]
        ours = [c for c in task.get("containers", ()) if c["name"] == self.container_name]
        exit_code = ours[0].get("exitCode") if ours else None
        if exit_code == 0:
            return
        reasons = [task.get("stoppedReason"), *(c.get("reason") for c in ours)]
        stopped = "; ".join(reason for reason in reasons if reason)
        if ran_out(task, self.container_name):
            raise self._out_of_memory(task, exit_code)
        if exit_code is None:
            raise ContainerFailed(None, f"{task.get('stopCode', '')} {stopped}".strip())
        self.log.info("ECS says: %s", stopped)
        raise ContainerFailed(exit_code, sentence_of(self.last_lines()))

    def _out_of_memory(self, task: Mapping[str, Any], exit_code: int | None) -> OutOfMemory:
        """Return the error of a container that ran out of memory, with what is to be done."""
        had, asked = Size.of(task), self.asked_memory
        then = None if not had or was_enlarged(task, asked) else larger(had, of_writers=bool(asked))
        advice = MORE_MEMORY + (OF_WRITERS if self.chunk is not None else "")
        return OutOfMemory(exit_code, sentence_of(self.last_lines()), had, then, advice)
