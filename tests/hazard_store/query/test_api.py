"""The functions for notebooks: streams of small values, few requests, only what is published."""

from __future__ import annotations

import dataclasses
import re
from itertools import islice
from typing import Any

import numpy as np
import pytest

from hazard_store.errors import DamagedCalculation, NoSuchCalculation, NoSuchCurve
from hazard_store.model import IfStored, KeyScheme, Layout, StoreOptions
from hazard_store.query import (
    get_hazard_metadata,
    get_hazard_rlz_curves,
    get_hazard_stats_curves,
    get_logic_tree,
    get_sites,
)
from hazard_store.store import Store
from hazard_store.workflow.claim import claim
from hazard_store.workflow.load import inspect_and_plan
from tests.support.calc_factory import make_calc
from tests.support.interposed import counting
from tests.support.loading import CALCS, Silent, items_of, key_of, stored

FILE = CALCS / "classical_rlzs_stats.hdf5"
SITE, OTHER = "[-41.300~174.780]", "[-40.350~175.620]"


def test_metadata(store: Store):
    stored(store, FILE, "B")
    stored(store, CALCS / "stats_only.hdf5", "A")
    begin_only(store, "C")
    assert ["A", "B"] == [found.calc_id for found in get_hazard_metadata(store=store)]
    everything = get_hazard_metadata(unpublished=True, store=store)
    assert ["A", "B", "C"] == [found.calc_id for found in everything]
    (found,) = get_hazard_metadata(["B", "nothing"], store=store)
    assert (6, 12, 3) == (found.n_sites, found.n_realisations, len(found.imts))
    assert (3, 9) == found.levels.shape
    assert ["A", "B"] == [f.calc_id for f in get_hazard_metadata(vs30s=[400.0], store=store)]
    assert [] == list(get_hazard_metadata(vs30s=[123.0], store=store))


def test_the_store_of_the_environment_is_the_default(store: Store):
    stored(store, FILE)
    assert 1 == len(list(get_hazard_metadata()))
    assert next(get_hazard_stats_curves("A", [SITE], ["PGA"], ["mean"])).loc == SITE


def test_values_are_frozen(store: Store):
    stored(store, FILE)
    for curves in (get_hazard_stats_curves, get_hazard_rlz_curves):
        curve = next(curves("A", store=store))
        with pytest.raises(dataclasses.FrozenInstanceError):
            curve.loc = "x"
        assert np.float32 == curve.poes.dtype
        assert np.float64 == curve.imls.dtype


@pytest.mark.parametrize(
    ("layout", "group"),
    [(Layout.READABLE, None), (Layout.PACKED, 1), (Layout.PACKED, 5), (Layout.PACKED, None)],
)
@pytest.mark.parametrize("scheme", list(KeyScheme))
def test_chosen_curves_are_those_of_all(
    store: Store, scheme: KeyScheme, layout: Layout, group: int | None
):
    stored(store, FILE, key_scheme=scheme, layout=layout, realisations_per_item=group)
    everything = {
        (c.loc, c.rlz, c.imt): c.poes.tobytes() for c in get_hazard_rlz_curves("A", store=store)
    }
    for rlzs in ([0], ["00011"], [3, "7", 4], list(range(12))):
        chosen = list(
            get_hazard_rlz_curves("A", [SITE, OTHER], ["SA(1.0)", "PGA"], rlzs, store=store)
        )
        names = [(c.loc, c.rlz, c.imt) for c in chosen]
        assert [
            (loc, f"{int(rlz):05d}", imt)
            for loc in (SITE, OTHER)
            for rlz in rlzs
            for imt in ("SA(1.0)", "PGA")
        ] == names
        assert [everything[name] for name in names] == [c.poes.tobytes() for c in chosen]


def test_many_sites_are_read_in_batches(store: Store, tmp_path):
    make_calc(tmp_path / "calc.hdf5", n=250, r=2)
    stored(store, tmp_path / "calc.hdf5")
    fresh = Store(store.settings)
    requests = counting(fresh)
    assert 500 == len(list(get_hazard_stats_curves("A", aggs=["mean"], store=fresh)))
    assert requests["BatchGetItem"] <= 5  # the head, the list of the sites, and their items
    assert 0 == requests["Query"] + requests["GetItem"]


