"""Parquet has every curve, its units and its years, for pyarrow, DuckDB and pandas."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hazard_store.export import parquet
from hazard_store.export.arrow import arrow
from hazard_store.query import get_hazard_rlz_curves, get_hazard_stats_curves
from hazard_store.store import Store
from tests.support.exporting import exported, left_in
from tests.support.loading import FILE, stored

duckdb = pytest.importorskip("duckdb")
pandas = pytest.importorskip("pandas")
dataset = pytest.importorskip("pyarrow.dataset")


@pytest.fixture
def folder(store: Store, tmp_path: Path) -> Path:
    """All of a calculation."""
    stored(store, FILE, "CALC=13")
    exported(store, "parquet", tmp_path / "out", "CALC=13")
    return tmp_path / "out"


def in_store(store: Store) -> dict[tuple[Any, ...], tuple[list[float], list[float]]]:
    """Return levels and probabilities of all curves."""
    stats = get_hazard_stats_curves("CALC=13", store=store)
    rlzs = get_hazard_rlz_curves("CALC=13", store=store)
    curves = {(c.loc, c.lat, c.lon, c.vs30, c.agg, None, c.imt): c for c in stats}
    curves |= {(c.loc, c.lat, c.lon, c.vs30, None, int(c.rlz), c.imt): c for c in rlzs}
    return {key: (c.imls.tolist(), c.poes.tolist()) for key, c in curves.items()}


COLUMNS = ("loc", "lat", "lon", "vs30", "agg", "rlz", "imt")


def test_pyarrow_reads_every_curve(store: Store, folder: Path):
    rows = dataset.dataset(folder, partitioning="hive").to_table().to_pylist()
    assert {("CALC=13", "stats"), ("CALC=13", "realisations")} == {
        (row["calc_id"], row["kind"]) for row in rows
    }
    assert in_store(store) == {
        tuple(row[name] for name in COLUMNS): (row["imls"], row["poes"]) for row in rows
    }


def test_duckdb_reads_every_curve(store: Store, folder: Path):
    names = ", ".join(COLUMNS)
    found = duckdb.sql(
        f"SELECT {names}, imls, poes FROM read_parquet('{folder}/**/*.parquet', "
        "hive_partitioning = true, hive_types_autocast = false)"
    ).fetchall()
    assert in_store(store) == {row[:-2]: row[-2:] for row in found}
    of_levels = duckdb.sql(
        "SELECT unnest(imls), unnest(poes) FROM read_parquet("
        f"'{folder}/**/*.parquet', hive_partitioning = true) WHERE imt = 'PGA' AND agg = 'mean'"
    ).fetchall()
    assert 6 * 9 == len(of_levels)


def test_pandas_reads_what_is_asked_for(store: Store, folder: Path):
    filters = [("imt", "==", "PGA"), ("agg", "==", "mean")]
    table = pandas.read_parquet(folder, filters=filters)
    expected = {
        c.loc: c.poes for c in get_hazard_stats_curves("CALC=13", None, "PGA", "mean", store=store)
    }
    assert expected.keys() == set(table["loc"])
    for loc, poes in zip(table["loc"], table["poes"], strict=True):
        assert np.array_equal(expected[loc], poes)
        assert np.float32 == poes.dtype


def test_the_metadata_say_unit_time_and_where_it_is_from(store: Store, folder: Path):
    stored_as = store.head("CALC=13").calculation
    (path,) = folder.glob("calc_id=CALC%3D13/kind=stats/imt=PGA/*")
    schema = arrow().parquet.read_schema(path)
    said = {key.decode(): value.decode() for key, value in schema.metadata.items()}
    assert said["unit"] == "g"
    assert float(said["investigation_time"]) == stored_as.investigation_time
    assert (said["imt"], said["sha256"]) == ("PGA", stored_as.sha256)
    assert {b"unit": b"g"}.items() <= schema.field("imls").metadata.items()


def test_large_calculations_have_many_row_groups_and_files(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(parquet, "GROUP_BYTES", 1)
    monkeypatch.setattr(parquet, "FILE_GROUPS", 1)
    monkeypatch.setattr("hazard_store.query.fetch.KEYS_PER_REQUEST", 4)
    stored(store, FILE, "CALC=13")
    exported(store, "parquet", tmp_path / "out", "CALC=13")
    files = left_in(tmp_path / "out/calc_id=CALC%3D13/kind=realisations/imt=PGA")
    assert ["part-0000.parquet", "part-0001.parquet"] == files[:2]
    rows = dataset.dataset(tmp_path / "out", partitioning="hive").to_table().to_pylist()
    assert in_store(store).keys() == {tuple(row[name] for name in COLUMNS) for row in rows}
