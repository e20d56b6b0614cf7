"""What the engine's own files say of a job, out of the objects that are kept of it."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from hazard_store.calcfile.engine_objects import ATTRIBUTES, NEEDED
from hazard_store.calcfile.hdf5 import UNREADABLE
from hazard_store.calcfile.oqparam import all_parameters
from hazard_store.errors import BadCalculation

OF_ALL = ("oqparam", "sitecol")  # what a job is read from
SITE_COLUMNS = ("lon", "lat", "depth", "custom_site_id")


@dataclass(frozen=True, eq=False)
class EngineJob:
    """A job: its parameters, who ran it and when, its sites in the order of the file."""

    parameters: dict[str, Any]
    attributes: dict[str, Any]  # of the file's root
    lons: NDArray[np.float64]  # (N,) decimal degrees
    lats: NDArray[np.float64]
    depths: NDArray[np.float64]  # (N,) km
    custom_ids: tuple[bytes, ...] | None  # N of them; None: the file has none
    maps: dict[str, dict[str, Any]]  # what describes its datasets of hazard maps, by their names


def read_engine_job(uri: str, content: bytes, needed: Sequence[str] = NEEDED) -> EngineJob:
    """Return the job out of the small file that is kept of it.

    Args:
        uri: of the calculation file, for errors.
        content: as `read_engine_objects` made it.
        needed: the objects that must be in it.

    Raises:
        BadCalculation: something that is needed could not be kept.
    """
    try:
        with h5py.File(io.BytesIO(content), "r") as h5:
            missing = [name for name in {*OF_ALL, *needed} if name not in h5]
            if missing:
                raise BadCalculation(uri, f"its {', '.join(missing)} could not be kept")
            sites = _sites(h5["sitecol"])
            zeros = np.zeros(len(sites["lon"]))
            return EngineJob(
                all_parameters(uri, h5),
                dict(h5.attrs),
                np.asarray(sites["lon"], np.float64),
                np.asarray(sites["lat"], np.float64),
                np.asarray(sites.get("depth", zeros), np.float64),
                _ids(sites.get("custom_site_id")),
                {
                    name: dict(h5[ATTRIBUTES][name].attrs)
                    for name in h5.get(ATTRIBUTES, ())
                    if name.startswith("hmaps")
                },
            )
    except UNREADABLE as error:
        reason = f"what is kept of it for the engine cannot be read ({error})"
        raise BadCalculation(uri, reason) from error


def _sites(sitecol: Any) -> dict[str, NDArray[Any]]:
    """Return the columns of a group (3.14 on), or of one table (3.11)."""
    if isinstance(sitecol, h5py.Group):
        return {name: sitecol[name][()] for name in SITE_COLUMNS if name in sitecol}
    table = sitecol[()]
    return {name: table[name] for name in SITE_COLUMNS if name in table.dtype.names}


def _ids(column: NDArray[Any] | None) -> tuple[bytes, ...] | None:
    """Return ids as bytes; engine 3.11 has numbers."""
    if column is None:
        return None
    return tuple(each if isinstance(each, bytes) else str(each).encode() for each in column)
