"""Counts what a store's reading costs: requests, read units and bytes, as its client sees them."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from hazard_store.items import item_bytes
from hazard_store.store import Store

READS = ("GetItem", "BatchGetItem", "Query")


@dataclass
class Cost:
    """What some reads cost."""

    requests: int = 0
    units: float = 0.0  # read units; a consistent read of up to 4 KB is one
    sent: int = 0  # bytes of the answers as they came over the wire

    def __add__(self, other: Cost) -> Cost:
        return Cost(
            self.requests + other.requests, self.units + other.units, self.sent + other.sent
        )

    def __truediv__(self, n: int) -> Cost:
        return Cost(self.requests // n, self.units / n, self.sent // n)


class Meter:
    """Watches the reads of one store's client.

    The units of curves are those that DynamoDB tells with each answer. Those of calculation records
    are reckoned from the item: the embedded DynamoDB counts a unit a request, whatever its size.
    """

    def __init__(self, store: Store) -> None:
        self._records = store.settings.meta_table
        self._lock = threading.Lock()
        self.records, self.curves = Cost(), Cost()
        events = store.client.meta.events
        for operation in READS:
            events.register(f"before-parameter-build.dynamodb.{operation}", _ask)
            events.register(f"after-call.dynamodb.{operation}", self._add)

    def measured(self, read: Callable[[], Iterable[object]]) -> tuple[Cost, Cost]:
        """Return what reading a stream to its end costs: (calculation records, curves)."""
        self.records, self.curves = Cost(), Cost()
        for _ in read():
            pass
        return self.records, self.curves

    def _add(self, http_response: Any, parsed: dict[str, Any], **_: Any) -> None:
        used = parsed["ConsumedCapacity"]
        (entry,) = used if isinstance(used, list) else [used]
        of_record = entry["TableName"] == self._records
        units = _record_units(parsed["Item"]) if of_record else entry["CapacityUnits"]
        cost = Cost(1, units, len(http_response.content))
        with self._lock:
            if of_record:
                self.records += cost
            else:
                self.curves += cost


def _ask(params: dict[str, Any], **_: Any) -> None:
    params["ReturnConsumedCapacity"] = "TOTAL"


def _record_units(item: dict[str, Any]) -> float:
    """Return the read units of a record: they are all read consistently."""
    return math.ceil(item_bytes(item) / 4096)
