"""The plan: of any size, decided from the file alone, refused before anything is written."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from hazard_store.errors import BadCalculation, BadParameter
from hazard_store.items import item_bytes
from hazard_store.model import (
    Calculation,
    Checked,
    FileVersion,
    IfStored,
    KeyScheme,
    Kind,
    Layout,
    LogicTree,
    Sites,
    StoreOptions,
)
from hazard_store.query import get_logic_tree, get_sites
from hazard_store.settings import Settings
from hazard_store.store import Store
from hazard_store.workflow.claim import claim
from hazard_store.workflow.plan import Plan, make_plan
from tests.support.loading import items_of

FILE = FileVersion("s3://inbox/calc.hdf5", 1_000_000, "etag")
CHECKED = Checked(FILE, "0" * 64, 0, ())


def calculation(n: int = 10, r: int = 3, m: int = 2, **changes: Any) -> Calculation:
    """A calculation of any size, without a file."""
    rng = np.random.default_rng(0)
    made = Calculation(
        file=FILE,
        calculation_mode="classical",
        description="synthetic",
        engine_version="3.26.2",
        date="2026-01-01T00:00:00",
        checksum32=1,
        investigation_time=50.0,
        imts=tuple(f"SA({i / 100:.2f})" for i in range(1, m + 1)),
        levels=np.broadcast_to(np.geomspace(0.001, 5, 4), (m, 4)),
        aggs=("mean", "0.5"),
        has_realisations=True,
        realisations_from_mean=False,
        sites=Sites(
            lat=np.round(-47 + 13 * rng.random(n), 6),
            lon=np.round(166 + 12 * rng.random(n), 6),
            vs30=rng.choice([250.0, 400.0, np.nan], n),
            custom_ids=tuple(f"site-{i}" for i in range(n)),
        ),
        logic_tree=LogicTree([], [], np.full(r, 1 / r), [f"A~{i}" for i in range(r)], 0),
    )
    return dataclasses.replace(made, **changes)


class SyntheticFile:
    """An open calculation file with curves of one value."""

    def __init__(self, made: Calculation) -> None:
        self.calculation = made

    def curves(self, kind: Kind, sids: np.ndarray) -> np.ndarray:
        """Return them."""
        shape = (len(sids), self.calculation.n_rows(kind), *self.calculation.levels.shape)
        return np.full(shape, 0.25, np.float32)


def planned(made: Calculation, calc_id: str = "A", **options: Any) -> Plan:
    settings = Settings(region="us-east-1")
    checked = dataclasses.replace(CHECKED, file=made.file)
    return make_plan(SyntheticFile(made), calc_id, checked, StoreOptions(**options), settings)


def largest(store: Store) -> dict[str, int]:
    """Return the size of the largest record of each name."""
    sizes: dict[str, int] = {}
    for item in items_of(store, store.settings.meta_table):
        name = item["record"]["S"].partition("#")[0]
        size = item_bytes(item)
        sizes[name] = max(size, sizes.get(name, 0))
    return sizes


def test_the_records_hold_100_000_sites(store: Store):
    plan = planned(calculation(n=100_000))
    claim(store, plan, "one", IfStored.FAIL)
    sizes = largest(store)
    assert max(sizes.values()) < 400_000
    assert sizes["head"] < 16 * 1024
    found = list(get_sites("A", unpublished=True, store=store))
    assert 100_000 == len(found) == len({site.loc for site in found})
    assert plan.calculation == store.head("A").calculation


def test_the_records_hold_12_000_realisations(store: Store):
    made = calculation(n=3, r=12_000)
    claim(store, planned(made), "one", IfStored.FAIL)
    assert largest(store)["head"] < 16 * 1024
    assert max(largest(store).values()) < 400_000
    tree = get_logic_tree("A", unpublished=True, store=store)
    assert made.logic_tree.weights.tolist() == tree["weights"]
    assert made.logic_tree.paths == tree["paths"]


def test_the_largest_head(store: Store):
    """377 IMTs with levels of their own, 44 each; a chunk for each of 1,024 sites."""
    rng = np.random.default_rng(0)
    made = calculation(
        n=1024,
        r=2,
        m=377,
        levels=rng.random((377, 44)).cumsum(axis=1),
        description="d" * 5000,
        aggs=("mean", "std", "max", *(f"0.{i:02d}" for i in range(1, 100))),
    )
    plan = planned(made, "A" * 128, key_scheme=KeyScheme.CALC, sites_per_chunk=1)
    assert 1024 == len(plan.calculation.chunks)
    claim(store, plan, "one" * 20, IfStored.FAIL)
    sizes = largest(store)
    assert sizes["head"] < 16 * 1024
    assert max(sizes.values()) < 400_000
    assert plan.calculation == store.head("A" * 128).calculation


def test_worst_custom_ids_fit_their_part(store: Store):
    """256 characters each that cannot be compressed."""
    rng = np.random.default_rng(0)
    letters = [chr(c) for c in range(33, 127)]
    ids = tuple("".join(rng.choice(letters, 256)) for _ in range(1024))
    made = calculation(n=1024)
    made = dataclasses.replace(made, sites=dataclasses.replace(made.sites, custom_ids=ids))
    claim(store, planned(made), "one", IfStored.FAIL)
    assert max(largest(store).values()) < 400_000
    assert set(ids) == {site.loc for site in get_sites("A", unpublished=True, store=store)}


def test_sites_come_in_key_order_each_once():
    made = calculation(n=3000)
    plan = planned(made)
    keys = plan.calculation.key_maker
    sids = [sid for part in plan.site_parts for sid in part.sids]
    assert sorted(sids) == list(range(3000))
    places = [part.place(i, keys) for part in plan.site_parts for i in range(len(part.sids))]
    ordered = [(p.hash_key.encode(), keys.site_prefix(p.loc).encode()) for p in places]
    assert sorted(ordered) == ordered
    for sid, place in zip(sids, places, strict=True):
        assert made.sites.lat[sid] == place.lat
        assert made.sites.lon[sid] == place.lon
        assert made.sites.custom_ids[sid] == place.loc
        vs30 = made.sites.vs30[sid]
        assert (None if np.isnan(vs30) else vs30) == place.vs30


@pytest.mark.parametrize(
    ("ids", "reason"),
    [
        (("a", "b", "a"), "sites 0 and 2"),
        (("a", "", "b"), "site 1"),
        (("a", "é", "b"), "ASCII"),
        (("a", "b" * 257, "c"), "256"),
    ],
)
def test_ids_that_cannot_be_keys_are_refused(ids: tuple[str, ...], reason: str):
    made = calculation(n=3)
    made = dataclasses.replace(made, sites=dataclasses.replace(made.sites, custom_ids=ids))
    with pytest.raises(BadCalculation, match=reason):
        planned(made)
    assert planned(made, force_normalised_sites=True).calculation.n_sites == 3


def test_a_row_that_fits_no_item_is_refused():
    made = calculation(m=1000, levels=np.ones((1000, 200)))
    for layout in Layout:
        with pytest.raises(BadCalculation, match="400 KB"):
            planned(made, layout=layout)


def test_nothing_to_store_is_refused():
    made = calculation(aggs=())
    with pytest.raises(BadCalculation, match="no statistics"):
        planned(made, realisations=False)


def test_negative_zeros_are_for_the_packed_layout():
    made = calculation()
    checked = dataclasses.replace(CHECKED, negative_zeros=3)
    settings = Settings(region="us-east-1")
    arguments = (SyntheticFile(made), "A", checked)
    assert make_plan(*arguments, StoreOptions(), settings)
    with pytest.raises(BadCalculation, match=r"-0\.0"):
        make_plan(*arguments, StoreOptions(layout=Layout.READABLE), settings)


@pytest.mark.parametrize(
    "options",
    [
        {"realisations_per_item": 0},
        {"sites_per_chunk": 0},
        {"max_wcu_per_s": 0},
        {"max_wcu_per_s": -1},
        {"max_wcu_per_s": float("nan")},
        {"key_scheme": KeyScheme.CALC, "sites_per_chunk": 1},
    ],
)
def test_options_that_cannot_be_are_refused(options: dict[str, Any]):
    with pytest.raises(BadParameter):
        planned(calculation(n=2000), **options)


@pytest.mark.parametrize("bad", ["", "\u014d", "a\n"])
def test_a_custom_id_that_cannot_be_a_key_is_refused(bad: str):
    made = calculation(n=3)
    made = dataclasses.replace(
        made, sites=dataclasses.replace(made.sites, custom_ids=("a", bad, "c"))
    )
    with pytest.raises(BadCalculation, match=r"site 1 has the id .* printable ASCII"):
        planned(made)
    normalised = planned(made, force_normalised_sites=True)
    assert not normalised.calculation.custom_site_ids


def test_the_budget_is_shared_by_all_writers_of_both_groups():
    made = calculation(n=2000)
    plan = planned(made, key_scheme=KeyScheme.CALC, sites_per_chunk=500, max_wcu_per_s=800)
    forecast = plan.calculation.forecast
    assert 4 == len(plan.calculation.chunks)
    assert 8 == forecast.writers
    assert 100 == forecast.wcu_per_s_per_writer


def test_the_number_of_items_follows_from_the_shape():
    made = calculation(n=50, r=13)
    for group, items in ((1, 13), (5, 3), (12, 2), (13, 1), (1000, 1)):
        forecast = planned(made, realisations_per_item=group).calculation.forecast
        assert 50 * items == forecast.realisations_items
        assert 100 == forecast.stats_items
    forecast = planned(made, realisations=False).calculation.forecast
    assert (100, 0, 0) == (
        forecast.stats_items,
        forecast.realisations_items,
        forecast.realisations_wcu,
    )


def test_the_plan_depends_on_nothing_but_the_file_and_the_options():
    made = calculation(n=500)
    one, other = planned(made), planned(made)
    assert one.site_parts == other.site_parts
    assert one.calculation.model_dump_json() == other.calculation.model_dump_json()


def test_a_calculation_of_100_000_sites_and_12_000_realisations_has_a_plan():
    """Within the limits of mapping, with chunks of about the same work."""
    plan = planned(calculation(n=100_000, r=12_000))
    borders = plan.calculation.chunk_borders
    sizes = np.diff(borders)
    limit = Settings(region="us-east-1").max_map_length
    assert 1 < len(sizes) <= limit
    assert (0, 100_000) == (borders[0], borders[-1])
    assert 1.2 * sizes.mean() > sizes.max()
    per_site = -(-12_000 // plan.calculation.realisations_per_item)
    assert 100_000 * per_site == plan.calculation.forecast.realisations_items


def test_more_chunks_than_can_be_mapped_are_refused_with_a_number_that_works():
    made = calculation(n=100_000, r=2)
    with pytest.raises(BadParameter, match="use at least 98") as refused:
        planned(made, key_scheme=KeyScheme.CALC, sites_per_chunk=50)
    assert "2000 chunks, and Airflow maps at most 1024" in str(refused.value)
    assert 1021 == len(
        planned(made, key_scheme=KeyScheme.CALC, sites_per_chunk=98).calculation.chunks
    )
