"""How far places are from each other."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

EARTH_KM = 6371.0  # the mean radius, as the engine has it


def distances_km(lat: float, lon: float, lats: ArrayLike, lons: ArrayLike) -> NDArray[np.float64]:
    """Return the great-circle distances from a place to others, (n,) km."""
    here, there = np.radians(lat), np.radians(np.asarray(lats, np.float64))
    across = np.radians(np.asarray(lons, np.float64) - lon)
    half = np.sin((there - here) / 2) ** 2
    half = half + np.cos(here) * np.cos(there) * np.sin(across / 2) ** 2
    found: NDArray[np.float64] = 2 * EARTH_KM * np.arcsin(np.sqrt(np.clip(half, 0, 1)))
    return found
