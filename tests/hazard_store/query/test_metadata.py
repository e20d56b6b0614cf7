"""The catalogue, by what calculations are."""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path
from typing import Any

import h5py
import pytest

from hazard_store.errors import BadParameter
from hazard_store.query import get_hazard_metadata
from hazard_store.store import Store
from tests.support.interposed import counting
from tests.support.loading import CALCS, stored


@pytest.fixture
def two(store: Store, tmp_path: Path) -> Store:
    """One of engine 3.16, and a later one of engine 3.26."""
    path = tmp_path / "calc.hdf5"
    shutil.copy(CALCS / "engine_3_16.hdf5", path)
    with h5py.File(path, "r+") as file:
        file.attrs["date"] = "2023-04-05T06:07:08"
    stored(store, path, "OLD")
    stored(store, CALCS / "classical_rlzs_stats.hdf5", "NEW")
    return Store(store.settings)


def found(store: Store, **filters: Any) -> list[str]:
    """Return the ids of what is found."""
    return [each.calc_id for each in get_hazard_metadata(**filters, store=store)]


def test_by_version_measure_and_day(two: Store):
    new, old = (each.date for each in get_hazard_metadata(store=two))
    assert "2023-04-05" == old[:10] < new[:10]
    assert ["NEW", "OLD"] == found(two)
    assert ["OLD"] == found(two, engine_versions=["3.16"])
    assert [] == found(two, engine_versions=["3.1"])
    assert ["NEW", "OLD"] == found(two, engine_versions=["3.16", "3.26.2"])
    assert ["NEW"] == found(two, since=new[:10])
    assert ["OLD"] == found(two, until=dt.date.fromisoformat(old[:10]))
    assert [] == found(two, since="2000-01-01", until="2000-12-31")
    assert ["NEW", "OLD"] == found(two, imts=["pga"])
    assert [] == found(two, imts=["PGA", "no such"])
    assert ["NEW"] == found(two, calc_ids=["NEW", "nothing"], imts="PGA")


def test_a_catalogue_is_two_requests(two: Store):
    requests = counting(two)
    assert 2 == len(found(two))
    assert {"Query": 1, "BatchGetItem": 1} == requests
    requests.clear()
    assert ["OLD", "NEW"] == found(two, calc_ids=["OLD", "nothing", "NEW", "OLD"])
    assert {"BatchGetItem": 2} == requests


@pytest.mark.parametrize("day", ["yesterday", "2024-13-01", 5])
def test_what_is_no_day(two: Store, day: Any):
    with pytest.raises(BadParameter, match="is no day"):
        found(two, since=day)
