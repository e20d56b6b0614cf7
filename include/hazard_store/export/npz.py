"""Curves as numpy's arrays, in one `.npz` file: written as they come, opened by `numpy.load`."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hazard_store.derive import unit_of
from hazard_store.export.wanted import Wanted
from hazard_store.model import Kind
from hazard_store.query.curves import SiteArrays
from hazard_store.workflow.progress import Progress

ROWS = {Kind.STATS: "aggs", Kind.REALISATIONS: "rlzs"}


def write_npz(path: Path, wanted: Wanted, progress: Progress) -> None:
    """Write the file: `stats` and `realisations`, float32 (n, K, M, L), and what names their axes.

    Raises:
        DamagedCalculation: something of the calculation is missing or altered.
    """
    stored = wanted.head.calculation
    sites: list[dict[str, NDArray[Any]]] = []
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
        for kind in wanted.questions:
            shape = (len(wanted.sids), len(wanted.rows(kind)), *wanted.levels.shape)
            sites.clear()
            with archive.open(f"{kind}.npy", "w", force_zip64=True) as array:
                header = {"descr": "<f4", "fortran_order": False, "shape": shape}
                np.lib.format.write_array_header_1_0(array, header)
                for block in wanted.blocks(kind, progress):
                    array.write(np.ascontiguousarray(block.curves, "<f4").data)
                    sites.append(_columns(block.sites))
        arrays = {
            "calc_id": np.array(stored.calc_id),
            "years": np.array(stored.investigation_time),
            "imts": np.array(wanted.imts),
            "units": np.array([unit_of(imt) or "" for imt in wanted.imts]),
            "levels": wanted.levels,
            **{ROWS[kind]: np.array(wanted.rows(kind)) for kind in wanted.questions},
            **{name: np.concatenate([each[name] for each in sites]) for name in sites[0]},
            "sids": wanted.sids,
        }
        for name, values in arrays.items():
            with archive.open(f"{name}.npy", "w") as array:
                np.lib.format.write_array(array, values, allow_pickle=False)


def _columns(sites: SiteArrays) -> dict[str, NDArray[Any]]:
    """Return sites as arrays that keep nothing else of their block."""
    without = np.full(len(sites), np.nan)
    return {
        "locs": np.array(sites.locs),
        "lats": sites.lats,
        "lons": sites.lons,
        "vs30s": without if sites.vs30s is None else sites.vs30s,
    }
