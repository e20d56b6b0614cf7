"""How fast to write or read: a budget that is kept, and a rate that follows what the table takes.

Both are one token bucket, charged with what each call really consumed. The cost of a call is known
only from its answer, so the bucket may go negative; the next request then waits until it is paid
back. When a whole request is refused, the rate falls to a little less than what the table took in
the last second, and rises again from there; a request that is taken in part says only that some
partition is hot, and `lanes` holds its keys back. Without throttling a writer is held by its budget
alone.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable

MEMORY_S = 1.0  # over which consumption is averaged
KEPT = 0.9  # of what was consumed lately, when a whole request is refused
NO_CUT_S = 0.25  # after a cut: the requests under way then tell nothing new
RISE_PER_S = 0.5  # of the rate, always
FREE_ABOVE = 3.0  # times the consumption: above it the rate is no limit, and is dropped
LEAST_WCU_PER_S = 25.0


class RateLimiter:
    """Holds the write units of several threads to a rate; a budget of `None` means no limit."""

    def __init__(
        self,
        wcu_per_s: float | None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        if wcu_per_s is not None and not wcu_per_s > 0:
            raise ValueError(
                f"{wcu_per_s} write units a second is not a valid rate: it must be above 0"
            )
        self._budget, self._clock, self._sleep = wcu_per_s, clock, sleep
        self._rate = wcu_per_s  # what is held to now: the budget, or less under throttling
        self._lock = threading.Lock()
        self._balance = 0.0  # write units in hand; at most one second's worth
        self._recent = 0.0  # write units of the last seconds, fading
        self._at = clock()
        self._cut_at = -math.inf

    @property
    def rate(self) -> float | None:
        """Write units a second that are held to now; None: no limit."""
        return self._rate

    def wait(self) -> None:
        """Return as soon as the bucket is not in debt."""
        while (debt_s := self.debt_s()) > 0:
            self._sleep(debt_s)

    def debt_s(self) -> float:
        """Return the seconds until the next request may begin."""
        with self._lock:
            self._advance()
            return 0.0 if self._rate is None else max(0.0, -self._balance / self._rate)

    def charge(self, wcu: float) -> None:
        """Take the write units that a call consumed, as its answer says, out of the bucket."""
        with self._lock:
            self._advance()
            self._balance -= wcu
            self._recent += wcu

    def refused(self) -> None:
        """Note that a whole request was throttled."""
        with self._lock:
            self._advance()
            if self._at - self._cut_at >= NO_CUT_S:
                self._cut_at = self._at
                taken = max(LEAST_WCU_PER_S, KEPT * self._recent / MEMORY_S)
                self._rate = taken if self._rate is None else min(self._rate, taken)

    def _advance(self) -> None:
        now = self._clock()
        passed, self._at = now - self._at, now
        self._recent *= math.exp(-passed / MEMORY_S)
        if self._rate is None:
            self._balance = 0.0
            return
        self._balance = min(self._rate, self._balance + passed * self._rate)
        if self._rate != self._budget:
            self._rate *= 1 + RISE_PER_S * passed
            if self._budget is not None:
                self._rate = min(self._rate, self._budget)
            elif self._rate > max(LEAST_WCU_PER_S, FREE_ABOVE * self._recent / MEMORY_S):
                self._rate = None if self._recent > 0 else self._rate
