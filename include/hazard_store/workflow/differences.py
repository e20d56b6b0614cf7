"""What an audit finds while it reads: differences, counts of items, read units."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator

from hazard_store import codec
from hazard_store.aws.rate import RateLimiter
from hazard_store.items import ItemSpec, WireItem
from hazard_store.query.key_ranges import KeyRange, KeyRangeItems, read_key_ranges
from hazard_store.records import Difference
from hazard_store.records.documents import MAX_DIFFERENCES
from hazard_store.store import Store


class Differences:
    """Adds up what one audit of one chunk finds; only it reads, within the read budget.

    Attributes:
        counts: of each kind of difference.
        named: the first of them.
        rcu: read units so far.
    """

    def __init__(self, store: Store, limiter: RateLimiter | None) -> None:
        self._store, self._limiter = store, limiter or RateLimiter(None)
        self.counts = {"missing": 0, "extra": 0, "altered": 0}
        self.named: list[Difference] = []
        self.rcu = 0.0

    def add(self, table: str, hash_key: str, range_key: str, kind: str) -> None:
        """Note an item that is missing, extra or altered."""
        self.counts[kind] += 1
        if len(self.named) < MAX_DIFFERENCES:
            self.named.append(
                Difference(table=table, hash_key=hash_key, range_key=range_key, kind=kind)
            )

    def add_altered(self, table: str, hash_key: str, range_key: str, item: WireItem) -> None:
        """Note an item that is not as it must be, if it can be told.

        Raises:
            NewerCodec: a newer release wrote it.
        """
        for value in item.values():
            if "B" in value:
                codec.require_known(bytes(value["B"]))
        self.add(table, hash_key, range_key, "altered")

    def read(self, spec: ItemSpec, ranges: Iterable[KeyRange]) -> Iterator[KeyRangeItems]:
        """Yield what is stored of each key range, in order."""
        for stored in read_key_ranges(self._store, spec, ranges):
            self.rcu += stored.rcu
            self._limiter.charge(stored.rcu)
            while debt_s := self._limiter.debt_s():  # the next answers wait; few are read ahead
                time.sleep(debt_s)
            yield stored
