"""The capacity model's answers: stored, refused in part, refused, and every fault."""

from __future__ import annotations

from collections import deque
from typing import Any

import pytest

from local.dynamodb_model.faults import Fault, Faults
from local.dynamodb_model.model import CapacityModel
from local.dynamodb_model.partitions import Capacity

TABLE = "HazardStats-T"


def model(capacity: Capacity | None = None, *faults: Fault | None, seed: int = 0) -> CapacityModel:
    """A model whose next writes meet the given faults; its clock stands still."""
    made = Faults(seed=seed, script=deque(faults))
    return CapacityModel(capacity or Capacity(), made, lambda: 1.0, latencies=False)


def puts(n: int, hash_key: str = "h") -> dict[str, Any]:
    keys = ({"haz_sol_id": {"S": hash_key}, "loc_agg_rk": {"S": f"{i:03d}"}} for i in range(n))
    return {"RequestItems": {TABLE: [{"PutRequest": {"Item": key}} for key in keys]}}


def stored(made: CapacityModel, hash_key: str = "h") -> list[str]:
    request = {
        "TableName": TABLE,
        "KeyConditionExpression": "#h = :h",
        "ExpressionAttributeNames": {"#h": "haz_sol_id"},
        "ExpressionAttributeValues": {":h": {"S": hash_key}},
    }
    return [item["loc_agg_rk"]["S"] for item in made.handle("Query", request).content["Items"]]


def test_what_is_put_is_found_and_counted():
    made = model()
    answer = made.handle("BatchWriteItem", puts(25))
    assert {} == answer.content["UnprocessedItems"]
    assert [{"TableName": TABLE, "CapacityUnits": 25.0}] == answer.content["ConsumedCapacity"]
    assert [f"{i:03d}" for i in range(25)] == stored(made)
    assert 25 == made.counters["items.applied"] == made.counters["wcu"]


def test_calculation_records_are_for_the_endpoint_behind():
    request = {"TableName": "HazardMeta-T", "Key": {}}
    assert model().handle("GetItem", request) is None
    assert model().handle("ListTables", {}) is None


def test_a_batch_over_the_limit_comes_back_in_part_and_then_as_a_whole():
    made = model(Capacity(partitions=1, scale=0.01))  # ten units a second
    answer = made.handle("BatchWriteItem", puts(25))
    left = answer.content["UnprocessedItems"][TABLE]
    assert 15 == len(left)
    assert 10 == len(stored(made))
    again = made.handle("BatchWriteItem", {"RequestItems": {TABLE: left}})
    assert 400 == again.status
    assert "ProvisionedThroughputExceededException" in again.content["__type"]
    assert 10 == len(stored(made))


@pytest.mark.parametrize(
    ("fault", "status", "applied", "broken"),
    [
        (Fault.THROUGHPUT, 400, 0, False),
        (Fault.THROTTLING, 400, 0, False),
        (Fault.ERROR_BEFORE, 500, 0, False),
        (Fault.ERROR_AFTER, 500, 4, False),
        (Fault.DROP_BEFORE, 200, 0, True),
        (Fault.DROP_AFTER, 200, 4, True),
        (Fault.TRUNCATED, 200, 4, True),
        (Fault.SLOW, 200, 4, False),
        (None, 200, 4, False),
    ],
)
def test_each_fault(fault: Fault | None, status: int, applied: int, broken: bool):
    """Before or after the write was applied: the client is told the same."""
    made = model(None, fault)
    answer = made.handle("BatchWriteItem", puts(4))
    assert status == answer.status
    assert applied == len(stored(made))
    assert broken == (answer.dropped or answer.truncated)
    assert (1.0 if fault is Fault.SLOW else 0.0) == answer.latency_s
    if fault is not None:
        assert 1 == made.counters[f"faults.{fault}"]


@pytest.mark.parametrize("seed", range(20))
def test_unprocessed_items_are_named_and_not_stored(seed: int):
    made = model(None, Fault.UNPROCESSED, seed=seed)
    answer = made.handle("BatchWriteItem", puts(25))
    left = [
        p["PutRequest"]["Item"]["loc_agg_rk"]["S"]
        for p in answer.content["UnprocessedItems"][TABLE]
    ]
    assert 0 < len(left) < 25
    assert sorted([*left, *stored(made)]) == [f"{i:03d}" for i in range(25)]


def test_the_same_seed_gives_the_same_faults():
    chances = {Fault.UNPROCESSED: 0.2, Fault.ERROR_AFTER: 0.1}
    first, second, other = (
        [faults.next() for _ in range(200)]
        for faults in (Faults(chances, 1), Faults(chances, 1), Faults(chances, 2))
    )
    assert first == second != other
    assert {None, Fault.UNPROCESSED, Fault.ERROR_AFTER} == set(first)


def test_chances_of_more_than_all_requests_are_refused():
    with pytest.raises(ValueError, match="add up"):
        Faults({Fault.SLOW: 0.7, Fault.THROTTLING: 0.7})


@pytest.mark.parametrize(
    ("condition", "values", "found"),
    [
        ("begins_with(#r, :a)", {":a": "00"}, [f"{i:03d}" for i in range(10)]),
        ("#r BETWEEN :a AND :b", {":a": "003", ":b": "005"}, ["003", "004", "005"]),
        ("#r >= :a", {":a": "022"}, ["022", "023", "024"]),
        ("#r < :a", {":a": "002"}, ["000", "001"]),
    ],
)
def test_queries_compare_range_keys_as_dynamodb_does(
    condition: str, values: dict[str, str], found: list[str]
):
    made = model()
    made.handle("BatchWriteItem", puts(25))
    request = {
        "TableName": TABLE,
        "KeyConditionExpression": f"#h = :h AND {condition}",
        "ExpressionAttributeNames": {"#h": "haz_sol_id", "#r": "loc_agg_rk"},
        "ExpressionAttributeValues": {n: {"S": v} for n, v in {":h": "h", **values}.items()},
    }
    items = made.handle("Query", request).content["Items"]
    assert found == [item["loc_agg_rk"]["S"] for item in items]
