"""What DynamoDB would answer: capacity and faults applied to a request."""

from __future__ import annotations

import threading
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from local.dynamodb_model.faults import Fault, Faults
from local.dynamodb_model.memory import Item, MemoryTable, keys_of, read_units, write_units
from local.dynamodb_model.partitions import Capacity, TableCapacity

# What a 25-item batch was seen to take, and a query of one page.
WRITE_LATENCY_S = (0.020, 0.040)
READ_LATENCY_S = (0.004, 0.010)
SLOW_S = 1.0


@dataclass
class Answer:
    """What the client gets, and how."""

    status: int = 200
    content: dict[str, Any] = field(default_factory=dict)
    latency_s: float = 0.0
    dropped: bool = False  # the connection is closed instead of an answer
    truncated: bool = False


def error(code: str, status: int = 400) -> Answer:
    """Return an error as DynamoDB spells it."""
    kind = f"com.amazonaws.dynamodb.v20120810#{code}"
    return Answer(status, {"__type": kind, "message": f"{code}, by the capacity model"})


class CapacityModel:
    """Some tables with their capacity, and the faults that befall their requests.

    Args:
        capacity: what each table can do.
        faults: what goes wrong.
        clock: seconds; tests pass their own.
        latencies: whether requests take the time that they take in a region of AWS.
        slow_s: by how much a slow answer is late.
        on_applied: told the number of items applied so far, after each of them and before its
            request is answered.
    """

    def __init__(
        self,
        capacity: Capacity,
        faults: Faults,
        clock: Callable[[], float],
        *,
        latencies: bool = True,
        slow_s: float = SLOW_S,
        on_applied: Callable[[int], None] | None = None,
    ) -> None:
        self.capacity, self.faults, self._clock = capacity, faults, clock
        self._latencies, self._slow_s = latencies, slow_s
        self.on_applied = on_applied or (lambda _: None)
        self.tables: dict[str, MemoryTable] = {}
        self.limits: dict[str, TableCapacity] = {}
        self.counters: dict[str, float] = defaultdict(float)
        self._lock = threading.Lock()

    def handle(self, operation: str, request: dict[str, Any]) -> Answer | None:
        """Answer a request on the tables of curves; None where it is for somebody else."""
        handler = getattr(self, f"_{operation}", None)
        names = request.get("RequestItems", {request.get("TableName", ""): None})
        if handler is None or not all(is_of_curves(name) for name in names):
            return None
        with self._lock:
            self.counters[f"requests.{operation}"] += 1
            answer: Answer = handler(request)
        return answer

    def _BatchWriteItem(self, request: dict[str, Any]) -> Answer:  # noqa: N802 - AWS's name
        fault = self.faults.next()
        if fault is not None:
            self.counters[f"faults.{fault}"] += 1
        refused = _REFUSED.get(fault) if fault else None
        if refused is not None:
            return self._late(error(*refused), WRITE_LATENCY_S)
        if fault is Fault.DROP_BEFORE:
            return Answer(dropped=True)
        answer = self._late(self._apply(request, fault), WRITE_LATENCY_S)
        if answer.status != 200:
            return answer
        if fault is Fault.ERROR_AFTER:
            return error("InternalServerError", 500)
        answer.dropped = fault is Fault.DROP_AFTER
        answer.truncated = fault is Fault.TRUNCATED
        if fault is Fault.SLOW:
            answer.latency_s += self._slow_s
        return answer

    def _apply(self, request: dict[str, Any], fault: Fault | None) -> Answer:
        now, left, used, refusals = self._clock(), {}, [], Counter[str]()
        for name, puts in request["RequestItems"].items():
            limits = self._limits(name, now)
            undone = self.faults.some_of(len(puts)) if fault is Fault.UNPROCESSED else set()
            table_left, wcu = [], 0
            for index, put in enumerate(puts):
                item: Item = put["PutRequest"]["Item"]
                units = write_units(item)
                refusal = limits.write(*keys_of(item), units, now) if index not in undone else ""
                if refusal is None:
                    self._table(name).put(item)
                    self.counters["items.applied"] += 1
                    self.on_applied(int(self.counters["items.applied"]))
                    wcu += units
                else:
                    refusals[refusal] += 1
                    table_left.append(put)
            self.counters["wcu"] += wcu
            self.counters["items.unprocessed"] += len(table_left)
            used.append({"TableName": name, "CapacityUnits": float(wcu)})
            if table_left:
                left[name] = table_left
        for refusal, count in refusals.items():
            self.counters[f"throttled.{refusal or 'fault'}"] += count
        n_left = sum(len(puts) for puts in left.values())
        if n_left == sum(len(puts) for puts in request["RequestItems"].values()) and not fault:
            by_table = refusals["table"] > refusals["partition"]
            return error(
                "ThrottlingException" if by_table else "ProvisionedThroughputExceededException"
            )
        return Answer(200, {"UnprocessedItems": left, "ConsumedCapacity": used})

    def _Query(self, request: dict[str, Any]) -> Answer:  # noqa: N802 - AWS's name
        items, last, rcu = self._table(request["TableName"]).query(request)
        self.counters["rcu"] += rcu
        content: dict[str, Any] = {"Items": items, "Count": len(items), "ScannedCount": len(items)}
        if last is not None:
            content["LastEvaluatedKey"] = last
        used = {"TableName": request["TableName"], "CapacityUnits": rcu}
        return self._late(Answer(200, {**content, "ConsumedCapacity": used}), READ_LATENCY_S)

    def _BatchGetItem(self, request: dict[str, Any]) -> Answer:  # noqa: N802 - AWS's name
        found, used = {}, []
        for name, wanted in request["RequestItems"].items():
            table = self._table(name)
            items = (table.get(key) for key in wanted["Keys"])
            found[name] = [item for item in items if item is not None]
            rcu = sum(read_units(table.size(key), wanted) for key in wanted["Keys"])
            self.counters["rcu"] += rcu
            used.append({"TableName": name, "CapacityUnits": rcu})
        content = {"Responses": found, "UnprocessedKeys": {}, "ConsumedCapacity": used}
        return self._late(Answer(200, content), READ_LATENCY_S)

    def _GetItem(self, request: dict[str, Any]) -> Answer:  # noqa: N802 - AWS's name
        table = self._table(request["TableName"])
        item, rcu = table.get(request["Key"]), read_units(table.size(request["Key"]), request)
        self.counters["rcu"] += rcu
        used = {"TableName": request["TableName"], "CapacityUnits": rcu}
        content = {"ConsumedCapacity": used} | ({} if item is None else {"Item": item})
        return self._late(Answer(200, content), READ_LATENCY_S)

    def _PutItem(self, request: dict[str, Any]) -> Answer:  # noqa: N802 - AWS's name
        self._table(request["TableName"]).put(request["Item"])
        return self._late(Answer(200, {}), WRITE_LATENCY_S)

    def _DeleteItem(self, request: dict[str, Any]) -> Answer:  # noqa: N802 - AWS's name
        self._table(request["TableName"]).delete(request["Key"])
        return self._late(Answer(200, {}), WRITE_LATENCY_S)

    def _late(self, answer: Answer, bounds: tuple[float, float]) -> Answer:
        if self._latencies:
            answer.latency_s = self.faults.latency_s(*bounds)
        return answer

    def _table(self, name: str) -> MemoryTable:
        return self.tables.setdefault(name, MemoryTable())

    def _limits(self, name: str, now: float) -> TableCapacity:
        if name not in self.limits:
            self.limits[name] = TableCapacity(self.capacity, now)
        return self.limits[name]


_REFUSED: dict[Fault, tuple[str, int]] = {
    Fault.THROUGHPUT: ("ProvisionedThroughputExceededException", 400),
    Fault.THROTTLING: ("ThrottlingException", 400),
    Fault.ERROR_BEFORE: ("InternalServerError", 500),
}


def is_of_curves(table: str) -> bool:
    """Tell whether a table holds curves: calculation records stay behind the proxy."""
    return "Stats-" in table or "Realisations-" in table
