"""A write budget: a token bucket that is charged with what each call really consumed.

The cost of a call is known only from its answer, so the bucket may go negative; the next caller
then waits until it is paid back.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


class RateLimiter:
    """Holds the write units of several threads to a rate; `None` means no limit."""

    def __init__(
        self,
        wcu_per_s: float | None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        if wcu_per_s is not None and not wcu_per_s > 0:
            raise ValueError(f"{wcu_per_s} write units a second is no rate")
        self._rate, self._clock, self._sleep = wcu_per_s, clock, sleep
        self._lock = threading.Lock()
        self._balance = 0.0  # write units in hand; at most one second's worth
        self._at = clock()

    def wait(self) -> None:
        """Return as soon as the bucket is not in debt."""
        while (debt_s := self._debt_s()) > 0:
            self._sleep(debt_s)

    def charge(self, wcu: float) -> None:
        """Take what a call consumed out of the bucket."""
        with self._lock:
            self._balance -= wcu

    def _debt_s(self) -> float:
        if self._rate is None:
            return 0.0
        with self._lock:
            now = self._clock()
            self._balance = min(self._rate, self._balance + (now - self._at) * self._rate)
            self._at = now
            return -self._balance / self._rate
