"""Writes that are not acknowledged, in one lane for each hash key: how many may be under way.

All items of a hash key lie on one partition (or on few, where it was split), and a partition that
is throttled refuses them together. So each key has a window, as a TCP connection has one: it opens
with what is taken, and is halved, after a pause, by what is refused. A hot key is then tried with
few writes instead of all that wait, the others go on at their full rate, no write that waits holds
a thread, and writers that share a partition come to share it fairly.
"""

from __future__ import annotations

import heapq
import math
from collections import deque
from dataclasses import dataclass, field
from itertools import count

from hazard_store.aws.retry import RetryPolicy
from hazard_store.errors import TryAgain
from hazard_store.items import WriteRequest

FIRST_WINDOW = 25.0  # writes: what one request carries
TICK_S = 0.025  # lanes that pause are opened together, so that requests are not tiny


@dataclass(frozen=True, slots=True)
class Pending:
    """A write that is not acknowledged, and how often it was tried."""

    write: WriteRequest
    tries: int = 0


@dataclass(slots=True)
class Lane:
    """The writes of one hash key that are not acknowledged."""

    queue: deque[Pending] = field(default_factory=deque)
    under_way: int = 0
    window: float = FIRST_WINDOW
    opening: bool = True  # nothing was refused yet: the window doubles with each round
    refusals: int = 0  # one after the other
    pausing: bool = False

    @property
    def is_open(self) -> bool:
        """Whether a write may be sent now."""
        return bool(self.queue) and not self.pausing and self.under_way < self.window

    def taken(self, n: int) -> None:
        """Widen the window for n acknowledged writes."""
        self.refusals = 0
        self.window += n if self.opening else n / self.window

    def narrow(self) -> None:
        """Halve the window; once for all that was refused before the pause is over."""
        self.opening = False
        self.window = max(1.0, self.window / 2)


class Lanes:
    """All writes that were made and are not acknowledged.

    Attributes:
        size: bytes of writes that are not under way.
    """

    def __init__(self, table: str, policy: RetryPolicy) -> None:
        self._table, self._policy = table, policy
        # The first fault since an item was taken: while the table takes items, we do not give up.
        self._no_progress_since: float | None = None
        self._lanes: dict[str, Lane] = {}
        self._open: deque[Lane] = deque()  # they take turns
        self._pauses: list[tuple[float, int, Lane]] = []
        self._order = count()
        self.size = 0

    def __bool__(self) -> bool:
        """Tell whether anything is not acknowledged."""
        return bool(self._lanes)

    def add(self, write: WriteRequest) -> None:
        """Take in a fresh write."""
        lane = self._lanes.get(write.hash_key)
        if lane is None:
            lane = self._lanes[write.hash_key] = Lane()
        was_open = lane.is_open
        lane.queue.append(Pending(write))
        self.size += len(write.body)
        if not was_open and lane.is_open:
            self._open.append(lane)

    def first(self, now: float) -> Pending | None:
        """Return the write whose turn it is; None where nothing may be sent now."""
        while self._pauses and self._pauses[0][0] <= now:
            _, _, lane = heapq.heappop(self._pauses)
            lane.pausing = False
            if lane.is_open:
                self._open.append(lane)
        return self._open[0].queue[0] if self._open else None

    def send_first(self) -> None:
        """Note that the write which `first` returned is under way."""
        lane = self._open.popleft()
        pending = lane.queue.popleft()
        lane.under_way += 1
        self.size -= len(pending.write.body)
        if lane.is_open:
            self._open.append(lane)

    def record_answer(
        self,
        batch: list[Pending],
        left: list[Pending],
        now: float,
        why: BaseException | str,
        throttled: bool,
    ) -> None:
        """Note how a request ended.

        Args:
            batch: what it carried.
            left: what of it was not taken, and will be tried again.
            now: the time.
            why: it was not taken.
            throttled: whether too much was asked for.

        Raises:
            TryAgain: the limit of the policy is reached.
        """
        if len(left) < len(batch):
            self._no_progress_since = None
        undone = {id(pending) for pending in left}
        taken: dict[str, int] = {}
        refused: dict[str, list[Pending]] = {}
        for pending in batch:
            key = pending.write.hash_key
            if id(pending) in undone:
                refused.setdefault(key, []).append(self._again(pending, now, why))
            else:
                taken[key] = taken.get(key, 0) + 1
        for key, of_key in refused.items():
            self._refused(self._lanes[key], of_key, now, throttled)
        for key, n in taken.items():
            self._taken(key, n)

    def next_in_s(self, now: float) -> float | None:
        """Return the seconds until a pause is over; None where no lane pauses."""
        return max(0.0, self._pauses[0][0] - now) if self._pauses else None

    def _taken(self, key: str, n: int) -> None:
        lane = self._lanes[key]
        was_open = lane.is_open
        lane.under_way -= n
        lane.taken(n)
        if not lane.queue and not lane.under_way:
            del self._lanes[key]
        elif not was_open and lane.is_open:
            self._open.append(lane)

    def _refused(self, lane: Lane, refused: list[Pending], now: float, throttled: bool) -> None:
        if lane.is_open:
            self._open.remove(lane)
        lane.under_way -= len(refused)
        lane.queue.extendleft(reversed(refused))
        self.size += sum(len(pending.write.body) for pending in refused)
        if lane.pausing:
            return
        lane.pausing = True
        lane.refusals += 1
        if throttled:
            lane.narrow()
        ends = now + self._policy.pause_s(lane.refusals)
        tick = math.ceil(ends / TICK_S) * TICK_S
        heapq.heappush(self._pauses, (tick, next(self._order), lane))

    def _again(self, pending: Pending, now: float, why: BaseException | str) -> Pending:
        if self._no_progress_since is None:
            self._no_progress_since = now
        tries, idle_s = pending.tries + 1, now - self._no_progress_since
        if self._policy.is_reached(tries, idle_s):
            raise TryAgain(
                self._table,
                f"gave up at the retry limit ({tries} tries of one item, {idle_s:.0f} s "
                f"without any being taken): {why}",
            )
        return Pending(pending.write, tries)
