"""What an inspection leaves comes back as it was, and goes away."""

from __future__ import annotations

import dataclasses
import datetime as dt
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hazard_store.calcfile import inspect_file
from hazard_store.model import Kind, Sample, StoreOptions, Units
from hazard_store.store import Store
from hazard_store.workflow.plan import make_plan
from tests.support.calc_factory import make_calc
from tests.support.loading import CALCS, all_items

NOW = dt.datetime(2026, 11, 25, tzinfo=dt.UTC)
NO_UNITS = Units({}, {}, ())
RUN = "store_hazard/manual__2026-11-25T00:00:00+00:00_a#b"


def same(one: Any, other: Any) -> bool:
    """Compare dataclasses that hold arrays, bit for bit."""
    if isinstance(one, np.ndarray):
        return one.dtype == other.dtype and one.tobytes() == other.tobytes()
    if dataclasses.is_dataclass(one):
        return all(
            same(getattr(one, f.name), getattr(other, f.name)) for f in dataclasses.fields(one)
        )
    return bool(one == other)


@pytest.mark.parametrize(
    "name", ["classical_rlzs_stats", "custom_ids", "imt_weights", "logic_tree_paths"]
)
def test_an_inspection_comes_back_and_plans_the_same(store: Store, name: str):
    path = CALCS / f"{name}.hdf5"
    if not path.exists():
        pytest.skip(f"{name} is not among the small files")
    found = inspect_file(str(path), store.settings)
    plan = make_plan(found, "A", StoreOptions(), store.settings)
    store.inspections.put(RUN, found, plan.units, NOW)
    left = store.inspections.get(RUN)
    assert left is not None
    bare = dataclasses.replace(found, sample=Sample((), {}))
    tree = dataclasses.replace(found.calculation.logic_tree, weights_by_imt={})
    bare = dataclasses.replace(
        bare, calculation=dataclasses.replace(found.calculation, logic_tree=tree)
    )
    assert same(bare, left[0])
    again = make_plan(left[0], "A", StoreOptions(), store.settings, units=left[1])
    assert plan.calculation == again.calculation
    assert list(plan.site_parts) == list(again.site_parts)


def test_any_size_comes_back(store: Store, tmp_path: Path):
    """More than one item of 400 KB: ids that cannot be compressed."""
    rng, n = np.random.default_rng(0), 90_000
    zeros = np.zeros((n, 1, 1, 1), "f4")
    made = make_calc(
        tmp_path / "c.hdf5",
        n,
        1,
        ["PGA"],
        [0.1],
        ("mean",),
        [rng.bytes(4).hex() for _ in range(n)],
        stats=zeros,
        rlzs=zeros,
        lat=[-41.5] * n,
        lon=[174.5] * n,
    )
    found = inspect_file(str(made.path), store.settings)
    units = Units({Kind.STATS: 1.5}, {Kind.STATS: 0.1}, (7.5,))
    store.inspections.put(RUN, found, units, NOW)
    left = store.inspections.get(RUN)
    assert left is not None
    assert found.calculation.sites.custom_ids == left[0].calculation.sites.custom_ids
    assert units == left[1]
    assert len(all_items(store)[store.settings.meta_table]) > 3


def test_what_is_left_goes(store: Store):
    before = all_items(store)
    found = inspect_file(str(CALCS / "classical_rlzs_stats.hdf5"), store.settings)
    store.inspections.put(RUN, found, NO_UNITS, NOW)
    store.inspections.put(RUN, found, NO_UNITS, NOW)
    assert before != all_items(store)
    store.inspections.remove("another run")
    assert store.inspections.get(RUN) is not None
    store.inspections.remove(RUN)
    assert before == all_items(store)
    assert store.inspections.get(RUN) is None


def test_only_what_is_old_goes_by_itself(store: Store):
    found = inspect_file(str(CALCS / "classical_rlzs_stats.hdf5"), store.settings)
    for run, days in (("old", 2), ("new", 0), ("older", 9)):
        store.inspections.put(run, found, NO_UNITS, NOW - dt.timedelta(days=days))
    assert ["old", "older"] == store.inspections.remove_old(NOW)
    assert store.inspections.get("new") is not None
    assert store.inspections.get("old") is None
    assert [] == store.inspections.remove_old(NOW)


def test_no_calculation_is_seen_for_it(store: Store, cli: Any):
    found = inspect_file(str(CALCS / "classical_rlzs_stats.hdf5"), store.settings)
    store.inspections.put(RUN, found, NO_UNITS, NOW)
    ended = cli("list", "--all", "--json")
    assert (0, "[]") == (ended.code, ended.out.strip())
