"""All sites of a calculation, read once, to look many of them up."""

from __future__ import annotations

import math
from collections.abc import Iterable
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from hazard_store.items import Place
from hazard_store.keys import KeyMaker
from hazard_store.query.curves import SiteArrays
from hazard_store.query.distance import distances_km
from hazard_store.records import SitePart


class SiteIndex:
    """The sites in key order: by code, by coordinates, by distance."""

    def __init__(self, parts: Iterable[SitePart], keys: KeyMaker) -> None:
        read = list(parts)
        self._keys = keys
        self.locs = [loc for part in read for loc in part.locs]
        self._lats = np.array([lat for part in read for lat in part.lats])
        self._lons = np.array([lon for part in read for lon in part.lons])
        vs30s = [v for part in read for v in part.vs30s or (None,) * len(part.locs)]
        self._vs30s = (
            None
            if all(vs30 is None for vs30 in vs30s)
            else np.array([math.nan if vs30 is None else vs30 for vs30 in vs30s])
        )
        self._east = np.where(self._lons == -180.0, 180.0, self._lons)

    @property
    def arrays(self) -> SiteArrays:
        """The sites, as answers have them."""
        return SiteArrays(self._lats, self._lons, self._vs30s, lambda: self.locs)

    @cached_property
    def by_loc(self) -> dict[str, int]:
        """The number of each site, by its code or id."""
        return {loc: index for index, loc in enumerate(self.locs)}

    def place(self, index: int) -> Place:
        """Return the place of one site."""
        site = self.arrays[index]
        hash_key = self._keys.hash_key(site.lat, site.lon)
        return Place(site.lat, site.lon, site.vs30, site.loc, hash_key)

    def with_id(self, loc: str) -> list[Place]:
        """Return the site with this code or id."""
        return [self.place(self.by_loc[loc])] if loc in self.by_loc else []

    def at(self, lat: float, lon: float) -> list[Place]:
        """Return the sites with exactly these coordinates."""
        return self._where((self._lats == lat) & (self._east == east(lon)))

    def around(self, lat: float, lon: float, half_lat: float, half_lon: float) -> list[Place]:
        """Return the sites within some degrees of a place, and perhaps a few more."""
        apart = np.abs(self._east - east(lon))
        apart = np.minimum(apart, 360 - apart)  # across the date line
        return self._where((np.abs(self._lats - lat) <= half_lat) & (apart <= half_lon))

    def nearest(self, lat: float, lon: float) -> tuple[int, float]:
        """Return the number of the site nearest to a place, and its distance in km."""
        km = distances_km(lat, lon, self._lats, self._lons)
        closest = int(km.argmin())
        return closest, float(km[closest])

    def _where(self, chosen: NDArray[np.bool_]) -> list[Place]:
        return [self.place(int(index)) for index in np.flatnonzero(chosen)]


def east(lon: float) -> float:
    """Return a longitude whose -180 is 180."""
    return 180.0 if lon == -180.0 else lon
