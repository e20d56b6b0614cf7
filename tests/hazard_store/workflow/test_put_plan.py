"""The large records: stored as they were inspected, and counted before they are."""

from __future__ import annotations

import dataclasses
import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hazard_store import prices
from hazard_store.items.size import write_units
from hazard_store.model import IfStored, KeyScheme, Kind, StoreOptions
from hazard_store.records import StoredCalculation
from hazard_store.records.parts import CHECKSUMS, ENGINE_OBJECTS, PART_BYTES
from hazard_store.store import Store
from hazard_store.workflow.audit import audit
from hazard_store.workflow.claim import claim
from hazard_store.workflow.inspect import inspect
from hazard_store.workflow.plan import Plan, make_plan
from hazard_store.workflow.put_plan import put_plan
from tests.support.calc_factory import make_calc
from tests.support.loading import FILE, Silent, items_of, plan_of, stored


def large_items(store: Store, storage_id: str = "A") -> list[dict[str, Any]]:
    """Return the items of the large records of one version."""
    found = items_of(store, store.settings.meta_table)
    names = ("sites", "logic-tree", "realisations", "checksums", "engine-objects")
    return [
        item
        for item in found
        if item["haz_sol_id"]["S"] == storage_id and item["record"]["S"].partition("#")[0] in names
    ]


def large_plan(store: Store) -> Plan:
    """A plan of which one record takes several items."""
    inspection = inspect(str(FILE), store.settings, Silent())
    content = np.random.default_rng(0).bytes(3 * PART_BYTES)
    inspection = dataclasses.replace(inspection, engine_objects=content)
    return make_plan(inspection, "A", StoreOptions(), store.settings)


def test_what_is_kept_for_the_engine_comes_back(store: Store):
    inspected = inspect(str(FILE), store.settings, Silent()).engine_objects
    head = stored(store, FILE).head
    assert inspected == store.parts("A").get(ENGINE_OBJECTS)
    digest = head.calculation.engine_objects
    assert digest is not None
    assert (len(inspected), hashlib.sha256(inspected).hexdigest()) == (digest.size, digest.sha256)


def test_where_nothing_could_be_kept_there_is_no_record(store: Store):
    inspection = inspect(str(FILE), store.settings, Silent())
    bare = dataclasses.replace(inspection, engine_objects=b"")
    plan = make_plan(bare, "A", StoreOptions(), store.settings)
    head = claim(store, plan, "run-1", IfStored.FAIL).head
    assert head.calculation.engine_objects is None
    assert store.parts("A").get(ENGINE_OBJECTS) is None
    assert store.parts("A").get(CHECKSUMS) is not None


@pytest.mark.parametrize("n_sites", [3, 2500])
def test_the_forecast_counts_the_items_of_the_records_exactly(
    store: Store, tmp_path: Path, n_sites: int
):
    """2,500 sites are three parts."""
    plan = plan_of(store, make_calc(tmp_path / "c.hdf5", n_sites).path)
    forecast = claim(store, plan, "run-1", IfStored.FAIL).head.calculation.forecast
    items = large_items(store)
    assert -(-n_sites // 1024) + 4 == len(items) == forecast.records
    assert sum(map(write_units, items)) == forecast.records_wcu


def test_a_record_of_several_items_is_counted_as_such_and_comes_back(store: Store):
    plan = large_plan(store)
    claim(store, plan, "run-1", IfStored.FAIL)
    items = large_items(store)
    assert 8 == len(items) == plan.calculation.forecast.records  # four of it, and four others
    assert all(write_units(item) <= 400 for item in items)
    assert plan.engine_objects == store.parts("A").get(ENGINE_OBJECTS)


def test_the_records_are_in_the_dollars_and_in_no_other_figure(store: Store):
    large, small = large_plan(store).calculation.forecast, plan_of(store).calculation.forecast
    more = large.records_wcu - small.records_wcu
    assert more > 800
    assert large.dollars - small.dollars == pytest.approx(more * prices.DOLLARS_PER_WRITE_UNIT)
    for kind in Kind:
        assert large.wcu(kind) == small.wcu(kind)
    assert (large.stats_items, large.seconds) == (small.stats_items, small.seconds)


def test_a_plan_shows_the_records(store: Store, cli: Any):
    said = cli("plan", FILE, "A").out
    forecast = plan_of(store).calculation.forecast
    (row,) = (line for line in said.splitlines() if "records" in line)
    assert all(f" {n} " in row for n in (forecast.records, forecast.records_wcu))


def test_storing_them_again_changes_nothing(store: Store):
    plan = plan_of(store)
    claim(store, plan, "run-1", IfStored.FAIL)
    before = large_items(store)
    put_plan(store.parts("A"), plan_of(store))
    assert before == large_items(store)


@pytest.mark.parametrize("sites_per_chunk", [None, 2], ids=["same chunks", "other chunks"])
def test_a_resume_of_what_was_begun_before_they_were_kept_keeps_them(
    store: Store, sites_per_chunk: int | None
):
    """Its head then says so, and they are audited."""
    options = {"key_scheme": KeyScheme.CALC}
    plan = plan_of(store, **options)
    forecast = plan.calculation.forecast.model_copy(update={"records": 0, "records_wcu": 0})
    older = plan.calculation.model_copy(update={"engine_objects": None, "forecast": forecast})
    plan = dataclasses.replace(plan, calculation=older, engine_objects=b"")
    claim(store, plan, "run-1", IfStored.FAIL)
    options["sites_per_chunk"] = sites_per_chunk
    head = stored(store, FILE, if_stored=IfStored.RESUME, **options).head
    assert head.calculation.engine_objects is not None
    assert head.calculation.forecast.records == 5
    assert audit(store, "A", str(FILE), None, Silent()).passed


def test_heads_from_before_are_read(store: Store):
    older = plan_of(store).calculation.model_dump(mode="json")
    del older["engine_objects"], older["forecast"]["records"], older["forecast"]["records_wcu"]
    read = StoredCalculation.model_validate(older)
    assert read.engine_objects is None
    assert (0, 0) == (read.forecast.records, read.forecast.records_wcu)
