"""A calculation file of any size that the engine's own readers open."""

from __future__ import annotations

import json
from pathlib import Path

import h5py

from benchmarks.support.synthetic import make
from hazard_store.export.ths_parquet import LEVELS

SAMPLE = Path(__file__).parents[2] / "sample" / "calc_1.hdf5"
CURVES = ("hcurves-rlzs", "hcurves-stats")
SITES = "sitecol"


def engine_file(folder: Path, sites: int) -> Path:
    """Write calc_7.hdf5 with synthetic curves, and all else as the engine wrote it for the sample.

    Args:
        folder: where.
        sites: N; 12 realisations, 7 statistics, 27 measures and 44 levels.
    """
    path = make(folder / "calc_7.hdf5", sites)
    with h5py.File(path, "r+") as file, h5py.File(SAMPLE) as sample:
        names = json.loads(file["oqparam"][()])["hazard_imtls"]
        measures = dict.fromkeys(names, LEVELS.tolist())  # the only ones that all can hold
        for name in sample:
            if name in CURVES or name == SITES:
                continue
            if name in file:
                del file[name]
            sample.copy(name, file)
        job = json.loads(sample["oqparam"][()]) | {
            "hazard_imtls": measures,
            "investigation_time": 1.0,
        }
        file["oqparam"][()] = json.dumps(job)
        columns = sample[SITES].attrs["__pdcolumns__"].split()
        for name in columns:
            if name not in file[SITES]:
                file[f"{SITES}/{name}"] = [sample[f"{SITES}/{name}"][0]] * sites
        file[SITES].attrs.update(sample[SITES].attrs)
        del file["site_model"]
    return path
