"""A repair makes large records again from the file, and from no other."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest

from hazard_store.errors import NoSuchInput, Refused
from hazard_store.model import KeyScheme, StoreOptions
from hazard_store.records.parts import CHECKSUMS, ENGINE_OBJECTS, LOGIC_TREE, REALISATIONS
from hazard_store.store import Store
from hazard_store.workflow.audit_records import RECORDS
from hazard_store.workflow.load import load
from hazard_store.workflow.repair import repair
from hazard_store.workflow.repair_records import put_again
from tests.support.calc_factory import MadeCalc, make_calc, make_child, make_parent
from tests.support.damaged_records import altered, removed
from tests.support.loading import FILE, Silent, all_items, stored


def lasting(store: Store) -> dict[str, list[dict[str, Any]]]:
    """Return all items but what audits and repairs leave of themselves."""
    passing = ("audit#", "history#")
    return {
        table: [i for i in items if not i.get("record", {"S": ""})["S"].startswith(passing)]
        for table, items in all_items(store).items()
    }


def repaired(store: Store, uri: str | None = None, **options: Any) -> bool:
    return repair(store, "A", uri, None, Silent(), lambda _: False, **options).passed


@pytest.mark.parametrize("change", [removed, altered])
@pytest.mark.parametrize("name", RECORDS)
def test_all_is_as_it_was(store: Store, name: str, change: Any):
    stored(store, FILE, key_scheme=KeyScheme.CALC, sites_per_chunk=2)
    before = lasting(store)
    change(store, name)
    assert before != lasting(store)
    assert repaired(store)
    assert before == lasting(store)


def test_all_of_them_at_once(store: Store):
    stored(store, FILE)
    before = lasting(store)
    for name in RECORDS:
        altered(store, name)
    value = {"weights": [1.0], "paths": None}
    store.parts("A").put_json(REALISATIONS, value)
    assert repaired(store)
    assert before == lasting(store)


def test_one_that_only_the_file_tells(store: Store):
    stored(store, FILE)
    before = lasting(store)
    tree = store.parts("A").get_json(LOGIC_TREE)
    store.parts("A").put_json(LOGIC_TREE, {**tree, "gsim_branches": []})
    assert repaired(store)
    assert before == lasting(store)


def test_not_from_another_file(store: Store, tmp_path: Path):
    stored(store, FILE)
    altered(store, CHECKSUMS)
    other = make_calc(tmp_path / "other.hdf5").path
    with pytest.raises(Refused, match="not the file that is stored"):
        repaired(store, str(other))
    with pytest.raises(Refused, match="not the file that is stored"):
        put_again(store, store.head("A"), {CHECKSUMS}, str(other))


@pytest.fixture
def child(store: Store, tmp_path: Path) -> MadeCalc:
    """A stored calculation that continues another one."""
    make_parent(tmp_path / "calc_7.hdf5")
    made = make_child(tmp_path / "calc_8.hdf5", 7)
    load(store, str(made.path), "A", StoreOptions(), Silent())
    return made


def test_of_what_is_continued_the_parent_is_read_again(
    store: Store, tmp_path: Path, child: MadeCalc
):
    before = lasting(store)
    for name in (LOGIC_TREE, REALISATIONS, ENGINE_OBJECTS):
        removed(store, name)
    assert repaired(store)
    assert before == lasting(store)
    removed(store, REALISATIONS)
    moved = (tmp_path / "calc_7.hdf5").rename(tmp_path / "first_run.hdf5")
    with pytest.raises(NoSuchInput, match=r"calc_7\.hdf5"):
        repaired(store)
    assert repaired(store, parent=str(moved))
    assert before == lasting(store)


def test_another_parent_is_refused(store: Store, tmp_path: Path, child: MadeCalc):
    other = make_parent(tmp_path / "calc_9.hdf5", seed=1).path
    with pytest.raises(Refused, match="not the parent"):
        put_again(store, store.head("A"), {REALISATIONS}, str(child.path), str(other))


def test_what_a_release_makes_otherwise_stays_missing_and_is_told(
    store: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    """A record is what the head says, or nothing."""
    stored(store, FILE)
    removed(store, ENGINE_OBJECTS)
    monkeypatch.setattr("hazard_store.calcfile.engine_objects.DESCRIBED", ())
    with caplog.at_level(logging.WARNING):
        assert not repaired(store)
    assert "load --if-stored replace" in caplog.text
    assert store.parts("A").get(ENGINE_OBJECTS) is None
