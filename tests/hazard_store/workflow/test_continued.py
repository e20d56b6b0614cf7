"""A calculation that continues another one, on its way through the store."""

from __future__ import annotations

import datetime as dt
import json
import os
from dataclasses import asdict
from pathlib import Path

import pytest

from hazard_store.errors import BadParameter, FileChanged, Refused
from hazard_store.model import IfStored, Kind, Status, StoreOptions, Units
from hazard_store.query import get_logic_tree
from hazard_store.store import Store
from hazard_store.workflow.audit import audit
from hazard_store.workflow.claim import already_published, claim
from hazard_store.workflow.inspect import inspect, inspection_json
from hazard_store.workflow.load import load
from hazard_store.workflow.repair import repair
from hazard_store.workflow.write import write_chunk
from tests.support.calc_factory import MadeCalc, make_calc, make_child, make_parent
from tests.support.laws import assert_same
from tests.support.loading import Silent, items_of, plan_of, stored
from tests.support.plain_curves import plain_calc


@pytest.fixture
def parent(tmp_path: Path) -> MadeCalc:
    return make_parent(tmp_path / "calc_7.hdf5")


@pytest.fixture
def child(tmp_path: Path) -> MadeCalc:
    return make_child(tmp_path / "calc_8.hdf5", 7)


def test_it_is_stored_like_one_that_has_all_in_one_file(
    store: Store, tmp_path: Path, parent: MadeCalc, child: MadeCalc
):
    """Items and logic tree are the same; the head says where the weights were read."""
    whole = make_calc(tmp_path / "whole.hdf5")
    assert Status.PUBLISHED is stored(store, child.path, "CHILD").head.status
    assert Status.PUBLISHED is stored(store, whole.path, "WHOLE").head.status
    assert_same(plain_calc(child.path), store, "CHILD")
    assert get_logic_tree("WHOLE", store=store) == get_logic_tree("CHILD", store=store)
    recorded = store.head("CHILD").calculation.parent
    assert recorded is not None
    assert (str(parent.path), parent.path.stat().st_size) == (recorded.uri, recorded.size)
    assert store.head("WHOLE").calculation.parent is None


def test_a_named_parent_is_read_and_recorded(
    store: Store, tmp_path: Path, parent: MadeCalc, child: MadeCalc
):
    moved = parent.path.rename(tmp_path / "first_run.hdf5")
    options = StoreOptions()
    loaded = load(store, str(child.path), "A", options, Silent(), parent=str(moved))
    assert loaded.head.calculation.parent is not None
    assert str(moved) == loaded.head.calculation.parent.uri


def test_what_is_stored_is_audited_and_repaired_without_the_parent(
    store: Store, parent: MadeCalc, child: MadeCalc
):
    """Readers of curves need no weights: those are recorded."""
    stored(store, child.path)
    parent.path.unlink()
    for kind in Kind:
        item = items_of(store, store.table(kind))[0]
        keys = {k: v for k, v in item.items() if k in ("haz_sol_id", "loc_agg_rk", "loc_rlz_rk")}
        store.client.delete_item(TableName=store.table(kind), Key=keys)
    assert audit(store, "A", str(child.path), None, Silent()).missing == 2
    assert repair(store, "A", None, None, Silent(), lambda _: False).passed
    assert audit(store, "A", str(child.path), None, Silent()).passed


def test_a_parent_that_is_named_again_must_be_the_recorded_one(
    store: Store, tmp_path: Path, parent: MadeCalc, child: MadeCalc
):
    """The same place and version, or the same content elsewhere."""
    stored(store, child.path)
    copy = tmp_path / "copy.hdf5"
    copy.write_bytes(parent.path.read_bytes())
    other = make_parent(tmp_path / "calc_9.hdf5", seed=1)
    file = str(child.path)
    for good in (parent.path, copy):
        assert audit(store, "A", file, None, Silent(), parent=str(good)).passed
    with pytest.raises(Refused, match=r"calc_9\.hdf5 is not the parent that was read"):
        audit(store, "A", file, None, Silent(), parent=str(other.path))
    with pytest.raises(Refused, match="not the parent"):
        repair(store, "A", None, None, Silent(), lambda _: False, parent=str(other.path))
    with pytest.raises(BadParameter, match="--calc-file"):
        audit(store, "A", None, None, Silent(), parent=str(parent.path))
    os.utime(parent.path)
    with pytest.raises(FileChanged):
        audit(store, "A", file, None, Silent(), parent=str(parent.path))


def test_a_parent_for_a_calculation_without_one_is_refused(
    store: Store, tmp_path: Path, parent: MadeCalc
):
    whole = make_calc(tmp_path / "whole.hdf5")
    head = stored(store, whole.path).head
    with pytest.raises(Refused, match="stored without a parent"):
        write_chunk(
            store,
            str(whole.path),
            head,
            Kind.STATS,
            head.calculation.chunks[0],
            parent=str(parent.path),
        )