def test_a_stream_reads_only_a_little_ahead(store: Store, tmp_path):
    make_calc(tmp_path / "calc.hdf5", n=300, r=2)
    stored(store, tmp_path / "calc.hdf5")
    fresh = Store(store.settings)
    requests = counting(fresh)
    curves = get_hazard_stats_curves("A", store=fresh)
    assert 3 == len(list(islice(curves, 3)))
    curves.close()
    assert requests["Query"] < 40


@pytest.mark.parametrize("scheme", list(KeyScheme))
def test_calculations_at_one_place_are_kept_apart(store: Store, scheme: KeyScheme, tmp_path):
    """One whose id begins like the other's, and the same sites."""
    made = {}
    for seed, calc_id in enumerate(("A", "A.1", "AA")):
        path = tmp_path / f"{calc_id}.hdf5"
        made[calc_id] = make_calc(path, n=5, r=3, seed=seed)
        stored(store, path, calc_id, key_scheme=scheme)
    for calc_id, calc in made.items():
        curves = list(get_hazard_rlz_curves(calc_id, store=store))
        found = {(c.loc, c.rlz, c.imt): c.poes.tobytes() for c in curves}
        assert 5 * 3 * 2 == len(curves) == len(found)
        for sid, (lat, lon) in enumerate(zip(calc.lat, calc.lon, strict=True)):
            assert calc.rlzs[sid, 2, 0].tobytes() == found[f"[{lat:.3f}~{lon:.3f}]", "00002", "PGA"]


def test_what_is_not_published_is_not_seen(store: Store):
    begin_only(store, "A")
    for call in (get_hazard_stats_curves, get_hazard_rlz_curves, get_sites):
        with pytest.raises(NoSuchCalculation, match="writing"):
            next(call("A", store=store))
    with pytest.raises(NoSuchCalculation):
        get_logic_tree("A", store=store)
    assert 6 == len(list(get_sites("A", unpublished=True, store=store)))


@pytest.mark.parametrize("chosen", [{}, {"locs": [SITE]}, {"locs": [SITE], "aggs": ["mean"]}])
def test_missing_items_are_not_passed_over(store: Store, chosen: dict[str, Any]):
    """Half an answer would be worse than none."""
    stored(store, FILE)
    victim = next(
        item
        for item in items_of(store, store.settings.stats_table)
        if item["loc_agg_rk"]["S"] == f"{SITE}:mean"
    )
    store.client.delete_item(TableName=store.settings.stats_table, Key=key_of(victim))
    with pytest.raises(DamagedCalculation, match=rf"mean of site {re.escape(SITE)} is missing"):
        list(get_hazard_stats_curves("A", store=store, **chosen))


def test_broken_items_are_named(store: Store):
    stored(store, FILE)
    item = items_of(store, store.settings.stats_table)[0]
    item["curves"]["B"] = item["curves"]["B"][:-1]
    store.client.put_item(TableName=store.settings.stats_table, Item=item)
    loc, _, agg = item["loc_agg_rk"]["S"].rpartition(":")
    read: list[str] = []
    with pytest.raises(DamagedCalculation) as caught:
        read.extend(curve.loc for curve in get_hazard_stats_curves("A", store=store))
    assert f"statistic {agg} of site {loc} is altered" in str(caught.value)
    assert "`hazard-store repair A` writes them again" in str(caught.value)
    assert 5 == len(set(read))
    assert loc not in read


@pytest.mark.parametrize(
    "chosen",
    [
        {"locs": ["[-1.000~1.000]"]},
        {"locs": [SITE, "[-1.000~1.000]"]},
        {"locs": ["-1,1"]},
        {"imts": ["SA(9)"]},
        {"aggs": ["0.99"]},
    ],
)
def test_what_is_not_there_is_said(store: Store, chosen: dict[str, Any]):
    stored(store, FILE)
    with pytest.raises(NoSuchCurve):
        list(get_hazard_stats_curves("A", store=store, **chosen))


def test_the_logic_tree(store: Store):
    stored(store, FILE)
    tree = get_logic_tree("A", store=store)
    assert 12 == len(tree["weights"])
    assert sum(tree["weights"]) == pytest.approx(1)
    assert 12 == len(tree["paths"])


def begin_only(store: Store, calc_id: str) -> None:
    plan = inspect_and_plan(str(FILE), calc_id, StoreOptions(), store.settings, Silent())
    claim(store, plan, "run-1", IfStored.FAIL)
