"""Counts what a store's reading costs: requests, read units and bytes, as its client sees them."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from statistics import median
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


@dataclass(frozen=True)
class Reading:
    """What one question cost, the calculation's records included."""

    cost: Cost
    cpu_ms: float  # of this process: the median of some turns

    def __str__(self) -> str:
        cost = self.cost
        return f"{cost.requests} / {cost.units:,.0f} / {cost.sent / 1000:,.0f} / {self.cpu_ms:,.1f}"


class RuledMeter:
    """Watches the reads of one store's client, and reckons units from the items that came.

    What the watching itself takes is left out of the CPU. DynamoDB rounds a page of a Query up to
    4 KB, and of items by their keys each; the embedded DynamoDB counts neither.
    """

    def __init__(self, store: Store) -> None:
        self._lock, self._cost, self._own_s = threading.Lock(), Cost(), 0.0
        for operation in READS:
            store.client.meta.events.register(f"after-call.dynamodb.{operation}", self._add)

    def measured(self, read: Callable[[], object], turns: int = 1) -> Reading:
        """Return what a question costs: the last of some turns, their median of CPU time."""
        cpu_ms = []
        for _ in range(turns):
            self._cost, self._own_s = Cost(), 0.0
            began = time.process_time()
            read()
            cpu_ms.append(1000 * (time.process_time() - began - self._own_s))
        return Reading(self._cost, median(cpu_ms))

    def _add(self, http_response: Any, parsed: dict[str, Any], **_: Any) -> None:
        began = time.thread_time()
        cost = Cost(1, answer_units(parsed), len(http_response.content))
        with self._lock:
            self._cost += cost
            self._own_s += time.thread_time() - began


def answer_units(answer: dict[str, Any]) -> float:
    """Return the read units of an answer to a consistent read."""
    if "Items" in answer:
        return max(1, math.ceil(sum(map(item_bytes, answer["Items"])) / 4096))
    single = [answer["Item"]] if "Item" in answer else [{}]
    items = [i for of_table in answer.get("Responses", {"": single}).values() for i in of_table]
    return sum(max(1, math.ceil(item_bytes(item) / 4096)) for item in items)
