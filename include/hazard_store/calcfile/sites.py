"""The sites of a calculation, from all specs that the engine gave them."""

from __future__ import annotations

from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from hazard_store.calcfile.hdf5 import member, values
from hazard_store.errors import BadCalculation
from hazard_store.model import Sites
from hazard_store.shown import cut

SMALLEST, LARGEST = 1e-6, 1e6  # m/s: far beyond any ground, well within DynamoDB's numbers


def read_sites(uri: str, h5: h5py.File) -> Sites:
    """Return the sites in the order of the curves.

    Raises:
        BadCalculation: there are none, or they are out of place.
    """
    columns = _columns(uri, h5)
    if "lat" not in columns or "lon" not in columns:
        raise BadCalculation(uri, "it has no sites (sitecol), so it is not a complete calculation")
    n_sites = len(columns["lat"])
    for name, column in columns.items():
        if column.shape != (n_sites,):
            raise BadCalculation(uri, f"its sitecol/{name} has not one value for each site")
    if "sids" in columns and not np.array_equal(columns["sids"], np.arange(n_sites)):
        raise BadCalculation(uri, "its site numbers (sids) are not 0, 1, 2 ...")
    ids = columns.get("custom_site_id")
    if ids is not None and not _are_ids(ids):
        raise BadCalculation(
            uri, f"its sitecol/custom_site_id is {cut(ids.dtype)}, not text or whole numbers"
        )
    return Sites(
        lat=_degrees(uri, columns["lat"], "latitude", 90),
        lon=_degrees(uri, columns["lon"], "longitude", 180),
        vs30=_vs30(uri, columns.get("vs30")),
        custom_ids=None if ids is None else tuple(map(_site_id, ids)),
    )


def _columns(uri: str, h5: h5py.File) -> dict[str, NDArray[Any]]:
    """Return the columns that we use, from a group (3.14 on) or from one table (3.11)."""
    wanted = ("sids", "lat", "lon", "vs30", "custom_site_id")
    sitecol = member(uri, h5, "sitecol")
    if sitecol is None:
        return {}
    if isinstance(sitecol, h5py.Group):
        found = {name: member(uri, sitecol, name) for name in wanted}
        return {
            name: np.asarray(values(uri, dataset, f"sitecol/{name}"))
            for name, dataset in found.items()
            if dataset is not None
        }
    table = values(uri, sitecol, "sitecol")
    return {name: table[name] for name in wanted if name in (table.dtype.names or ())}


def _degrees(uri: str, column: NDArray[Any], name: str, limit: int) -> NDArray[np.float64]:
    degrees = _numbers(uri, column, name)
    bad = np.flatnonzero(~(np.abs(degrees) <= limit))  # NaN as well
    if len(bad):
        raise BadCalculation(
            uri, f"site {bad[0]} has the {name} {degrees[bad[0]]}, not -{limit} to {limit} degrees"
        )
    return degrees


def _vs30(uri: str, column: NDArray[Any] | None) -> NDArray[np.float64] | None:
    """Return vs30 in m/s; the engine writes NaN for every site where the job names no value."""
    if column is None:
        return None
    vs30 = _numbers(uri, column, "vs30")
    size = np.abs(vs30)
    bad = np.flatnonzero((size > LARGEST) | ((size < SMALLEST) & (size > 0)))
    if len(bad):
        raise BadCalculation(uri, f"site {bad[0]} has the vs30 {vs30[bad[0]]} m/s; it is damaged")
    return None if np.isnan(vs30).all() else vs30


def _numbers(uri: str, column: NDArray[Any], name: str) -> NDArray[np.float64]:
    """Return a column of real numbers."""
    if column.dtype.kind not in "fiu":
        raise BadCalculation(uri, f"its sitecol/{name} is {column.dtype}, not numbers")
    return np.asarray(column, np.float64)


def _are_ids(column: NDArray[Any]) -> bool:
    """Tell whether a column holds what ids are made of: text, or the numbers of engine 3.11."""
    if column.dtype.kind == "O":
        return all(isinstance(each, bytes | str) for each in column)
    return column.dtype.kind in "Siu"


def _site_id(value: Any) -> str:
    """Return a custom id as text; engine 3.11 has numbers.

    Whether it can be a site code is for the plan to say: codes may be made of coordinates.
    """
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)
