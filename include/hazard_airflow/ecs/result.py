"""What came of a container that has stopped, or of which nothing is known any more: its report."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from hazard_airflow.ecs.end import Judge
from hazard_airflow.ecs.watch import Seen
from hazard_airflow.ecs.worker import FromWorker
from hazard_airflow.exit_codes import ContainerFailed, report_of, sentence_of

POLL_S = 1.0
Report = dict[str, Any]


@dataclass(frozen=True)
class Result:
    """Finds the report of one container, or says how it failed.

    Attributes:
        container: as a worker sees it.
        judge: says what an end means.
        recorded: returns the report that it left with the calculation's records, if any.
    """

    container: FromWorker
    judge: Judge
    recorded: Callable[[], Report | None]

    def of(self, seen: Seen, limit_s: float, wait_s: float) -> Report:
        """Return the report of a container that ended well; raise how it ended else.

        Args:
            seen: what was seen of it last.
            limit_s: how long it may run.
            wait_s: how long the report may lag behind the end.

        Raises:
            ContainerFailed: it failed, was stopped since it ran for too long, or was lost.
        """
        if seen is Seen.OVERDUE:
            reason = f"it ran for longer than {limit_s:g} s (HAZARD_STORE_ECS_TIMEOUT_S)"
            self.container.stop(reason)
            raise ContainerFailed(None, f"stopped, since {reason}")
        answer = self.container.described()
        if answer["tasks"]:
            (task,) = answer["tasks"]
            self.container.said.to.info("ECS says: %s", self.judge.reasons(task))
            self.judge.check(task, self.container.last_lines)
            return self._awaited(wait_s)
        report = self.recorded()
        if report is None:
            text = f"ECS no longer knows the task: {answer.get('failures')}"
            raise ContainerFailed(None, text)
        return report

    def of_lost_try(self, task: Mapping[str, Any]) -> Report | None:
        """Return the report of a container whose end Airflow did not see; None: it left none.

        Raises:
            ContainerFailed: it failed.
        """
        self.judge.check(task, self.container.last_lines)
        return self._now()

    def _awaited(self, wait_s: float) -> Report:
        until = time.monotonic() + wait_s
        while (report := self._now()) is None:
            if time.monotonic() >= until:
                said = sentence_of(self.container.last_lines())
                raise ContainerFailed(0, f"no report: {said}")  # it may have been stopped half-way
            time.sleep(POLL_S)
        return report

    def _now(self) -> Report | None:
        return report_of(self.container.last_lines()) or self.recorded()
