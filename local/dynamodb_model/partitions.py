"""Partitions and their buckets: how much of a table's heat each key's partition takes.

Sources: AWS, "Burst and adaptive capacity" (1,000 write and 3,000 read units a second a partition;
unused capacity of the last 300 seconds is kept; a hot partition is split), "On-demand capacity
mode" (a new table takes 4,000 write units a second, and later twice its previous peak; more than
that within 30 minutes may be throttled) and "Warm throughput" (a table can be prepared for more).
"""

from __future__ import annotations

import hashlib
from bisect import bisect_right, insort
from collections import deque
from dataclasses import dataclass, field

PARTITION_WCU_PER_S = 1000.0
PARTITION_RCU_PER_S = 3000.0
NEW_TABLE_WCU_PER_S = 4000.0
GROWTH_WINDOW_S = 1800.0
CALM_S = 1.5  # without throttling: heat that comes later is new heat
RECENT = 512  # keys of a partition that a split looks at

Place = tuple[int, str]  # (hash of the hash key, range key): the order in which partitions lie
LOWEST: Place = (0, "")


def place_of(hash_key: str, range_key: str) -> Place:
    """Return where a key lies."""
    digest = hashlib.md5(hash_key.encode(), usedforsecurity=False).digest()
    return int.from_bytes(digest[:8], "big"), range_key


@dataclass
class Bucket:
    """Units that refill at a rate; a request is let in while there is any, and may overdraw."""

    rate: float  # units a second
    burst_s: float  # how long unused units are kept
    units: float = 0.0
    at: float = 0.0

    def refill(self, now: float) -> float:
        """Return the units in hand."""
        self.units = min(self.rate * self.burst_s, self.units + (now - self.at) * self.rate)
        self.at = now
        return self.units


@dataclass
class Partition:
    """One partition: its buckets, and what it has seen."""

    begins: Place
    writes: Bucket
    reads: Bucket
    recent: deque[Place] = field(default_factory=lambda: deque(maxlen=RECENT))
    throttled_since: float = 0.0
    throttled_at: float | None = None
    wcu: float = 0.0
    throttles: int = 0

    def __lt__(self, other: Partition) -> bool:
        return self.begins < other.begins


@dataclass(frozen=True)
class Capacity:
    """What a table can do; `scale` makes it smaller, so that one machine can reach its limits."""

    partitions: int = 4
    scale: float = 1.0
    table_wcu_per_s: float | None = NEW_TABLE_WCU_PER_S  # None: as much as its partitions
    growth_window_s: float | None = GROWTH_WINDOW_S  # None: the table never grows
    split_after_s: float | None = None  # of throttling; None: partitions are never split
    burst_s: float = 1.0  # DynamoDB keeps 300; a short test would only ever see the burst


class TableCapacity:
    """The partitions and limits of one table, under a clock that the caller passes in."""

    def __init__(self, capacity: Capacity, now: float) -> None:
        self.capacity = capacity
        step = 2**64 // capacity.partitions
        self.partitions = [
            self._partition((number * step, ""), now) for number in range(capacity.partitions)
        ]
        self.splits = 0
        self._spent: deque[tuple[float, float]] = deque()  # (second, units) of the growth window
        limit = capacity.table_wcu_per_s
        self._bucket = None if limit is None else self._table_bucket(limit, now)

    def write(self, hash_key: str, range_key: str, wcu: float, now: float) -> str | None:
        """Charge a put.

        Returns:
            None where it is let in, else which limit refused it: "table" or "partition".
        """
        if self._bucket is not None and self._bucket.refill(now) <= 0:
            return "table"
        place = place_of(hash_key, range_key)
        partition = self.at(place)
        if partition.writes.refill(now) <= 0:
            self._throttled(partition, now)
            return "partition"
        partition.writes.units -= wcu
        partition.wcu += wcu
        partition.recent.append(place)
        if self._bucket is not None:
            self._bucket.units -= wcu
            self._grow(wcu, now)
        return None

    def may_read(self, hash_key: str, now: float) -> bool:
        """Tell whether a read of a key is let in; its units are charged when they are known."""
        return self.at(place_of(hash_key, "")).reads.refill(now) > 0

    def charge_read(self, hash_key: str, rcu: float) -> None:
        """Charge a read."""
        self.at(place_of(hash_key, "")).reads.units -= rcu

    def at(self, place: Place) -> Partition:
        """Return the partition of a place."""
        return self.partitions[bisect_right(self.partitions, place, key=lambda p: p.begins) - 1]

    @property
    def heaviest_share(self) -> float:
        """The share of all units that fell on the heaviest partition: the bound of the whole."""
        total = sum(p.wcu for p in self.partitions)
        return max(p.wcu for p in self.partitions) / total if total else 0.0

    def _partition(self, begins: Place, now: float) -> Partition:
        scale, burst_s = self.capacity.scale, self.capacity.burst_s

        def full(rate: float) -> Bucket:
            return Bucket(rate * scale, burst_s, rate * scale * burst_s, now)

        return Partition(begins, full(PARTITION_WCU_PER_S), full(PARTITION_RCU_PER_S))

    def _table_bucket(self, limit: float, now: float) -> Bucket:
        rate = limit * self.capacity.scale
        return Bucket(rate, 1.0, rate, now)

    def _throttled(self, partition: Partition, now: float) -> None:
        partition.throttles += 1
        if partition.throttled_at is None or now - partition.throttled_at > CALM_S:
            partition.throttled_since = now
        partition.throttled_at = now
        after_s = self.capacity.split_after_s
        if after_s is not None and now - partition.throttled_since >= after_s:
            self._split(partition, now)

    def _split(self, partition: Partition, now: float) -> None:
        """Split at the median of what was written lately; of ever-growing keys that helps none."""
        partition.throttled_at = None
        places = sorted(partition.recent)
        if not places or (middle := places[len(places) // 2]) <= partition.begins:
            return
        new = self._partition(middle, now)
        new.writes.units = 0.0  # it has saved nothing up yet
        insort(self.partitions, new)
        self.splits += 1

    def _grow(self, wcu: float, now: float) -> None:
        window_s = self.capacity.growth_window_s
        if window_s is None or self._bucket is None:
            return
        second = float(int(now))
        if self._spent and self._spent[-1][0] == second:
            self._spent[-1] = (second, self._spent[-1][1] + wcu)
        else:
            self._spent.append((second, wcu))
        while self._spent and self._spent[0][0] < now - window_s:
            _, units = self._spent.popleft()
            if 2 * units > self._bucket.rate:
                self._bucket.rate = 2 * units
