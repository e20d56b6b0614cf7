"""Several calculations at once, and all that have curves at a place."""

from __future__ import annotations

from pathlib import Path

import pytest

from hazard_store.errors import DamagedCalculation, NoSuchCalculation, NoSuchCurve
from hazard_store.model import KeyScheme, Kind
from hazard_store.query import get_hazard_curves_at, get_hazard_stats_curves, open_calculations
from hazard_store.store import Store
from tests.support.calc_factory import make_calc
from tests.support.interposed import counting
from tests.support.loading import CALCS, items_of, key_of, stored

FILE = CALCS / "classical_rlzs_stats.hdf5"
SITE = "[-41.300~174.780]"


@pytest.fixture
def four(store: Store, tmp_path: Path) -> Store:
    """A calculation in each key scheme at the site, and one that is elsewhere."""
    for scheme in KeyScheme:
        stored(store, FILE, f"AT.{scheme}", key_scheme=scheme)
    stored(store, make_calc(tmp_path / "c.hdf5", n=2, r=3).path, "ELSEWHERE")
    return Store(store.settings)


def test_all_calculations_at_a_place(four: Store):
    """The index, the heads, their items; of the one that has none there its sites and its entry."""
    requests = counting(four)
    curves = list(get_hazard_curves_at([SITE], ["PGA"], ["mean"], store=four))
    assert sorted(f"AT.{scheme}" for scheme in KeyScheme) == [curve.calc_id for curve in curves]
    assert {"Query": 1, "BatchGetItem": 3, "GetItem": 1} == requests
    for curve in curves:
        (alone,) = get_hazard_stats_curves(curve.calc_id, [SITE], ["PGA"], ["mean"], store=four)
        assert alone.poes.tobytes() == curve.poes.tobytes()


def test_by_coordinates_and_of_realisations(four: Store):
    curves = list(get_hazard_curves_at(["-41.3,174.78"], ["PGA"], rlzs=[3], store=four))
    assert [("00003", SITE)] * 3 == [(curve.rlz, curve.loc) for curve in curves]
    both = list(get_hazard_curves_at([SITE], ["PGA"], ["mean"], [3], ["AT.calc"], store=four))
    assert ["StatsCurve", "RlzCurve"] == [type(curve).__name__ for curve in both]


def test_a_place_where_there_is_nothing(four: Store):
    with pytest.raises(NoSuchCurve, match="any calculation: it has no curve at"):
        list(get_hazard_curves_at(["[0.000~0.000]"], ["PGA"], ["mean"], store=four))


def test_a_damaged_one_is_told_when_the_others_were_served(four: Store):
    table = four.table(Kind.STATS)
    damaged = next(
        item
        for item in items_of(four, table)
        if item["haz_sol_id"]["S"] == "AT.calc" and item["loc_agg_rk"]["S"] == f"{SITE}:mean"
    )
    four.client.delete_item(TableName=table, Key=key_of(damaged))
    curves = get_hazard_curves_at([SITE], ["PGA"], ["mean"], store=four)
    assert ["AT.calc-location", "AT.location"] == [next(curves).calc_id, next(curves).calc_id]
    with pytest.raises(DamagedCalculation, match=r"AT\.calc"):
        next(curves)


def test_named_ones_come_as_they_are_named(four: Store):
    names = ["ELSEWHERE", "AT.location"]
    assert names == [each.calc_id for each in open_calculations(names, store=four)]
    with pytest.raises(NoSuchCalculation, match="NOPE"):
        list(open_calculations(["AT.location", "NOPE"], store=four))
