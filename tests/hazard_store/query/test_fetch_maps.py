"""A map of all sites is a few requests, whatever the sites and the names."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hazard_store.items import maps
from hazard_store.model import KeyScheme, Kind
from hazard_store.query import fetch_maps, get_sites, hazard_arrays, open_calculation
from hazard_store.store import Store
from hazard_store.workflow.audit import audit
from tests.support.calc_factory import make_calc
from tests.support.interposed import counting
from tests.support.laws import assert_same
from tests.support.loading import Silent, items_of, stored
from tests.support.plain_curves import plain_calc

N = 10
ODD: dict[str, dict[str, Any]] = {
    "no vs30": {"vs30": None},
    "some have no vs30": {"vs30": [float("nan") if n % 3 else 300.5 for n in range(N)]},
    "none has a vs30": {"vs30": [float("nan")] * N},
    "ids with separators": {"custom_ids": [f"a:{n}%" for n in range(N)]},
    "the date line": {"lon": [180 - 0.05 * n if n % 2 else -180 + 0.05 * n for n in range(N)]},
    "more decimals": {"lat": [-41.5 + n * 1e-4 for n in range(N)], "lon": [175.0] * N},
    "names with separators": {"imts": ("SA:50%", "PGA", "IA%3A")},
}


@pytest.mark.parametrize("case", ODD)
def test_odd_sites_and_names_come_back(store: Store, tmp_path: Path, monkeypatch, case: str):
    """In blocks of three or four; the key schemes take turns."""
    monkeypatch.setattr(maps, "MAX_SITES", 4)
    path = make_calc(tmp_path / "calc.hdf5", n=N, r=1, aggs=("0.5", "mean"), **ODD[case]).path
    scheme = list(KeyScheme)[list(ODD).index(case) % 3]
    loaded = stored(store, path, key_scheme=scheme, map_statistics="all")
    calc = plain_calc(path)
    assert 3 * (1 + 2 * len(calc.imts)) == loaded.report.maps.stored
    assert_same(calc, store, "A")
    for uri in (None, str(path)):
        assert audit(store, "A", uri, None, Silent(), scan=True).passed


def test_names_with_separators_are_encoded_in_keys(store: Store, tmp_path: Path):
    path = make_calc(tmp_path / "calc.hdf5", n=1, r=1, aggs=("mean",), imts=("A:B%", "PGA")).path
    stored(store, path, "C", map_statistics="mean")
    found = {item["haz_sol_id"]["S"] for item in items_of(store, store.table(Kind.STATS))}
    assert {"C:map:sites", "C:map:mean:A%3AB%25", "C:map:mean:PGA"} <= found


@pytest.fixture
def of_blocks(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    """A calculation of 60 sites in 3 chunks, with 6 blocks of 10."""
    monkeypatch.setattr(maps, "MAX_SITES", 10)
    path = make_calc(tmp_path / "calc.hdf5", n=60, r=1).path
    stored(
        store,
        path,
        key_scheme="calc",
        sites_per_chunk=20,
        map_statistics="mean",
        realisations=False,
    )
    return Store(store.settings)


def test_a_map_is_one_request(of_blocks: Store):
    calculation = open_calculation("A", store=of_blocks)
    requests = counting(of_blocks)
    sites, curves = hazard_arrays(calculation, "stats", imts=["PGA"], rows=["mean"])
    assert (60, 1, 1, 5) == curves.shape
    assert 60 == len(set(sites.locs))
    assert {"BatchGetItem": 1} == requests


@pytest.mark.parametrize("keys", [1, 3, 7, 13])
def test_blocks_come_in_order_however_many_requests_they_take(
    of_blocks: Store, monkeypatch: pytest.MonkeyPatch, keys: int
):
    """A block of two measures is three items; one block a request at least."""
    monkeypatch.setattr(fetch_maps, "KEYS_PER_REQUEST", keys)
    requests = counting(of_blocks)
    sites, curves = hazard_arrays("A", "stats", rows=["mean"], store=of_blocks)
    assert 1 + -(-6 // max(1, keys // 3)) == requests["BatchGetItem"]  # the head's among them
    by_site, from_items = hazard_arrays(
        "A", "stats", locs=list(sites.locs), rows=["mean"], store=of_blocks
    )
    assert from_items.tobytes() == curves.tobytes()
    assert sites.locs == by_site.locs
    assert np.array_equal(sites.lats, by_site.lats)
    assert [s.loc for s in get_sites("A", store=of_blocks)] == list(sites.locs)


def test_an_answer_is_never_too_large(of_blocks: Store, monkeypatch: pytest.MonkeyPatch):
    """The blocks of a request are as many as fit DynamoDB's answer."""
    monkeypatch.setattr(fetch_maps, "ANSWER_BYTES", 4 * 5 * 10 * 3)  # three items of a block
    requests = counting(of_blocks)
    hazard_arrays("A", "stats", rows=["mean"], store=of_blocks)
    assert 1 + 6 == requests["BatchGetItem"]
