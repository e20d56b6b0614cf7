"""Arrays in one file, named by their axes."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np

from hazard_store.store import Store
from tests.support.exporting import exported
from tests.support.loading import CALCS, FILE, stored


def test_all_curves_with_what_names_their_axes(store: Store, tmp_path: Path):
    stored(store, FILE)
    done = exported(store, "npz", tmp_path / "a.npz")
    with np.load(done.place) as found, h5py.File(FILE) as h5:
        order = found["sids"]
        assert np.array_equal(h5["hcurves-stats"][()][order], found["stats"])
        assert np.array_equal(h5["hcurves-rlzs"][()][order], found["realisations"])
        assert np.array_equal(h5["sitecol/lat"][()][order], found["lats"])
        assert np.array_equal(h5["sitecol/lon"][()][order], found["lons"])
        stored_as = store.head("A").calculation
        assert list(stored_as.aggs) == found["aggs"].tolist()
        assert [f"{n:05d}" for n in range(12)] == found["rlzs"].tolist()
        assert list(stored_as.imts) == found["imts"].tolist()
        assert np.array_equal(stored_as.all_levels, found["levels"])
        assert ("A", stored_as.investigation_time) == (found["calc_id"], found["years"])
        assert len(order) == len(found["locs"]) == len(found["vs30s"])
        assert ["g"] * 2 == found["units"].tolist()[:2]


def test_some_of_it(store: Store, tmp_path: Path):
    stored(store, CALCS / "no_vs30.hdf5")
    exported(store, "npz", f"{tmp_path}/", imts=["PGA"], aggs=["mean"])
    with np.load(tmp_path / "A.npz") as found:
        assert (3, 1, 1, 5) == found["stats"].shape
        assert "realisations" not in found
        assert np.isnan(found["vs30s"]).all()
