"""Laws that hold wherever a calculation is stored, read, refused or left alone."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hazard_store.model import REALISATIONS_PER_ITEM, KeyScheme, Layout
from hazard_store.query import get_hazard_rlz_curves, get_hazard_stats_curves, hazard_arrays
from hazard_store.store import Store
from hazard_store.workflow.load import Loaded
from tests.support.loading import all_items, stored
from tests.support.plain_curves import PlainCalc, plain_calc

Way = dict[str, Any]  # options besides the key scheme
TOGETHER = 1000  # statistics an item: all of them
MANY_CURVES = 2000  # of realisations: then only one key scheme is gone through in every way


def check_fidelity(
    store: Store, path: Path, scheme: KeyScheme, ways: list[Way] | None = None
) -> None:
    """Load a file in several ways, and compare all that is read back with the file."""
    calc = plain_calc(path)
    for number, way in enumerate(ways or ways_of(calc, scheme)):
        calc_id = f"C{number}"
        loaded = stored(store, path, calc_id, key_scheme=scheme, **way)
        assert loaded.report.passed
        assert str(loaded.head.status) == "published"
        assert_same(calc, store, calc_id)
        assert_counts(calc, loaded, way)


def ways_of(calc: PlainCalc, scheme: KeyScheme) -> list[Way]:
    """Return the layouts and group sizes that give different items.

    Groups of statistics and map items go round, so that they take no loads of their own; the key
    schemes of a file begin at different places.
    """
    turn = len(calc.locs) + 5 * list(KeyScheme).index(scheme)
    if len(calc.rlz_curves()) > MANY_CURVES and scheme is not KeyScheme.CALC_LOCATION:
        return [_packed(calc, None, turn)]
    ways: list[Way] = [{"layout": Layout.READABLE}]
    n_rlzs = 0 if calc.rlzs is None else calc.rlzs.shape[1]
    seen = set()
    for group in (1, 5, None):
        rows = min(group or REALISATIONS_PER_ITEM, n_rlzs)
        if rows not in seen:
            ways.append(_packed(calc, group, turn + len(ways)))
        seen.add(rows)
    return ways


def _packed(calc: PlainCalc, group: int | None, turn: int) -> Way:
    statistics = (1, 2, "mean", TOGETHER)[turn % 4]
    one = "mean" if "mean" in calc.stats else next(iter(calc.stats), "none")
    maps = ("none", "all", one)[turn % 3]
    return {
        "layout": Layout.PACKED,
        "realisations_per_item": group,
        "statistics_per_item": statistics,
        "map_statistics": maps,
    }


def assert_same(calc: PlainCalc, store: Store, calc_id: str) -> None:
    """Compare names, sites, levels and every bit of every curve."""
    places = dict(zip(calc.locs, zip(calc.coordinates, calc.vs30s, strict=True), strict=True))
    for expected, curves in (
        (calc.stats_curves(), get_hazard_stats_curves(calc_id, store=store)),
        (calc.rlz_curves(), get_hazard_rlz_curves(calc_id, store=store)),
    ):
        left = dict(expected)
        for curve in curves:
            row = curve.agg if hasattr(curve, "agg") else curve.rlz
            assert left.pop((curve.loc, row, curve.imt)) == curve.poes.tobytes()
            assert calc.levels[curve.imt] == curve.imls.tolist()
            assert places[curve.loc] == ((curve.lat, curve.lon), curve.vs30)
            assert curve.poes.dtype == "<f4"
        assert not left
    assert_same_arrays(calc, store, calc_id)


def assert_same_arrays(calc: PlainCalc, store: Store, calc_id: str) -> None:
    """Compare arrays: sites, rows and measures in the order that was asked for."""
    with_maps = store.head(calc_id).calculation.map_statistics
    aggs, imts = list(calc.stats), calc.imts
    if aggs:
        every = np.stack(list(calc.stats.values()), axis=1)
        asked = {"locs": calc.locs[::-1], "rows": aggs[::-1], "imts": imts[::-1]}
        _assert_array(calc, store, calc_id, every, aggs, asked)
        for rows in {tuple(aggs), with_maps[::-1]} - {()}:  # of all sites: out of map items
            asked = {"locs": None, "rows": list(rows), "imts": imts[1:] + imts[:1]}
            _assert_array(calc, store, calc_id, every, aggs, asked)
    if calc.rlzs is not None:
        names = [f"{rlz:05d}" for rlz in range(calc.rlzs.shape[1])]
        ends = [calc.locs[-1], *calc.locs[:1]][: len(calc.locs)]
        asked = {"locs": ends, "rows": list(dict.fromkeys((names[-1], names[0]))), "imts": imts}
        _assert_array(calc, store, calc_id, calc.rlzs, names, asked)


def _assert_array(
    calc: PlainCalc,
    store: Store,
    calc_id: str,
    every: NDArray[np.float32],
    names: list[str],
    asked: dict[str, Any],
) -> None:
    kind = "realisations" if every is calc.rlzs else "stats"
    sites, curves = hazard_arrays(calc_id, kind, **asked, store=store)
    if asked["locs"] is not None:
        assert list(asked["locs"]) == list(sites.locs)
    assert sorted(asked["locs"] or calc.locs) == sorted(sites.locs)
    at = [calc.locs.index(loc) for loc in sites.locs]
    rows = [names.index(row) for row in asked["rows"]]
    measures = [calc.imts.index(imt) for imt in asked["imts"]]
    assert every[np.ix_(at, rows, measures)].tobytes() == curves.tobytes()
    assert (len(at), len(rows), len(measures), every.shape[-1]) == curves.shape
    assert np.float32 == curves.dtype
    found = [((site.lat, site.lon), site.vs30) for site in sites]
    assert [(calc.coordinates[n], calc.vs30s[n]) for n in at] == found


def assert_counts(calc: PlainCalc, loaded: Loaded, way: Way) -> None:
    """Rows and items follow from the shape, from the groups, and from the blocks of map items."""
    n_sites, n_stats, n_imts = len(calc.locs), len(calc.stats), len(calc.imts)
    n_rlzs = 0 if calc.rlzs is None else calc.rlzs.shape[1]
    report, stored_as = loaded.report, loaded.head.calculation
    readable = way.get("layout") is Layout.READABLE
    per_item = 1 if readable else way.get("realisations_per_item") or REALISATIONS_PER_ITEM
    assert report.stats.rows == n_sites * n_stats
    per_site = n_stats if readable else groups_of(list(calc.stats), way)
    assert report.stats.stored == n_sites * per_site
    assert report.realisations.rows == n_sites * n_rlzs
    assert report.realisations.stored == n_sites * -(-n_rlzs // per_item)
    named = way.get("map_statistics", "none")  # the files of tests are too small for a default
    n_maps = {"none": 0, "all": n_stats}.get(named, 1)
    blocks = sum(
        -(-len(chunk) // stored_as.sites_per_block) for chunk in stored_as.chunks if n_maps
    )
    assert report.maps.rows == n_sites * n_maps * n_imts
    assert report.maps.stored == blocks * (n_maps * n_imts + 1)


def groups_of(aggs: list[str], way: Way) -> int:
    """Return how many items hold the statistics of a site."""
    per_item = way.get("statistics_per_item") or "mean"
    if per_item != "mean":
        return -(-len(aggs) // per_item)
    return len(list(groupby(aggs, key=lambda agg: agg == "mean")))


@contextmanager
def nothing_changed(store: Store) -> Iterator[None]:
    """Hold that what is done here changes no item of any table."""
    before = all_items(store)
    yield
    assert before == all_items(store)


def check_pickle(error: BaseException) -> None:
    """An error comes back from another process as it was: its type, its sentence, its facts."""
    again = pickle.loads(pickle.dumps(error))
    assert type(error) is type(again)
    assert str(error) == str(again)
    assert vars(error) == vars(again)
