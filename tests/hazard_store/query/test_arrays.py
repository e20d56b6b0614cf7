"""Curves as arrays: in the order that was asked for, whole sites first, then what is wrong."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hazard_store.errors import DamagedCalculation, NoSuchCurve
from hazard_store.items import maps
from hazard_store.model import Kind
from hazard_store.query import hazard_arrays, hazard_blocks, open_calculation
from hazard_store.query.arrays import Question
from hazard_store.store import Store
from tests.support.calc_factory import MadeCalc, make_calc
from tests.support.loading import items_of, key_of, stored
from tests.support.plain_curves import plain_calc

N, R = 9, 14
AGGS, IMTS = ("0.1", "mean", "0.9"), ("PGA", "SA(0.5)", "SA(1.0)")


@pytest.fixture
def made(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MadeCalc:
    """A calculation whose mean and 0.9 have map items, in blocks of three sites."""
    monkeypatch.setattr(maps, "MAX_SITES", 3)
    calc = make_calc(tmp_path / "calc.hdf5", n=N, r=R, aggs=AGGS, imts=IMTS)
    stored(store, calc.path, realisations_per_item=5, map_statistics="0.9,mean")
    return calc


@pytest.mark.parametrize(
    ("kind", "rows", "ordinals"),
    [
        ("stats", ["0.9", "mean"], [2, 1]),
        ("stats", ["mean", "0.1"], [1, 0]),
        ("stats", None, [0, 1, 2]),
        ("realisations", [13, "00000", 6], [13, 0, 6]),
        (Kind.REALISATIONS, None, list(range(R))),
    ],
)
def test_sites_rows_and_measures_are_as_asked(
    store: Store, made: MadeCalc, kind: str, rows: Any, ordinals: list[int]
):
    """And the same comes by blocks, and of all sites."""
    every = made.stats if kind == "stats" else made.rlzs
    locs = plain_calc(made.path).locs
    at = [7, 0, 3]
    asked = {"imts": ["SA(1.0)", "pga"], "rows": rows}
    wanted = [locs[n] for n in at]
    sites, curves = hazard_arrays("A", kind, locs=wanted, **asked, store=store)
    assert (wanted, np.float32) == (list(sites.locs), curves.dtype)
    assert every[np.ix_(at, ordinals, [2, 0])].tobytes() == curves.tobytes()
    sites, curves = hazard_arrays("A", kind, **asked, store=store)
    order = [locs.index(loc) for loc in sites.locs]
    assert list(range(N)) == sorted(order)
    assert every[np.ix_(order, ordinals, [2, 0])].tobytes() == curves.tobytes()
    blocks = list(hazard_blocks("A", kind, **asked, store=store))
    assert curves.tobytes() == np.concatenate([each for _, each in blocks]).tobytes()
    assert list(sites.locs) == [loc for of_block, _ in blocks for loc in of_block.locs]


@pytest.mark.parametrize(
    ("kind", "locs", "rows", "is_of_maps"),
    [
        (Kind.STATS, None, ["mean"], True),
        (Kind.STATS, None, ["0.9", "mean"], True),
        (Kind.STATS, None, ["0.1", "mean"], False),  # one of them has none
        (Kind.STATS, None, None, False),
        (Kind.STATS, ["[-41.500~174.000]"], ["mean"], False),
        (Kind.STATS, [], ["mean"], False),
        (Kind.STATS, None, [], False),
        (Kind.REALISATIONS, None, None, False),
    ],
)
def test_map_items_are_read_where_they_have_all_of_it(
    store: Store, made: MadeCalc, kind: Kind, locs: Any, rows: Any, is_of_maps: bool
):
    asked = Question.of(open_calculation("A", store=store), kind, locs, None, rows)
    assert is_of_maps == asked.is_of_maps


def test_of_nothing_there_is_nothing(store: Store, made: MadeCalc):
    for asked in ({"locs": []}, {"rows": []}, {"imts": []}):
        sites, curves = hazard_arrays("A", "stats", **asked, store=store)
        assert (0, 0) == (len(sites), curves.size)
        assert [] == list(hazard_blocks("A", "stats", **asked, store=store))


def test_what_is_asked_for_twice(store: Store, made: MadeCalc):
    """A site is given twice, a row and a measure once."""
    loc = plain_calc(made.path).locs[2]
    asked = {"rows": ["mean", "MEAN"], "imts": ["PGA", "PGA"]}
    sites, curves = hazard_arrays("A", "stats", locs=[loc, loc], **asked, store=store)
    assert ([loc, loc], (2, 1, 1, 5)) == (list(sites.locs), curves.shape)


@pytest.mark.parametrize(
    "asked", [{"rows": ["0.7"]}, {"imts": ["SA(7.0)"]}, {"locs": ["[-1.000~2.000]"]}]
)
def test_what_is_not_there_is_said(store: Store, made: MadeCalc, asked: dict[str, Any]):
    with pytest.raises(NoSuchCurve):
        hazard_arrays("A", "stats", **asked, store=store)


def until_damage(blocks: Iterator[Any]) -> tuple[list[str], str]:
    """Return the sites that were served, and what was then said."""
    served: list[str] = []
    try:
        for sites, _ in blocks:
            served += sites.locs
    except DamagedCalculation as error:
        return served, str(error)
    raise AssertionError("it was whole")


def test_whole_sites_come_before_what_is_wrong(store: Store, made: MadeCalc):
    locs = plain_calc(made.path).locs
    table = store.table(Kind.STATS)
    lost = next(i for i in items_of(store, table) if i["loc_agg_rk"]["S"] == f"{locs[4]}:mean")
    store.client.delete_item(TableName=table, Key=key_of(lost))
    served, said = until_damage(hazard_blocks("A", "stats", store=store))
    assert sorted(set(locs) - {locs[4]}) == sorted(served)
    assert f"statistic mean of site {locs[4]} is missing" in said
    served, _ = until_damage(hazard_blocks("A", "stats", [locs[4], locs[1]], store=store))
    assert [locs[1]] == served
    assert N == len(hazard_arrays("A", "stats", rows=["0.9"], store=store)[0])


def test_whole_blocks_come_before_what_is_wrong(store: Store, made: MadeCalc):
    """And no site's own items are read instead."""
    table = store.table(Kind.STATS)
    of_map = [i for i in items_of(store, table) if i["haz_sol_id"]["S"] == "A:map:mean:SA(0.5)"]
    for item in of_map[1:]:
        store.client.delete_item(TableName=table, Key=key_of(item))
    served, said = until_damage(hazard_blocks("A", "stats", rows=["mean"], store=store))
    assert 3 == len(served)
    assert "the map item A:map:mean:SA(0.5) 00000003 is missing (6 sites are not whole)" in said
    assert N == len(hazard_arrays("A", "stats", rows=["mean"], imts=["PGA"], store=store)[0])
