"""Units of a site come from items made of a few."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from hazard_store import codec
from hazard_store.calcfile import inspect_file
from hazard_store.items import Place, item_bytes, make_items
from hazard_store.model import Kind, Layout, StoreOptions
from hazard_store.settings import Settings
from hazard_store.workflow.plan import Plan, make_plan
from tests.support.loading import FILE

SETTINGS = Settings(region="us-east-1")


def planned(**options) -> Plan:
    return make_plan(inspect_file(str(FILE), SETTINGS), "A", StoreOptions(**options), SETTINGS)


def test_units_are_those_of_the_items_of_the_sampled_sites():
    found, plan = inspect_file(str(FILE), SETTINGS), planned()
    for kind in Kind:
        spec, sizes = plan.calculation.spec(kind), []
        for part in plan.site_parts:
            for index, sid in enumerate(part.sids):
                place: Place = part.place(index, plan.calculation.key_maker)
                curves = found.sample.curves[kind][found.sample.sids.index(sid)]
                sizes += [item_bytes(item) for item in make_items(spec, place, curves)]
        n_sites = len(found.sample.sids)
        wcu = sum(math.ceil(size / 1024) for size in sizes) / n_sites
        assert wcu == pytest.approx(plan.units.wcu[kind])
        assert sum(sizes) / 4096 / n_sites == pytest.approx(plan.units.rcu[kind])


def test_bytes_of_maps_are_those_of_a_block_of_the_sampled_sites():
    found, plan = inspect_file(str(FILE), SETTINGS), planned()
    curves = found.sample.curves[Kind.STATS]
    for row, size in enumerate(plan.units.map_bytes):
        blobs = [
            codec.encode_block(np.ascontiguousarray(curves[:, row, m]))
            for m in range(curves.shape[2])
        ]
        assert sum(map(len, blobs)) / len(curves) == pytest.approx(size)


def test_what_is_not_stored_costs_nothing():
    assert 0 == planned(realisations=False).units.wcu[Kind.REALISATIONS]
    assert () == planned(layout=Layout.READABLE).units.map_bytes
    none = replace(planned().units, map_bytes=())
    assert none.wcu == planned().units.wcu
