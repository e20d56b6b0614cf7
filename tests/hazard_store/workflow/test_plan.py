"""The plan: of any size, decided from the file alone, refused before anything is written."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from hazard_store.errors import BadCalculation, BadParameter, Refused
from hazard_store.model import (
    Calculation,
    FileVersion,
    Inspection,
    KeyScheme,
    Kind,
    Layout,
    LogicTree,
    Sample,
    Sites,
    StoreOptions,
)
from hazard_store.settings import Settings
from hazard_store.workflow.plan import Plan, make_plan

FILE = FileVersion("s3://inbox/calc.hdf5", 1_000_000, "etag")


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


def inspected(made: Calculation, **changes: Any) -> Inspection:
    """What inspecting a file with curves of one value would find."""
    shapes = {kind: (1, made.n_rows(kind), *made.levels.shape) for kind in Kind}
    found = Inspection(
        calculation=made,
        sha256="0" * 64,
        checksums=np.zeros(1, np.uint32),
        sample=Sample((0,), {k: np.full(shape, 0.25, "f4") for k, shape in shapes.items()}),
        negative_zeros=0,
    )
    return dataclasses.replace(found, **changes)


def planned(made: Calculation, calc_id: str = "A", **options: Any) -> Plan:
    settings = Settings(region="us-east-1", max_items=1e9, max_dollars=1e9)
    return make_plan(inspected(made), calc_id, StoreOptions(**options), settings)


def test_nothing_to_store_is_refused():
    made = calculation(aggs=())
    with pytest.raises(BadCalculation, match="no statistics"):
        planned(made, realisations=False)


@pytest.mark.parametrize(
    ("limits", "says"),
    [
        ({"max_items": 100}, "204 items, and HAZARD_STORE_MAX_ITEMS allows 100: set it higher"),
        ({"max_dollars": 1e-9}, "HAZARD_STORE_MAX_DOLLARS allows < $0.01: set it higher"),
    ],
)
def test_what_may_be_spent_is_limited(limits: dict[str, Any], says: str):
    """100 sites with one statistic; their realisations fit one item. Four large records."""
    found = inspected(calculation(n=100, aggs=("mean",)))
    settings = Settings(region="us-east-1", **limits)
    with pytest.raises(Refused) as caught:
        make_plan(found, "A", StoreOptions(), settings)
    assert says in caught.value.reason
    assert make_plan(found, "A", StoreOptions(), Settings(region="us-east-1"))


def test_negative_zeros_are_for_the_packed_layout():
    made = calculation()
    settings = Settings(region="us-east-1")
    odd = inspected(made, negative_zeros=3)
    assert make_plan(odd, "A", StoreOptions(), settings)
    with pytest.raises(BadCalculation, match=r"-0\.0"):
        make_plan(odd, "A", StoreOptions(layout=Layout.READABLE), settings)


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
