"""The entry of the index: which version is read, and which may be written."""

from __future__ import annotations

from hazard_store.records.index import IndexEntry, index_entry_of


def test_a_run_writes_the_version_that_is_to_replace_the_one_that_is_read():
    assert "A@2" == IndexEntry("A", "A", next="A@2").working
    assert "A" == IndexEntry("A", "A").working


def test_an_item_of_a_calculation_that_was_replaced_twice():
    item = {
        "record": {"S": "A"},
        "storage_id": {"S": "A@3"},
        "next": {"S": "A@4"},
        "old": {"SS": ["A@2", "A"]},
        "versions": {"N": "4"},
    }
    assert IndexEntry("A", "A@3", "A@4", ("A", "A@2"), 4) == index_entry_of(item)


def test_an_item_that_was_never_replaced_holds_little():
    item = {"record": {"S": "A"}, "storage_id": {"S": "A"}}
    assert IndexEntry("A", "A", None, (), 1) == index_entry_of(item)
