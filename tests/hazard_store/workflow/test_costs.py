"""Costs: items are exact, units follow from sizes, dollars from units and from time."""

from __future__ import annotations

import math

import pytest

from hazard_store import prices
from hazard_store.calcfile import inspect_file
from hazard_store.model import KeyScheme, Kind, StoreOptions, Units
from hazard_store.records import StoredCalculation
from hazard_store.settings import Settings
from hazard_store.workflow import costs
from hazard_store.workflow.plan import make_plan
from tests.support.loading import FILE

N_SITES = 100


@pytest.mark.parametrize("wcu_per_s", [1, 1000, 1001, 2500, 1e9])
def test_a_container_is_the_smallest_that_reaches_the_rate(wcu_per_s: float):
    chosen = costs.writer_size(wcu_per_s)
    assert wcu_per_s <= chosen.up_to_wcu_per_s
    smaller = [size for size in costs.SIZES if size.vcpu < chosen.vcpu]
    assert all(size.up_to_wcu_per_s < wcu_per_s for size in smaller)


def forecast(scheme: KeyScheme = KeyScheme.CALC_LOCATION, writers: int = 4, maps: str = "none"):
    made = planned(scheme, maps)
    units = Units({Kind.STATS: 2.5, Kind.REALISATIONS: 7.0}, dict.fromkeys(Kind, 2.0), (500.0,) * 6)
    return costs.make_forecast(made, units, writers, 500.0, limited=False), made


def planned(scheme: KeyScheme, maps: str) -> StoredCalculation:
    """A calculation of a hundred sites."""
    settings = Settings(region="us-east-1")
    options = StoreOptions(key_scheme=scheme, map_statistics=maps, sites_per_chunk=1000)
    plan = make_plan(inspect_file(str(FILE), settings), "A", options, settings)
    return plan.calculation.model_copy(
        update={"n_sites": N_SITES, "chunk_borders": (0, 60, N_SITES), "sites_per_block": 25}
    )


def test_a_forecast_counts_items_exactly_and_rounds_units_up():
    made, stored = forecast()
    assert N_SITES * len(stored.spec(Kind.STATS).groups) == made.stats_items
    assert N_SITES * len(stored.spec(Kind.REALISATIONS).groups) == made.realisations_items
    assert (250, 700) == (made.stats_wcu, made.realisations_wcu)
    assert (0, 0) == (made.maps_items, made.maps_wcu)


def test_map_items_are_counted_by_blocks_and_their_units_are_said():
    """Three blocks in the first chunk, two in the second; of each its sites and three IMTs."""
    made, _ = forecast(maps="mean")
    assert 5 * (1 + 3) == made.maps_items
    per_site = 500 / 3
    blocks = [20, 20, 20, 20, 20]
    each = (costs.SITE_BYTES, *[per_site] * 3)
    sizes = [costs.KEYS_BYTES + n * size for n in blocks for size in each]
    assert sum(math.ceil(size / 1024) for size in sizes) == made.maps_wcu
    every, _ = forecast(maps="all")
    assert 5 * (1 + 6 * 3) == every.maps_items
    assert "--map-statistics none" in every.notes[0]


def test_more_writers_are_faster_and_cost_the_same():
    (one, _), (four, _) = forecast(writers=1), forecast(writers=4)
    assert 950 / 500 == pytest.approx(one.seconds)
    assert one.seconds / 4 == pytest.approx(four.seconds)
    assert one.dollars == pytest.approx(four.dollars)
    units = 950 * prices.DOLLARS_PER_WRITE_UNIT + 400 * prices.DOLLARS_PER_READ_UNIT
    assert units < one.dollars < 1.1 * units


def test_who_shares_bins_is_told_that_the_audit_reads_more():
    assert not forecast()[0].notes
    assert "audit also reads" in forecast(KeyScheme.LOCATION)[0].notes[0]
