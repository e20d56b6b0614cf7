"""Blocks know which row of the calculation file each of their sites is."""

from __future__ import annotations

from typing import Any

import h5py
import numpy as np
import pytest

from hazard_store.errors import DamagedCalculation, NoSuchCurve
from hazard_store.export.request import ExportRequest
from hazard_store.export.wanted import Wanted
from hazard_store.model import Kind
from hazard_store.store import Store
from hazard_store.workflow.progress import NoProgress
from tests.support.exporting import wanted
from tests.support.loading import FILE, items_of, key_of, stored


def in_file(kind: Kind) -> np.ndarray:
    with h5py.File(FILE) as h5:
        found: np.ndarray = h5["hcurves-stats" if kind is Kind.STATS else "hcurves-rlzs"][()]
        return found


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("maps", ["none", "all"])
@pytest.mark.parametrize("some", [False, True])
def test_curves_come_with_their_rows(store: Store, kind: Kind, maps: str, some: bool):
    stored(store, FILE, map_statistics=maps)
    with h5py.File(FILE) as h5:
        places = list(zip(h5["sitecol/lat"][()], h5["sitecol/lon"][()], strict=True))
    locs = [f"{lat},{lon}" for lat, lon in (places[4], places[1])] if some else None
    asked = wanted(store, locs=locs)
    blocks = list(asked.blocks(kind, NoProgress()))
    sids = np.concatenate([block.sids for block in blocks])
    assert ([1, 4] if some else list(range(6))) == sorted(sids)
    assert np.array_equal(in_file(kind)[sids], np.concatenate([block.curves for block in blocks]))
    for block in blocks:
        assert np.array_equal(asked.sorted_sids[block.places], block.sids)
        for sid, site in zip(block.sids, block.sites, strict=True):
            assert places[sid] == (site.lat, site.lon)


@pytest.mark.parametrize("maps", ["none", "all"])
def test_sites_come_in_the_order_of_the_file_where_that_is_better(store: Store, maps: str):
    """Not where map items have it all: they are a few requests."""
    stored(store, FILE, map_statistics=maps)
    for request_, ordered in (({}, True), ({"aggs": ["mean"]}, maps == "none")):
        asked = wanted(store, by_sid=True, **request_)
        blocks = list(asked.blocks(Kind.STATS, NoProgress()))
        sids = np.concatenate([block.sids for block in blocks])
        assert ordered == (list(range(6)) == sids.tolist())
        curves = in_file(Kind.STATS)[sids][:, [0] if request_ else slice(None)]
        assert np.array_equal(curves, np.concatenate([block.curves for block in blocks]))


def test_every_item_is_read_once(store: Store):
    stored(store, FILE)
    asked = wanted(store)
    keys: list[Any] = []

    def count(params: dict[str, Any], **_: object) -> None:
        for table, of_table in params["RequestItems"].items():
            if table != store.settings.meta_table:  # the list of sites is read for each kind
                keys.extend((table, *(v["S"] for v in key.values())) for key in of_table["Keys"])

    store.client.meta.events.register("before-parameter-build.dynamodb.BatchGetItem", count)
    for kind in Kind:
        list(asked.blocks(kind, NoProgress()))
    assert len(set(keys)) == len(keys) > 0


@pytest.mark.parametrize(
    ("request_", "kinds"),
    [
        ({}, {Kind.STATS, Kind.REALISATIONS}),
        ({"aggs": ["mean"]}, {Kind.STATS}),
        ({"rlzs": [3]}, {Kind.REALISATIONS}),
        ({"aggs": ["mean"], "rlzs": [3]}, {Kind.STATS, Kind.REALISATIONS}),
    ],
)
def test_kinds_are_those_that_are_named(request_: Any, kinds: set[Kind]):
    asked = ExportRequest("A", **request_)
    assert (kinds, not request_) == (set(asked.rows), asked.is_whole)


def test_what_is_not_there_is_said(store: Store):
    stored(store, FILE, realisations=False)
    assert {Kind.STATS} == set(wanted(store).questions)
    for request_ in ({"rlzs": [0]}, {"imts": ["PGX"]}, {"locs": ["0,0"]}, {"aggs": ["0.77"]}):
        with pytest.raises(NoSuchCurve):
            wanted(store, **request_)


def test_a_missing_item_ends_it(store: Store):
    stored(store, FILE)
    item = next(i for i in items_of(store, store.table(Kind.REALISATIONS)))
    store.client.delete_item(TableName=store.table(Kind.REALISATIONS), Key=key_of(item))
    asked: Wanted = wanted(store)
    with pytest.raises(DamagedCalculation):
        list(asked.blocks(Kind.REALISATIONS, NoProgress()))
