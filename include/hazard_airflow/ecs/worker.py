"""The worker's side: a task that is not deferred watches its container here, and reads its log."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from hazard_airflow.ecs.container_log import ContainerLog, is_not_there_yet
from hazard_airflow.ecs.watch import Seen, Watch
from hazard_airflow.exit_codes import REPORT_LINES
from hazard_store.shown import one_line


@dataclass(frozen=True)
class FromWorker:
    """A container, as a worker sees it.

    Attributes:
        ecs: client.
        logs: client of CloudWatch Logs.
        cluster: where it runs.
        arn: its task.
        said: its log.
    """

    ecs: Any
    logs: Any
    cluster: str
    arn: str
    said: ContainerLog

    def described(self) -> Any:
        """Return what DescribeTasks answers."""
        return self.ecs.describe_tasks(cluster=self.cluster, tasks=[self.arn])

    def stop(self, reason: str) -> None:
        """Have it stopped."""
        self.ecs.stop_task(cluster=self.cluster, task=self.arn, reason=reason)

    def watch(self, limit_s: float, poll_s: float) -> Seen:
        """Watch it until there is something to do about it, and tell on what it says.

        Args:
            limit_s: how long it may run.
            poll_s: between two looks.
        """
        watch = Watch(time.time(), limit_s)
        while True:
            try:
                seen = watch.answered(self.described(), time.time())
            except (BotoCoreError, ClientError) as error:
                seen = watch.failed(error, time.time())
            self._tell()
            if seen is not Seen.RUNNING:
                return seen
            time.sleep(poll_s)

    def last_lines(self) -> list[str]:
        """Return the last lines of its log; none where it has not said anything."""
        try:
            events = self.logs.get_log_events(**self.said.last(REPORT_LINES))["events"]
        except ClientError as error:
            if not is_not_there_yet(error):
                raise
            return []
        return [event["message"] for event in events]

    def _tell(self) -> None:
        try:
            while self.said.tell(self.logs.get_log_events(**self.said.request)):
                pass
        except (BotoCoreError, ClientError) as error:
            if not is_not_there_yet(error):
                text = one_line(str(error))
                self.said.to.warning("the container's log cannot be read: %s", text)
