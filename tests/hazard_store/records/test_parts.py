"""Large values in several parts."""

from __future__ import annotations

import numpy as np
import pytest

from hazard_store.errors import CorruptItem, LostOwnership
from hazard_store.records.parts import PART_BYTES, Parts
from hazard_store.store import Store
from tests.support.loading import items_of, key_of


@pytest.fixture
def parts(store: Store) -> Parts:
    return store.parts("A")


@pytest.mark.parametrize("size", [0, 1, PART_BYTES, 3 * PART_BYTES])
def test_bytes_come_back(store: Store, parts: Parts, size: int):
    content = np.random.default_rng(0).bytes(size)  # cannot be compressed
    parts.put("name", content)
    assert content == parts.get("name")
    assert all(
        len(i["part"]["B"]) <= PART_BYTES for i in items_of(store, store.settings.meta_table)
    )


def test_json_comes_back(parts: Parts):
    value = {"a": [1, 0.1, None], "ä": "ö"}
    parts.put_json("name", value)
    assert value == parts.get_json("name")


def test_what_was_never_stored(parts: Parts):
    assert parts.get("name") is None
    assert parts.get_json("name") is None


def test_a_shorter_value_replaces_a_longer_one(parts: Parts):
    parts.put("name", np.random.default_rng(0).bytes(2 * PART_BYTES))
    parts.put("name", b"short")
    assert b"short" == parts.get("name")


@pytest.mark.parametrize("record", ["name#0001", "name#0002"])
def test_a_missing_part_is_noticed(store: Store, parts: Parts, record: str):
    parts.put("name", np.random.default_rng(0).bytes(3 * PART_BYTES - 10_000))
    key = {"haz_sol_id": {"S": "A"}, "record": {"S": record}}
    store.client.delete_item(TableName=store.settings.meta_table, Key=key)
    with pytest.raises(CorruptItem):
        parts.get("name")


def test_an_altered_part_is_noticed(store: Store, parts: Parts):
    parts.put("name", b"content" * 100)
    (item,) = items_of(store, store.settings.meta_table)
    item["part"]["B"] = item["part"]["B"][:-1] + b"\0"
    store.client.put_item(TableName=store.settings.meta_table, Item=item)
    with pytest.raises(CorruptItem):
        parts.get("name")
    assert key_of(item) == {"haz_sol_id": {"S": "A"}, "record": {"S": "name"}}


def test_an_older_attempt_overwrites_nothing(parts: Parts):
    parts.put("name", b"of attempt 2", attempt=2)
    with pytest.raises(LostOwnership):
        parts.put("name", b"of attempt 1", attempt=1)
    assert b"of attempt 2" == parts.get("name")
    parts.put("name", b"again", attempt=2)
    parts.put("name", b"of attempt 3", attempt=3)
    assert b"of attempt 3" == parts.get("name")
