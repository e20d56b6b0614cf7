"""The triggerer's side: many containers are watched by one process, and none takes a worker's slot.

A container that ended well ends its task here, with its report, and no worker is asked again. Where
more is to be said or done, the task goes on in a worker.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass
from typing import Any

from airflow.providers.amazon.aws.hooks.ecs import EcsHook
from airflow.providers.amazon.aws.hooks.logs import AwsLogsHook
from airflow.triggers.base import BaseTrigger, TaskSuccessEvent, TriggerEvent
from botocore.exceptions import BotoCoreError, ClientError

from hazard_airflow.ecs.container_log import ContainerLog, is_not_there_yet
from hazard_airflow.ecs.temporary import is_temporary
from hazard_airflow.ecs.watch import Seen, Watch
from hazard_airflow.exit_codes import REPORT_LINES, exit_code_of, report_of
from hazard_store.shown import one_line

RETURN_VALUE = "return_value"  # key of what a task returns
WAITS_FOR = "waits_for"  # of a report: its task has more to do
# A task that goes on sooner meets a scheduler that has not yet heard of its deferral: that takes
# the end of the worker's process for the end of the task, and fails the try.
SETTLE_S = 10.0


@dataclass(frozen=True)
class Watched:
    """A container, and all that the triggerer needs to know of it.

    Attributes:
        cluster: where it runs.
        task_arn: its task.
        container: which of its containers is ours.
        began: when it was begun: seconds since the epoch.
        deferred: when its task was.
        limit_s: how long it may run.
        poll_s: between two looks.
        report_wait_s: how long its report may be late in the log.
        region: of AWS.
        connection: of Airflow.
        log_group: where it logs.
        log_stream: likewise.
    """

    cluster: str
    task_arn: str
    container: str
    began: float
    deferred: float
    limit_s: float
    poll_s: float
    report_wait_s: float
    region: str | None
    connection: str | None
    log_group: str
    log_stream: str


class ContainerTrigger(BaseTrigger):  # type: ignore[misc]
    """Waits for the end of a container.

    Args:
        watched: as `Watched` has it.
    """

    def __init__(self, **watched: Any) -> None:
        super().__init__()
        self.watched = Watched(**watched)

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return what another triggerer needs to go on."""
        return f"{type(self).__module__}.{type(self).__qualname__}", asdict(self.watched)

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Watch it; then end the task, or wake it with what was seen."""
        of = self.watched
        about = {"aws_conn_id": of.connection, "region_name": of.region}
        async with (
            await EcsHook(**about).get_async_conn() as ecs,
            await AwsLogsHook(**about).get_async_conn() as logs,
        ):
            said = ContainerLog(of.log_group, of.log_stream, self.log)
            event: dict[str, Any] = {"cluster": of.cluster, "task_arn": of.task_arn}
            try:
                watch = Watch(of.began, of.limit_s)
                event["status"] = str(await self._seen(watch, ecs, logs, said))
                if event["status"] == Seen.STOPPED and exit_code_of(watch.task, of.container) == 0:
                    report = await self._report(logs, said)
                    if report is not None and report.get(WAITS_FOR) is None:
                        yield TaskSuccessEvent(xcoms={RETURN_VALUE: report})
                        return
            except (BotoCoreError, ClientError) as error:
                event |= {"status": "refused", "sentence": one_line(str(error))}
        await asyncio.sleep(max(0.0, of.deferred + SETTLE_S - time.time()))
        yield TriggerEvent(event)

    async def _seen(self, watch: Watch, ecs: Any, logs: Any, said: ContainerLog) -> Seen:
        of = self.watched
        while True:
            try:
                answer = await ecs.describe_tasks(cluster=of.cluster, tasks=[of.task_arn])
                seen = watch.answered(answer, time.time())
            except (BotoCoreError, ClientError) as error:
                seen = watch.failed(error, time.time())
            await _tell(logs, said)
            if seen is not Seen.RUNNING:
                return seen
            await asyncio.sleep(of.poll_s)

    async def _report(self, logs: Any, said: ContainerLog) -> dict[str, Any] | None:
        """Return the report of a container that ended well; None where a worker has to look."""
        of = self.watched
        until = time.monotonic() + of.report_wait_s
        while True:
            try:
                events = (await logs.get_log_events(**said.last(REPORT_LINES)))["events"]
                report = report_of([event["message"] for event in events])
            except (BotoCoreError, ClientError) as error:
                if not is_temporary(error) and not is_not_there_yet(error):
                    raise
                report = None
            if report is not None or time.monotonic() >= until:
                return report
            await asyncio.sleep(min(1.0, of.poll_s))


class PauseTrigger(BaseTrigger):  # type: ignore[misc]
    """Wakes a task at a moment, with what it has to remember.

    Args:
        until: seconds since the epoch.
        remembered: handed back in the event.
    """

    def __init__(self, until: float, remembered: dict[str, Any]) -> None:
        super().__init__()
        self.until, self.remembered = until, remembered

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return what another triggerer needs to go on."""
        name = f"{type(self).__module__}.{type(self).__qualname__}"
        return name, {"until": self.until, "remembered": self.remembered}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Wait, then wake the task."""
        await asyncio.sleep(max(0.0, self.until - time.time()))
        yield TriggerEvent(self.remembered)


async def _tell(logs: Any, said: ContainerLog) -> None:
    """Tell on what the container has said since the last look, as far as that can be read."""
    try:
        while said.tell(await logs.get_log_events(**said.request)):
            pass
    except (BotoCoreError, ClientError) as error:
        if not is_not_there_yet(error):
            said.to.warning("the container's log cannot be read: %s", one_line(str(error)))
