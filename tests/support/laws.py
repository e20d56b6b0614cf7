"""Laws that hold wherever a calculation is stored, read, refused or left alone."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hazard_store.model import REALISATIONS_PER_ITEM, KeyScheme, Layout
from hazard_store.query import get_hazard_rlz_curves, get_hazard_stats_curves
from hazard_store.store import Store
from tests.support.loading import all_items, stored
from tests.support.plain_curves import PlainCalc, plain_calc

MANY_CURVES = 2000  # of realisations: then only one key scheme is gone through in every way


def check_fidelity(
    store: Store,
    path: Path,
    scheme: KeyScheme,
    ways: list[tuple[Layout, int | None]] | None = None,
) -> None:
    """Load a file in several ways, and compare all that is read back with the file."""
    calc = plain_calc(path)
    for number, (layout, group) in enumerate(ways or ways_of(calc, scheme)):
        calc_id = f"C{number}"
        loaded = stored(
            store, path, calc_id, key_scheme=scheme, layout=layout, realisations_per_item=group
        )
        assert loaded.report.passed
        assert str(loaded.head.status) == "published"
        assert_same(calc, store, calc_id)
        assert_counts(calc, loaded, group if layout is Layout.PACKED else 1)


def ways_of(calc: PlainCalc, scheme: KeyScheme) -> list[tuple[Layout, int | None]]:
    """Return the layouts and group sizes that give different items."""
    if len(calc.rlz_curves()) > MANY_CURVES and scheme is not KeyScheme.CALC_LOCATION:
        return [(Layout.PACKED, None)]
    ways: list[tuple[Layout, int | None]] = [(Layout.READABLE, None)]
    n_rlzs = 0 if calc.rlzs is None else calc.rlzs.shape[1]
    seen = set()
    for group in (1, 5, None):
        rows = min(group or REALISATIONS_PER_ITEM, n_rlzs)
        if rows not in seen:
            ways.append((Layout.PACKED, group))
        seen.add(rows)
    return ways


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


def assert_counts(calc: PlainCalc, loaded, group: int | None) -> None:
    """Items and rows follow from the shape: N x S, N x R, N x ceil(R / G)."""
    n_sites, n_stats = len(calc.locs), len(calc.stats)
    n_rlzs = 0 if calc.rlzs is None else calc.rlzs.shape[1]
    report, per_item = loaded.report, group or REALISATIONS_PER_ITEM
    assert report.stats.rows == n_sites * n_stats
    assert report.stats.stored == n_sites * n_stats
    assert report.realisations.rows == n_sites * n_rlzs
    assert report.realisations.stored == n_sites * -(-n_rlzs // per_item)


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
