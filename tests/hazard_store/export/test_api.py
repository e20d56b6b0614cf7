"""An export is whole or not there, whatever its format."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hazard_store.errors import BadParameter, DamagedCalculation, NoSuchCalculation
from hazard_store.export.formats import Format
from hazard_store.model import Kind
from hazard_store.query import Target
from hazard_store.store import Store
from tests.support.exporting import exported, left_in
from tests.support.loading import FILE, items_of, key_of, stored

WHOLE = [each for each in Format if each not in (Format.GEOJSON, Format.THS_PARQUET)]


@pytest.mark.parametrize("as_format", Format)
def test_nothing_is_stored_nothing_is_left(store: Store, tmp_path: Path, as_format: Format):
    words = {"imts": ["PGA"], "target": Target(poe=0.1)} if as_format is Format.GEOJSON else {}
    with pytest.raises(NoSuchCalculation):
        exported(store, as_format, tmp_path / "out", **words)
    assert [] == left_in(tmp_path)


@pytest.mark.parametrize("as_format", WHOLE)
def test_a_damaged_calculation_leaves_nothing(store: Store, tmp_path: Path, as_format: Format):
    stored(store, FILE)
    item = items_of(store, store.table(Kind.REALISATIONS))[-1]
    store.client.delete_item(TableName=store.table(Kind.REALISATIONS), Key=key_of(item))
    with pytest.raises(DamagedCalculation):
        exported(store, as_format, tmp_path / "out")
    assert [] == left_in(tmp_path)


@pytest.mark.parametrize("as_format", WHOLE)
def test_a_second_export_overwrites_nothing(store: Store, tmp_path: Path, as_format: Format):
    stored(store, FILE)
    first = exported(store, as_format, f"{tmp_path}/out/")
    before = {path: path.stat().st_ino for path in Path(tmp_path).rglob("*")}
    with pytest.raises(BadParameter, match="there already"):
        exported(store, as_format, f"{tmp_path}/out/")
    assert before == {path: path.stat().st_ino for path in Path(tmp_path).rglob("*")}
    assert Path(first.place).exists()


def test_only_whole_calculation_files_are_rebuilt(store: Store, tmp_path: Path):
    with pytest.raises(BadParameter, match="whole calculation file"):
        exported(store, "hdf5", tmp_path / "out", imts=["PGA"])


def test_recomputed_statistics_go_where_they_are_named(store: Store, tmp_path: Path):
    stored(store, FILE)
    done = exported(store, "npz", tmp_path / "a.npz", aggs=["mean@rlzs", "mean"], imts=["PGA"])
    with np.load(done.place) as found:
        assert ["mean@rlzs", "mean"] == found["aggs"].tolist()
        assert np.allclose(found["stats"][:, 0], found["stats"][:, 1], rtol=1e-5, atol=1e-9)
    for as_format in ("csv", "ths-parquet"):
        with pytest.raises(BadParameter, match="no recomputed ones"):
            exported(store, as_format, tmp_path / "out", aggs=["mean@rlzs"])


def test_only_maps_have_a_target(store: Store, tmp_path: Path):
    with pytest.raises(BadParameter, match="geojson is a map"):
        exported(store, "csv", tmp_path / "out", target=Target(poe=0.1))
