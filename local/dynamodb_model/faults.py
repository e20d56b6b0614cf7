"""Faults, seeded or scripted: what goes wrong with a request, and when.

Named for what DynamoDB or the network does. A server error, a dropped connection and an answer cut
short each come before or after the write was applied: the client cannot tell, and must not need to.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Fault(StrEnum):
    """What goes wrong with one request."""

    UNPROCESSED = "unprocessed"  # some items of the batch come back undone
    THROUGHPUT = "throughput"  # ProvisionedThroughputExceededException
    THROTTLING = "throttling"  # ThrottlingException
    ERROR_BEFORE = "error-before"  # InternalServerError, nothing applied
    ERROR_AFTER = "error-after"  # InternalServerError, and yet it was applied
    DROP_BEFORE = "drop-before"  # the connection is closed, nothing applied
    DROP_AFTER = "drop-after"  # the connection is closed, and yet it was applied
    SLOW = "slow"  # the answer comes late
    TRUNCATED = "truncated"  # applied; the answer is cut short


@dataclass
class Faults:
    """Chooses the fault of each request: scripted ones first, then by chance.

    Attributes:
        chances: probability of each fault, the sum at most 1.
        seed: the same seed gives the same faults in the same order of requests.
        script: faults of the next requests; None stands for a request that goes well.
    """

    chances: Mapping[Fault, float] = field(default_factory=dict)
    seed: int = 0
    script: deque[Fault | None] = field(default_factory=deque)

    def __post_init__(self) -> None:
        if not 0 <= sum(self.chances.values()) <= 1:
            raise ValueError("the chances of all faults add up to more than 1")
        self._random = random.Random(self.seed)  # noqa: S311 - faults, not secrets

    def next(self) -> Fault | None:
        """Return the fault of the next request."""
        if self.script:
            return self.script.popleft()
        point = self._random.random()
        for fault, chance in self.chances.items():
            if point < chance:
                return fault
            point -= chance
        return None

    def follow(self, script: Iterable[str | None]) -> None:
        """Put faults, by name, before those by chance."""
        self.script.extend(None if name is None else Fault(name) for name in script)

    def some_of(self, n: int) -> set[int]:
        """Return which of n items come back undone: at least one, never all of several."""
        most = max(1, n - 1)
        return set(self._random.sample(range(n), self._random.randint(1, most)))

    def latency_s(self, low: float, high: float) -> float:
        """Return a latency: mostly near `low`, with a tail beyond `high` now and then."""
        median = (low + high) / 2
        return low + (median - low) * self._random.lognormvariate(0, 0.6)
