"""Where a map begins and ends: whole across the date line, and not round the world for it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

MARGIN = 0.06  # of the sites' extent, on each side
LEAST_DEGREES = 0.5  # that a map shows of latitude
FLATTEST = 0.1  # the cosine of the latitude up to which degrees of longitude are shortened
NEIGHBOURS_OF = 200  # sites, of which the distances to their neighbours are measured
NEIGHBOURS = 3  # of a grid: two to the sides, so that the third is above or below


@dataclass(frozen=True)
class Extent:
    """The box of a map, decimal degrees; its east may be beyond 180."""

    west: float
    south: float
    east: float
    north: float

    @property
    def shortening(self) -> float:
        """Length of a degree of longitude in degrees of latitude, in the middle of the map."""
        return max(FLATTEST, float(np.cos(np.radians((self.south + self.north) / 2))))

    @property
    def size(self) -> tuple[float, float]:
        """Width and height, in degrees of latitude."""
        return (self.east - self.west) * self.shortening, self.north - self.south


def unbroken(lons: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return longitudes on one side of the widest gap between them: 179 and -179 are 179 and 181.

    Args:
        lons: (n,) decimal degrees.
    """
    around = np.sort(lons % 360)
    gaps = np.diff(around, append=around[0] + 360)
    first = around[(int(gaps.argmax()) + 1) % len(around)]
    shifted = first + (lons - first) % 360
    return np.asarray(shifted if first < 180 else shifted - 360)


def extent_of(lons: NDArray[np.float64], lats: NDArray[np.float64]) -> Extent:
    """Return the box of some sites, with a margin; longitudes as of `unbroken`."""
    shortening = max(FLATTEST, float(np.cos(np.radians(lats.mean()))))
    wide, high = float(np.ptp(lons)), float(np.ptp(lats))
    margin = max(MARGIN * max(wide * shortening, high), LEAST_DEGREES / 2)
    return Extent(
        float(lons.min()) - margin / shortening,
        max(-90.0, float(lats.min()) - margin),
        float(lons.max()) + margin / shortening,
        min(90.0, float(lats.max()) + margin),
    )


def spacing(lons: NDArray[np.float64], lats: NDArray[np.float64], extent: Extent) -> float:
    """Return how far apart sites are, in degrees of latitude: of a grid, its longer step."""
    some = np.linspace(0, len(lons) - 1, min(len(lons), NEIGHBOURS_OF)).astype(int)
    steps = []
    for i in some:
        away = np.hypot((lons - lons[i]) * extent.shortening, lats - lats[i])
        others = away[away > 0]
        if len(others):
            nth = min(NEIGHBOURS, len(others)) - 1
            steps.append(np.partition(others, nth)[nth])
    return float(np.median(steps)) if steps else LEAST_DEGREES


def degrees_text(degrees: float, directions: str) -> str:
    """Return a longitude ("EW") or latitude ("NS") as it stands at an axis.

    >>> degrees_text(181, "EW"), degrees_text(-41.5, "NS"), degrees_text(0, "NS")
    ('179°W', '41.5°S', '0°')
    """
    turned = (degrees + 180) % 360 - 180 if directions == "EW" else degrees
    turned = round(turned, 6)
    if turned in (0, -180):
        return f"{abs(turned):g}°"
    return f"{abs(turned):g}°{directions[int(turned < 0)]}"
