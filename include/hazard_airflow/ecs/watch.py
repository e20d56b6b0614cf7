"""What one look at a container says, for a worker and for the triggerer alike.

DescribeTasks may not know a task yet that RunTask has just started, and may be throttled: neither
says anything of the container. One that runs for too long has to be stopped by whoever looks, since
Airflow watches no time-out while a task is deferred.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from hazard_airflow.ecs.temporary import is_temporary
from hazard_store.shown import one_line

log = logging.getLogger(__name__)

MISSING_S = 60.0  # ECS may be late to know a task; later than that it has forgotten it
STOPPED_STATUS = "STOPPED"


class Seen(StrEnum):
    """What a look says."""

    RUNNING = "running"  # or about to
    STOPPED = "stopped"
    OVERDUE = "overdue"  # it runs for longer than it may
    LOST = "lost"  # ECS does not know it


@dataclass
class Watch:
    """The looks at one container, one after the other.

    Attributes:
        began: when it was begun, as far as is known: seconds since the epoch.
        limit_s: how long it may run, from the moment that ECS names as its creation.
        missing_since: when ECS ceased to know it; None: it knows it.
        task: as the last answer told it.
    """

    began: float
    limit_s: float
    missing_since: float | None = None
    task: Mapping[str, Any] = field(default_factory=dict)

    def answered(self, answer: Mapping[str, Any], now: float) -> Seen:
        """Return what an answer of DescribeTasks says of the one task that was asked for."""
        if not answer.get("tasks"):
            return self._missing(answer, now)
        self.missing_since = None
        (self.task,) = answer["tasks"]
        if self.task.get("lastStatus") == STOPPED_STATUS:
            return Seen.STOPPED
        if created := self.task.get("createdAt"):
            self.began = created.timestamp()
        return self._running(now)

    def failed(self, error: Exception, now: float) -> Seen:
        """Return what a look without an answer says, where the next one may have one.

        Raises:
            Exception: the error itself, where looking again would not help.
        """
        if not is_temporary(error):
            raise error
        log.warning("ECS was not asked how the container is doing: %s", one_line(str(error)))
        return self._running(now)

    def _running(self, now: float) -> Seen:
        return Seen.OVERDUE if now > self.began + self.limit_s else Seen.RUNNING

    def _missing(self, answer: Mapping[str, Any], now: float) -> Seen:
        if self.missing_since is None:
            self.missing_since = now
            log.info("ECS does not know the task at present: %s", answer.get("failures"))
        return Seen.LOST if now > self.missing_since + MISSING_S else Seen.RUNNING
