"""The layout of toshi-hazard-store: its columns, its codes, and what it would take for another."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from hazard_store.errors import BadParameter, Refused
from hazard_store.export.ths_parquet import LEVELS
from hazard_store.query import get_hazard_stats_curves
from hazard_store.store import Store
from tests.support.calc_factory import make_calc
from tests.support.exporting import exported, left_in
from tests.support.loading import FILE, stored

dataset = pytest.importorskip("pyarrow.dataset")
SCHEMA = {
    "compatible_calc_id": "string",
    "hazard_model_id": "string",
    "nloc_001": "string",
    "imt": "string",
    "aggr": "string",
    "values": "list<element: float not null>",
}


@pytest.fixture
def calc(tmp_path: Path) -> Path:
    """A calculation with its levels and its time."""
    return make_calc(
        tmp_path / "calc_7.hdf5", levels=LEVELS.tolist(), oqparam={"investigation_time": 1.0}
    ).path


def test_there_are_44_levels():
    assert (44, 0.0001, 0.008, 0.01, 0.9, 1.2, 3.5, 10.0) == (
        len(LEVELS),
        *LEVELS[[0, 9, 10, 23, 25, 35, 43]].round(12).tolist(),
    )


def test_every_statistic_is_there_in_partitions_by_vs30_and_degrees(
    store: Store, tmp_path: Path, calc: Path
):
    stored(store, calc, "NSHM")
    exported(store, "ths-parquet", tmp_path / "out", "NSHM")
    rows = dataset.dataset(tmp_path / "out", partitioning="hive").to_table().to_pylist()
    expected = {
        (c.loc.strip("[]"), int(c.vs30 or 0), c.agg, c.imt): c.poes.tolist()
        for c in get_hazard_stats_curves("NSHM", store=store)
    }
    assert expected == {
        (row["nloc_001"], row["vs30"], row["aggr"], row["imt"]): row["values"] for row in rows
    }
    assert {("NSHM", "NSHM")} == {(r["compatible_calc_id"], r["hazard_model_id"]) for r in rows}
    (path, *_) = sorted((tmp_path / "out").rglob("*.parquet"))
    schema: Any = dataset.dataset(path).schema
    assert SCHEMA == {field.name: str(field.type) for field in schema}
    lat, lon = (float(each) for each in path.parent.name.removeprefix("nloc_0=").split("~"))
    assert lat == int(lat)
    assert lon == int(lon)


def test_other_levels_and_another_time_are_refused(store: Store, tmp_path: Path, calc: Path):
    stored(store, FILE)
    with pytest.raises(Refused, match="not the 44"):
        exported(store, "ths-parquet", tmp_path / "out")
    fifty = make_calc(
        tmp_path / "calc_8.hdf5", levels=LEVELS.tolist(), oqparam={"investigation_time": 50.0}
    )
    stored(store, fifty.path, "B")
    with pytest.raises(Refused, match="in 50 years"):
        exported(store, "ths-parquet", tmp_path / "out", "B")
    with pytest.raises(BadParameter, match="statistics only"):
        exported(store, "ths-parquet", tmp_path / "out", "B", rlzs=[0])
    assert ["calc_7.hdf5", "calc_8.hdf5"] == left_in(tmp_path)


def test_a_vs30_between_two_numbers_is_refused(store: Store, tmp_path: Path, calc: Path):
    with h5py.File(calc, "r+") as h5:
        h5["sitecol/vs30"][0] = np.float64(365.25)
    stored(store, calc, "B")
    with pytest.raises(Refused, match=r"vs30 365\.25"):
        exported(store, "ths-parquet", tmp_path / "out", "B")
    assert ["calc_7.hdf5"] == left_in(tmp_path)
