"""The coastline below a map: 1:50 million, cut to a degree's hundredth.

`coastline.npz` is derived from Natural Earth 4.1 (land, 1:50m), which is in the public domain, as
the package world-atlas 2.0.2 has it: its rings, without what runs along the date line and the
south pole, by Douglas and Peucker to 0.01 degrees. docs/reference/dependencies.md says how.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

UNITS_PER_DEGREE = 100


@cache
def coastline() -> tuple[NDArray[np.float64], ...]:
    """Return all lines, each (n, 2) of longitude and latitude, decimal degrees."""
    with (files("hazard_store.plot") / "coastline.npz").open("rb") as content:
        kept = np.load(content)
        firsts, lengths, steps = kept["firsts"], kept["lengths"], kept["steps"].T
    lines, start = [], 0
    for first, length in zip(firsts, lengths.tolist(), strict=True):
        moves = np.vstack([first, steps[start : start + length - 1]]).astype(np.int64)
        lines.append(moves.cumsum(axis=0) / UNITS_PER_DEGREE)
        start += length - 1
    return tuple(lines)


def coastline_within(
    west: float, south: float, east: float, north: float
) -> list[NDArray[np.float64]]:
    """Return the lines of which a part may lie in a box, shifted to its longitudes.

    Args:
        west, south, east, north: decimal degrees; the east may be beyond 180, the west below -180.
    """
    found = []
    for line in coastline():
        (least_lon, least_lat), (most_lon, most_lat) = line.min(axis=0), line.max(axis=0)
        if most_lat < south or least_lat > north:
            continue
        for shift in (-360.0, 0.0, 360.0):
            if most_lon + shift >= west and least_lon + shift <= east:
                found.append(line + np.array([shift, 0.0]))
    return found