def test_the_same_file_with_another_parent_is_not_the_same_calculation(
    store: Store, tmp_path: Path, parent: MadeCalc, child: MadeCalc
):
    """Its weights would be others, and nobody would see it."""
    stored(store, child.path)
    assert stored(store, child.path).already_published
    other = make_parent(tmp_path / "calc_9.hdf5", weights=[0.25, 0.75])
    options = StoreOptions()
    with pytest.raises(Refused, match="stored under this id"):
        load(store, str(child.path), "A", options, Silent(), parent=str(other.path))
    inspected = inspection_json(
        inspect(str(child.path), store.settings, Silent(), parent=str(other.path))
    )
    with pytest.raises(Refused, match=r"with the parent .*calc_7\.hdf5"):
        already_published(store, str(child.path), "A", options, replace=False, inspected=inspected)
    for named, known in ((None, True), (parent.path, True), (other.path, False)):
        assert known == already_published(
            store,
            str(child.path),
            "A",
            options,
            replace=False,
            parent=None if named is None else str(named),
        )
    replaced = load(
        Store(store.settings.model_copy(update={"replace_grace_s": 0})),
        str(child.path),
        "A",
        options,
        Silent(),
        IfStored.REPLACE,
        parent=str(other.path),
    )
    assert replaced.head.calculation.version == 2
    assert get_logic_tree("A", store=store)["weights"] == [0.25, 0.75]


def test_a_parent_of_other_bytes_and_the_same_tree_is_the_same_calculation(
    store: Store, tmp_path: Path, parent: MadeCalc, child: MadeCalc
):
    """And so is one file that has all."""
    stored(store, child.path)
    whole = make_calc(tmp_path / "whole.hdf5")
    again = make_parent(tmp_path / "again.hdf5", oqparam={"description": "made again"})
    options = StoreOptions()
    for file, named in ((child.path, str(again.path)), (whole.path, None)):
        assert load(
            store, str(file), "A", options, Silent(), IfStored.FAIL, parent=named
        ).already_published
    assert audit(store, "A", str(whole.path), None, Silent()).passed
    stored(store, whole.path, "WHOLE")
    assert stored(store, child.path, "WHOLE").already_published
    assert audit(store, "WHOLE", str(child.path), None, Silent()).passed


def test_a_file_that_has_all_resumes_a_run(
    store: Store, tmp_path: Path, parent: MadeCalc, child: MadeCalc
):
    """And the other way round; the attempt's parent is that of the file it reads."""
    whole = make_calc(tmp_path / "whole.hdf5")
    claim(store, plan_of(store, child.path), "run-1", IfStored.FAIL)
    head = stored(store, whole.path, if_stored=IfStored.RESUME).head
    assert head.calculation.parent is None
    claim(store, plan_of(store, whole.path, "B"), "run-1", IfStored.FAIL)
    head = stored(store, child.path, "B", IfStored.RESUME).head
    assert str(parent.path) == getattr(head.calculation.parent, "uri", None)
    for calc_id in ("A", "B"):
        assert repair(store, calc_id, None, None, Silent(), lambda _: False).passed
        assert_same(plain_calc(whole.path), store, calc_id)


def test_a_resume_records_where_the_parent_lies_now(
    store: Store, tmp_path: Path, parent: MadeCalc, child: MadeCalc
):
    claim(store, plan_of(store, child.path), "run-1", IfStored.FAIL)
    moved = tmp_path / "moved"
    moved.mkdir()
    parent.path.rename(moved / "calc_7.hdf5")
    child.path.rename(moved / "calc_8.hdf5")
    head = stored(store, moved / "calc_8.hdf5", if_stored=IfStored.RESUME).head
    assert head.calculation.parent is not None
    assert str(moved / "calc_7.hdf5") == head.calculation.parent.uri


def test_what_is_left_for_a_run_has_the_parent(store: Store, parent: MadeCalc, child: MadeCalc):
    found = inspect(str(child.path), store.settings, Silent())
    store.inspections.put("run-1", found, Units({}, {}, ()), dt.datetime.now(dt.UTC))
    left = store.inspections.get("run-1")
    assert left is not None
    assert (found.parent, found.calculation.parent) == (left[0].parent, left[0].calculation.parent)
    assert found.parent is not None


def test_inspect_says_which_parent_it_has_read(store: Store, parent: MadeCalc, child: MadeCalc):
    said = inspection_json(inspect(str(child.path), store.settings, Silent()))
    assert {"uri", "size", "etag", "sha256"} == set(said["parent"])
    assert json.loads(json.dumps(said)) == said
    whole = inspect(str(make_calc(parent.path).path), store.settings, Silent())
    assert inspection_json(whole)["parent"] is None


def test_records_from_before_have_no_parent(store: Store, parent: MadeCalc, child: MadeCalc):
    """And are read as they were."""
    calculation = stored(store, child.path).head.calculation
    older = json.loads(calculation.model_dump_json())
    assert asdict(calculation.parent) == older.pop("parent")  # type: ignore[call-overload]
    assert type(calculation).model_validate(older).parent is None
