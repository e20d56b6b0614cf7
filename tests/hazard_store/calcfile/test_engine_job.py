"""A job is read out of what is kept of it as it stands in its file."""

from __future__ import annotations

import h5py
import numpy as np
import pytest

from hazard_store.calcfile import inspect_file
from hazard_store.calcfile.engine_job import read_engine_job
from hazard_store.errors import BadCalculation
from hazard_store.settings import Settings
from tests.support.loading import CALCS


@pytest.mark.parametrize("name", ["custom_ids", "engine_3_11", "levels_per_imt"])
def test_parameters_sites_and_attributes(name: str):
    path = CALCS / f"{name}.hdf5"
    job = read_engine_job("x", inspect_file(str(path), Settings()).engine_objects)
    with h5py.File(path) as h5:
        sites = {key: h5["sitecol"][key] for key in ("lon", "lat", "depth")}
        for key, found in zip(sites, (job.lons, job.lats, job.depths), strict=True):
            assert np.array_equal(sites[key], found)
        assert h5.attrs["engine_version"] == job.attributes["engine_version"]
        assert ("hmaps-stats" in h5) == ("hmaps-stats" in job.maps)
    assert 50 == job.parameters["investigation_time"]
    ids = (b"WLG", b"a:b", b"50%", b"a b", b"x/y#~")
    assert (ids if name == "custom_ids" else None) == job.custom_ids


def test_what_is_not_kept_is_named():
    with pytest.raises(BadCalculation, match="cannot be read"):
        read_engine_job("x", b"no HDF5")
