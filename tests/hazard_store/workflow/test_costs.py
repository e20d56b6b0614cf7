"""Costs: items are exact, units follow from sizes, dollars from units and from time."""

from __future__ import annotations

import math

import numpy as np
import pytest

from hazard_store.items import item_bytes, make_items
from hazard_store.model import KeyScheme, Kind, Sample
from hazard_store.workflow import costs
from tests.support.items import PLACE, curves_of, params_of

N_SITES = 100


@pytest.mark.parametrize("wcu_per_s", [1, 1000, 1001, 2500, 1e9])
def test_a_container_is_the_smallest_that_reaches_the_rate(wcu_per_s: float):
    chosen = costs.writer_size(wcu_per_s)
    assert wcu_per_s <= chosen.up_to_wcu_per_s
    smaller = [size for size in costs.SIZES if size.vcpu < chosen.vcpu]
    assert all(size.up_to_wcu_per_s < wcu_per_s for size in smaller)


def test_units_of_a_site_are_those_of_its_items():
    spec = params_of(n_imts=20, n_levels=44)
    curves = curves_of(spec)
    sample = Sample((7,), {spec.kind: curves[np.newaxis]})
    wcu, rcu = costs.units_of_sample(spec, sample, lambda _: PLACE)
    sizes = [item_bytes(item) for item in make_items(spec, PLACE, curves)]
    assert sum(math.ceil(size / 1024) for size in sizes) == wcu
    assert sum(sizes) / 4096 == pytest.approx(rcu)


def test_a_kind_that_is_not_there_costs_nothing():
    def never(*_: object) -> None:
        raise AssertionError

    assert (0, 0) == costs.units_of_sample(params_of(n_rows=0), Sample((0,), {}), never)


def forecast(scheme: KeyScheme = KeyScheme.CALC_LOCATION, writers: int = 4):
    specs = {kind: params_of(kind=kind, scheme=scheme) for kind in Kind}
    units = {Kind.STATS: (2.5, 1.0), Kind.REALISATIONS: (7.0, 3.0)}
    return costs.make_forecast(specs, N_SITES, units, writers, 500.0, limited=False), specs


def test_a_forecast_counts_items_exactly_and_rounds_units_up():
    made, specs = forecast()
    assert N_SITES * len(specs[Kind.STATS].groups) == made.stats_items
    assert N_SITES * len(specs[Kind.REALISATIONS].groups) == made.realisations_items
    assert (250, 700) == (made.stats_wcu, made.realisations_wcu)


def test_more_writers_are_faster_and_cost_the_same():
    (one, _), (four, _) = forecast(writers=1), forecast(writers=4)
    assert 950 / 500 == pytest.approx(one.seconds)
    assert one.seconds / 4 == pytest.approx(four.seconds)
    assert one.dollars == pytest.approx(four.dollars)
    units = 950 * costs.DOLLARS_PER_WRITE_UNIT + 400 * costs.DOLLARS_PER_READ_UNIT
    assert units < one.dollars < 1.1 * units


def test_who_shares_bins_is_told_that_the_audit_reads_more():
    assert not forecast()[0].notes
    assert "audit also reads" in forecast(KeyScheme.LOCATION)[0].notes[0]
