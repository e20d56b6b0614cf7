"""Hazard maps on grids, for nzshm-hazlab: levels in the order of the grid's locations."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from hazard_store.hazlab import HazardStoreGridLoader
from hazard_store.query import Target, hazard_map
from hazard_store.store import Store
from tests.support.calc_factory import make_calc
from tests.support.loading import stored

VS30 = 400


class Poe(Enum):
    """A probability in one year, as toshi-hazard-store has it."""

    TEN_PERCENT_IN_50_YEARS = 0.002105


class At(NamedTuple):
    """A location, as nzshm_common has it."""

    lat: float
    lon: float


def grids(name: str) -> list[At]:
    """Return the locations of a grid: rows from the north, a site twice, some sites left out."""
    backwards = [At(round(-41.3 - 0.05 * n, 3), 174.05) for n in range(4)]
    return {"STRIP": [*backwards, backwards[1]], "SEA": [At(-30.0, 170.0)]}[name]


@pytest.mark.parametrize("map_statistics", ["mean", "none"])
def test_levels_come_in_the_order_of_the_grid(store: Store, tmp_path: Path, map_statistics: str):
    """From map items where there are such, from the sites' items else: the same numbers."""
    made = make_calc(tmp_path / "calc_1.hdf5", n=24, oqparam={"investigation_time": 50.0})
    stored(store, made.path, map_statistics=map_statistics)
    loader = HazardStoreGridLoader(grids, store=store)
    found = loader.get_grid("A", "SA(0.5)", "STRIP", VS30, Poe.TEN_PERCENT_IN_50_YEARS, "mean")
    target = Target(poe=0.002105, years=1)
    expected = [
        block.imls[0]
        for at in grids("STRIP")
        for block in hazard_map("A", "SA(0.5)", target, locs=[f"{at.lat},{at.lon}"], store=store)
    ]
    assert expected == found.tolist()
    assert len(np.unique(found)) > 1


def test_only_sites_of_the_grid_are_read_where_there_are_no_map_items(store: Store, tmp_path: Path):
    stored(store, make_calc(tmp_path / "calc_1.hdf5", n=24).path)
    loader, items = HazardStoreGridLoader(grids, store=store), []

    def note(params: dict[str, dict[str, dict[str, list[object]]]], **_: object) -> None:
        table = params["RequestItems"].get(store.settings.stats_table)
        items.extend([] if table is None else table["Keys"])

    store.client.meta.events.register("before-parameter-build.dynamodb.BatchGetItem", note)
    loader.get_grid("A", "PGA", "STRIP", VS30, Poe.TEN_PERCENT_IN_50_YEARS, "mean")
    assert 4 == len(items)


@pytest.mark.parametrize(
    ("imt", "grid", "vs30", "agg", "reason"),
    [
        ("PGA", "SEA", VS30, "mean", r"no site \[-30.000~170.000\]"),
        ("PGA", "STRIP", 750, "mean", "no vs30 750"),
        ("PGV", "STRIP", VS30, "mean", "PGV"),
        ("PGA", "STRIP", VS30, "0.5", "0.5"),
    ],
)
def test_what_is_missing_is_a_key_error(
    store: Store, tmp_path: Path, imt: str, grid: str, vs30: int, agg: str, reason: str
):
    stored(store, make_calc(tmp_path / "calc_1.hdf5", n=24).path)
    loader = HazardStoreGridLoader(grids, store=store)
    with pytest.raises(KeyError, match=reason):
        loader.get_grid("A", imt, grid, vs30, Poe.TEN_PERCENT_IN_50_YEARS, agg)
