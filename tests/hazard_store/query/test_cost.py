"""What a question is told to read is what it reads."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from benchmarks.support.meter import RuledMeter
from hazard_store.model import Kind
from hazard_store.query import open_calculation
from hazard_store.query.ask import ask
from hazard_store.query.cost import cost_of
from hazard_store.store import Store
from tests.support.calc_factory import make_calc
from tests.support.loading import stored

N = 60
QUESTIONS: dict[str, tuple[Kind, Any, Any, Any, int]] = {
    "the mean of all sites": (Kind.STATS, None, ["PGA"], ["mean"], N),
    "all statistics": (Kind.STATS, None, None, None, 2 * N),
    "all realisations": (Kind.REALISATIONS, None, None, None, 3 * N),
    "a realisation of two sites": (Kind.REALISATIONS, "two", None, [3], 2),
    "recomputed": (Kind.STATS, None, None, ["mean@rlzs", "mean"], 4 * N),
}


@pytest.fixture
def large(store: Store, tmp_path: Path) -> Store:
    """A calculation of 60 sites whose items are several units each."""
    imts = ("PGA", *(f"SA({n}.0)" for n in range(1, 21)))
    stored(store, make_calc(tmp_path / "c.hdf5", n=N, r=30, imts=imts).path)
    return Store(store.settings)


@pytest.mark.parametrize("name", QUESTIONS)
def test_items_are_exact_and_units_nearly(large: Store, name: str):
    kind, locs, imts, rows, items = QUESTIONS[name]
    calculation = open_calculation("A", store=large)
    locs = calculation.sites.locs[:2] if locs else None
    asked = ask(kind, calculation, locs, imts, rows, False, store=large)
    cost = cost_of([asked])
    assert items == cost.items
    read = RuledMeter(large).measured(lambda: list(asked.blocks())).cost.units
    assert read * 0.6 - 2 <= cost.units <= read * 1.6 + 2


def test_map_items_are_counted(large: Store, tmp_path: Path):
    stored(large, make_calc(tmp_path / "m.hdf5", n=N, r=2).path, "M", map_statistics="mean")
    asked = ask(Kind.STATS, "M", None, ["PGA"], ["mean"], False, store=large)
    assert asked.is_of_maps
    assert 2 == cost_of([asked]).items


def test_several_questions_add_up(large: Store):
    asked = [ask(kind, "A", None, None, None, False, store=large) for kind in Kind]
    both = cost_of(asked)
    assert both.items == sum(cost_of([each]).items for each in asked)
    assert both.dollars == pytest.approx(both.units * 0.125e-6)
