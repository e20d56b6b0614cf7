"""The capacity model counts read units as DynamoDB does: by 4 KB, a query as a whole."""

from __future__ import annotations

import math
from typing import Any

import pytest

from hazard_store.items import item_bytes
from local.dynamodb_model.faults import Faults
from local.dynamodb_model.model import CapacityModel
from local.dynamodb_model.partitions import Capacity

TABLE = "HazardStats-T"
SIZES = [100, 4000, 5000, 9000]  # of the text in each item; the last takes three units by itself


@pytest.fixture
def model() -> CapacityModel:
    """A model that holds an item of each size under one hash key."""
    made = CapacityModel(Capacity(), Faults(), lambda: 1.0, latencies=False)
    puts = [{"PutRequest": {"Item": item(number)}} for number in range(len(SIZES))]
    made.handle("BatchWriteItem", {"RequestItems": {TABLE: puts}})
    return made


def key(number: int) -> dict[str, Any]:
    return {"haz_sol_id": {"S": "h"}, "loc_agg_rk": {"S": f"{number:03d}"}}


def item(number: int) -> dict[str, Any]:
    return {**key(number), "text": {"S": "x" * SIZES[number]}}


def units_of(number: int) -> int:
    return math.ceil(item_bytes(item(number)) / 4096)


def query(model: CapacityModel, prefix: str = "0", **options: Any) -> dict[str, Any]:
    values = {":h": {"S": "h"}, ":r": {"S": prefix}}
    request = {
        "TableName": TABLE,
        "KeyConditionExpression": "#h = :h AND begins_with(#r, :r)",
        "ExpressionAttributeNames": {"#h": "haz_sol_id", "#r": "loc_agg_rk"},
        "ExpressionAttributeValues": values,
        **options,
    }
    return content(model, "Query", request)


def batch_get(model: CapacityModel, *numbers: int, **options: Any) -> dict[str, Any]:
    keys = {"Keys": [key(number) for number in numbers], **options}
    return content(model, "BatchGetItem", {"RequestItems": {TABLE: keys}})


def content(model: CapacityModel, operation: str, request: dict[str, Any]) -> dict[str, Any]:
    answer = model.handle(operation, request)
    assert answer is not None
    return answer.content


def test_a_query_is_rounded_up_as_a_whole(model: CapacityModel):
    """One unit for each 4 KB of all its items together, half where it is not consistent."""
    units = math.ceil(sum(item_bytes(item(number)) for number in range(4)) / 4096)
    assert 5 == units
    used = query(model, ConsistentRead=True)["ConsumedCapacity"]
    assert {"TableName": TABLE, "CapacityUnits": 5.0} == used
    assert 2.5 == query(model)["ConsumedCapacity"]["CapacityUnits"]


def test_items_by_their_keys_are_rounded_up_one_by_one(model: CapacityModel):
    """As if each had been asked for alone; half where the read is not consistent."""
    assert [1, 1, 2, 3] == [units_of(number) for number in range(4)]
    used = batch_get(model, 0, 1, 2, 3, ConsistentRead=True)["ConsumedCapacity"]
    assert [{"TableName": TABLE, "CapacityUnits": 7.0}] == used
    assert 3.5 == batch_get(model, 0, 1, 2, 3)["ConsumedCapacity"][0]["CapacityUnits"]


@pytest.mark.parametrize(("options", "units"), [({"ConsistentRead": True}, 1.0), ({}, 0.5)])
def test_finding_nothing_costs_a_unit(model: CapacityModel, options: dict[str, Any], units: float):
    """A key or a site that is not there is charged like one of up to 4 KB."""
    missing = {**key(0), "loc_agg_rk": {"S": "none"}}
    got = content(model, "GetItem", {"TableName": TABLE, "Key": missing, **options})
    assert {"ConsumedCapacity": {"TableName": TABLE, "CapacityUnits": units}} == got
    assert units == query(model, "none", **options)["ConsumedCapacity"]["CapacityUnits"]
    keys = {"RequestItems": {TABLE: {"Keys": [missing], **options}}}
    batch = content(model, "BatchGetItem", keys)
    assert units == batch["ConsumedCapacity"][0]["CapacityUnits"]


def test_one_item_costs_its_own_size(model: CapacityModel):
    request = {"TableName": TABLE, "Key": key(3), "ConsistentRead": True}
    assert 3.0 == content(model, "GetItem", request)["ConsumedCapacity"]["CapacityUnits"]


def test_an_item_that_has_changed_costs_its_new_size(model: CapacityModel):
    """Sizes are remembered no longer than the item stays as it was."""
    assert 3.0 == batch_get(model, 3, ConsistentRead=True)["ConsumedCapacity"][0]["CapacityUnits"]
    model.handle("PutItem", {"TableName": TABLE, "Item": key(3)})
    assert 1.0 == batch_get(model, 3, ConsistentRead=True)["ConsumedCapacity"][0]["CapacityUnits"]


def test_all_reads_are_added_up(model: CapacityModel):
    query(model)
    batch_get(model, 3)
    assert 2.5 + 1.5 == model.counters["rcu"]
