"""Puts that DynamoDB has not taken yet: each waits out its pause, then goes into a batch again.

A put that waits holds no thread, so the requests under way are always for items that may be taken:
while one partition is throttled, the others go on at their full rate.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import count

from hazard_store.errors import TryAgain
from hazard_store.items import Put
from hazard_store.writer.retry import RetryPolicy


@dataclass(frozen=True, slots=True)
class Trial:
    """A put and how often it was tried."""

    put: Put
    tries: int = 0


@dataclass
class Waiting:
    """Trials by the time at which they may be tried again."""

    table: str
    policy: RetryPolicy
    progress_at: float  # when the table last took an item: as long as it does, we do not give up
    _heap: list[tuple[float, int, Trial]] = field(default_factory=list)
    _order: count[int] = field(default_factory=count)

    def __len__(self) -> int:
        return len(self._heap)

    def add(self, trials: Iterable[Trial], now: float, why: BaseException | str) -> None:
        """Let trials wait that were not taken.

        Raises:
            TryAgain: one of them has reached the limit of the policy.
        """
        pauses: dict[int, float] = {}  # what failed together comes back together, in one batch
        for trial in trials:
            again = Trial(trial.put, trial.tries + 1)
            idle_s = now - self.progress_at
            if self.policy.is_reached(again.tries, idle_s):
                raise TryAgain(
                    self.table,
                    f"gave up at the retry limit ({again.tries} tries of one item, {idle_s:.0f} s "
                    f"since any was taken): {why}",
                )
            pause_s = pauses.setdefault(again.tries, self.policy.pause_s(again.tries))
            ready_at = now + pause_s
            heapq.heappush(self._heap, (ready_at, next(self._order), again))

    def ready(self, now: float, at_most: int) -> list[Trial]:
        """Take out what may be tried again."""
        found: list[Trial] = []
        while self._heap and len(found) < at_most and self._heap[0][0] <= now:
            found.append(heapq.heappop(self._heap)[2])
        return found

    def next_in_s(self, now: float) -> float | None:
        """Return the seconds until one may be tried again; None where none waits."""
        return max(0.0, self._heap[0][0] - now) if self._heap else None
