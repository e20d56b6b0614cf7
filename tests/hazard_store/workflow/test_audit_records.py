"""A large record that is missing or altered is a difference, named once in a whole audit."""

from __future__ import annotations

import json
import zlib
from pathlib import Path
from typing import Any

import pytest

from hazard_store.model import KeyScheme, Kind
from hazard_store.records import Difference
from hazard_store.records.parts import CHECKSUMS, ENGINE_OBJECTS, LOGIC_TREE, REALISATIONS
from hazard_store.store import Store
from hazard_store.workflow.audit import audit
from hazard_store.workflow.audit_records import RECORDS
from hazard_store.workflow.load import load
from hazard_store.workflow.plan import StoreOptions
from tests.support.calc_factory import make_child, make_parent
from tests.support.damaged_records import altered, put, removed
from tests.support.loading import FILE, Silent, items_of, key_of, stored

CHUNKED = {"key_scheme": KeyScheme.CALC, "sites_per_chunk": 2}
CASES = [
    (name, change, uri)
    for name in RECORDS
    for change in (removed, altered)
    for uri in (None, str(FILE))
    if (name, change, uri) != (CHECKSUMS, altered, str(FILE))  # has a test of its own
]


def difference(store: Store, name: str, kind: str) -> Difference:
    table = store.settings.meta_table
    return Difference(table=table, hash_key="A", range_key=name, kind=kind)


@pytest.mark.parametrize(("name", "change", "uri"), CASES)
def test_it_is_named_once_in_a_whole_audit(store: Store, name: str, change: Any, uri: str | None):
    kind = "missing" if change is removed else "altered"
    stored(store, FILE, **CHUNKED)
    change(store, name)
    found = audit(store, "A", uri, None, Silent())
    assert (difference(store, name, kind),) == found.differences
    assert (kind == "missing", kind == "altered") == (found.missing, found.altered)
    assert not found.passed
    assert found.with_file == (uri is not None)


def test_only_the_first_chunk_looks_at_them(store: Store):
    stored(store, FILE, **CHUNKED)
    removed(store, ENGINE_OBJECTS)
    first, *others = store.head("A").calculation.chunks
    assert others
    assert not audit(store, "A", None, (first.start, first.stop), Silent()).passed
    for chunk in others:
        assert audit(store, "A", None, (chunk.start, chunk.stop), Silent()).passed


def test_checksums_that_cannot_be_read_are_a_difference_of_every_chunk_that_needs_them(
    store: Store,
):
    """The file is not read without them, so no item is compared."""
    stored(store, FILE, **CHUNKED)
    altered(store, CHECKSUMS)
    found = audit(store, "A", str(FILE), None, Silent())
    assert {difference(store, CHECKSUMS, "altered")} == set(found.differences)
    assert len(store.head("A").calculation.chunks) == found.altered
    assert not found.passed


def test_a_lost_part_of_a_record_is_an_alteration(store: Store):
    stored(store, FILE)
    meta = store.settings.meta_table
    (item,) = (i for i in items_of(store, meta) if i["record"]["S"] == ENGINE_OBJECTS)
    store.client.put_item(TableName=meta, Item={**item, "parts": {"N": "2"}})
    found = audit(store, "A", None, None, Silent())
    assert (difference(store, ENGINE_OBJECTS, "altered"),) == found.differences


@pytest.mark.parametrize("content", [b"", b"another file"])
def test_what_is_whole_and_not_what_was_kept_is_altered(store: Store, content: bytes):
    stored(store, FILE)
    store.parts("A").put(ENGINE_OBJECTS, content)
    found = audit(store, "A", None, None, Silent())
    assert (difference(store, ENGINE_OBJECTS, "altered"),) == found.differences


def test_another_tree_is_found_with_the_file(store: Store):
    """Without it, only what no tree can be."""
    stored(store, FILE)
    for name, key in ((LOGIC_TREE, "source_branches"), (REALISATIONS, "paths")):
        value = store.parts("A").get_json(name)
        store.parts("A").put_json(name, {**value, key: value[key][1:]})
    assert audit(store, "A", None, None, Silent()).passed
    found = audit(store, "A", str(FILE), None, Silent())
    assert {LOGIC_TREE, REALISATIONS} == {each.range_key for each in found.differences}
    assert 2 == found.altered


@pytest.mark.parametrize(
    ("name", "value"),
    [
        (LOGIC_TREE, []),
        (LOGIC_TREE, {"source_branches": []}),
        (REALISATIONS, {"weights": [1.0], "paths": None}),
        (REALISATIONS, {"weights": [0.25] * 4}),
        (REALISATIONS, None),
    ],
)
def test_what_no_tree_can_be_is_altered(store: Store, name: str, value: Any):
    stored(store, FILE)
    store.parts("A").put_json(name, value)
    found = audit(store, "A", None, None, Silent())
    assert (difference(store, name, "altered"),) == found.differences


def test_checksums_of_another_number_of_blocks_are_altered(store: Store):
    stored(store, FILE)
    put(store, CHECKSUMS, zlib.compress(bytes(8)))
    found = audit(store, "A", None, None, Silent())
    assert (difference(store, CHECKSUMS, "altered"),) == found.differences


def test_what_was_stored_before_they_were_kept_has_none(store: Store):
    """No difference; its tree is audited like that of others."""
    stored(store, FILE)
    meta = store.settings.meta_table
    (head,) = (i for i in items_of(store, meta) if i["record"]["S"] == "head")
    content = json.loads(head["calculation"]["S"])
    del content["engine_objects"], content["forecast"]["records"]
    store.client.put_item(TableName=meta, Item={**head, "calculation": {"S": json.dumps(content)}})
    for name in (CHECKSUMS, ENGINE_OBJECTS):
        removed(store, name)
    assert audit(store, "A", None, None, Silent()).passed
    assert audit(store, "A", str(FILE), None, Silent()).passed
    removed(store, REALISATIONS)
    assert not audit(store, "A", None, None, Silent()).passed


def test_the_tree_of_what_is_continued_is_the_parents(store: Store, tmp_path: Path):
    """Its file does not tell it, so it is not compared; it must be there."""
    make_parent(tmp_path / "calc_7.hdf5")
    child = make_child(tmp_path / "calc_8.hdf5", 7)
    load(store, str(child.path), "A", StoreOptions(), Silent())
    assert audit(store, "A", str(child.path), None, Silent()).passed
    removed(store, LOGIC_TREE)
    found = audit(store, "A", str(child.path), None, Silent())
    assert (difference(store, LOGIC_TREE, "missing"),) == found.differences


def test_records_stand_before_the_items(store: Store):
    """Differences are cut at a number: a repair must learn of these."""
    stored(store, FILE)
    table = store.table(Kind.STATS)
    store.client.delete_item(TableName=table, Key=key_of(items_of(store, table)[0]))
    removed(store, ENGINE_OBJECTS)
    found = audit(store, "A", None, None, Silent())
    tables = [each.table for each in found.differences]
    assert [store.settings.meta_table, table] == tables
    assert 2 == found.missing
