"""Sites by where they are: the nearest to a place, those in a box, those within some kilometres."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hazard_store.errors import BadParameter, NoSuchCurve
from hazard_store.query.curves import Site, SiteArrays
from hazard_store.query.distance import distances_km
from hazard_store.query.opened import Calculation, OpenCalculation, opened
from hazard_store.query.replaced import explain_missing
from hazard_store.store import Store

LatLon = tuple[float, float]


@dataclass(frozen=True)
class Found:
    """A site, and how far it is from the place that was asked for; None: no place was."""

    site: Site
    km: float | None = None
    near: LatLon | None = None


@dataclass(frozen=True)
class Selection:
    """Which sites are asked for by where they are; nothing: all."""

    nearest: tuple[LatLon, ...] = ()  # one site for each
    box: tuple[float, float, float, float] | None = None  # south, west, north, east
    within: tuple[float, float, float] | None = None  # kilometres, latitude, longitude

    def __post_init__(self) -> None:
        """Refuse what is nowhere.

        Raises:
            BadParameter: a latitude or longitude is out of range, or a box or radius is empty.
        """
        for place in self.nearest:
            _check(*place)
        if self.within is not None:
            km, lat, lon = self.within
            _check(lat, lon)
            if not (km > 0 and math.isfinite(km)):
                raise BadParameter("within", f"{km:g} km is not above 0")
        if self.box is not None:
            south, west, north, east = self.box
            _check(south, west)
            _check(north, east)
            if south > north:
                raise BadParameter(
                    "box", f"its south, {south:g}, is above its north, {north:g}: S,W,N,E"
                )

    @property
    def is_empty(self) -> bool:
        """Whether nothing is selected by."""
        return not self.nearest and self.box is None and self.within is None


def select_sites(
    calc_id: Calculation,
    selection: Selection,
    unpublished: bool = False,
    *,
    store: Store | None = None,
) -> Iterator[Found]:
    """Yield the selected sites: of a box or radius in key order, the nearest as they were asked.

    A box whose west is above its east goes across the date line.

    Raises:
        NoSuchCalculation: it is not stored, or not published.
        NoSuchCurve: there is no site in the box, or within the distance; it names the nearest.
    """
    calculation = opened(calc_id, unpublished, store)
    with explain_missing(calculation.store, calculation.head):
        sites = calculation.sites.arrays
    if selection.is_empty:
        yield from map(Found, sites)
        return
    for lat, lon in selection.nearest:
        closest, km = calculation.sites.nearest(lat, lon)
        yield Found(sites[closest], km, (lat, lon))
    if selection.box is not None:
        chosen = np.flatnonzero(in_box(selection.box, sites))
        if not len(chosen):
            raise _nothing(calculation, "in the box", _middle(selection.box))
        yield from (Found(sites[int(i)]) for i in chosen)
    if selection.within is not None:
        at_most, lat, lon = selection.within
        away = distances_km(lat, lon, sites.lats, sites.lons)
        chosen = np.flatnonzero(away <= at_most)
        if not len(chosen):
            raise _nothing(calculation, f"within {at_most:g} km", (lat, lon))
        yield from (Found(sites[int(i)], float(away[i]), (lat, lon)) for i in chosen)


def in_box(box: Sequence[float], sites: SiteArrays) -> NDArray[np.bool_]:
    """Tell which sites are in a box, (n,): south, west, north, east, its sides included."""
    south, west, north, east = box
    eastward = (sites.lons - west) % 360  # from the west side on
    wide = 360.0 if east - west >= 360 else (east - west) % 360
    found: NDArray[np.bool_] = (sites.lats >= south) & (sites.lats <= north) & (eastward <= wide)
    return found


def _middle(box: Sequence[float]) -> LatLon:
    south, west, north, east = box
    lon = west + ((east - west) % 360) / 2
    return (south + north) / 2, (lon + 180) % 360 - 180


def _nothing(calculation: OpenCalculation, where: str, middle: LatLon) -> NoSuchCurve:
    closest, km = calculation.sites.nearest(*middle)
    known = f"{calculation.sites.locs[closest]} as the nearest, {km:,.1f} km from its middle"
    return NoSuchCurve(calculation.calc_id, "site", where, known)


def _check(lat: float, lon: float) -> None:
    if not -90 <= lat <= 90:
        raise BadParameter("latitude", f"{lat:g} is not from -90 to 90: write LAT,LON")
    if not -180 <= lon <= 360:
        raise BadParameter("longitude", f"{lon:g} is not from -180 to 360")
