"""Calculation files whose exports by the engine are recorded, as tests/golden/engine_csv.json."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np

CALCS = Path(__file__).parents[1] / "calcs"
SAMPLE = CALCS.parents[1] / "sample" / "calc_1.hdf5"
NAME = "calc_7.hdf5"  # whatever a file was called: 7 is in the names of its exports


def as_it_is(h5: h5py.File) -> None:
    """Change nothing."""


def with_maps(h5: h5py.File) -> None:
    """Let the job have asked for maps and spectra, and one site be below the sea."""
    parameters = json.loads(h5["oqparam"][()])
    parameters |= {"hazard_maps": True, "uniform_hazard_spectra": True}
    attributes = dict(h5["oqparam"].attrs)
    del h5["oqparam"]
    h5["oqparam"] = np.bytes_(json.dumps(parameters))
    h5["oqparam"].attrs.update(attributes)
    h5["sitecol/depth"][1] = 1.5


CASES: dict[str, tuple[Path, Callable[[h5py.File], None]]] = {
    "sample": (SAMPLE, as_it_is),
    "maps": (CALCS / "levels_per_imt.hdf5", with_maps),
    **{
        name: (CALCS / f"{name}.hdf5", as_it_is)
        for name in (
            "custom_ids",
            "date_line",
            "equator",
            "event_based",
            "imt_order",
            "imt_weights",
            "rlzs_only",
            "sampled",
            "single_rlz_full",
            "single_rlz_unwritten",
            "soil_intensities",
        )
    },
}


def made_case(name: str, folder: Path) -> Path:
    """Make the file of a case in a folder; return its path."""
    source, change = CASES[name]
    path = folder / NAME
    shutil.copy(source, path)
    with h5py.File(path, "r+") as h5:
        change(h5)
    return path
