"""Sites as users name them (codes, custom ids, coordinates) -> places."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from hazard_store.errors import BadParameter, NoSuchCurve
from hazard_store.items import Place
from hazard_store.query.choices import did_you_mean
from hazard_store.records import Head
from hazard_store.shown import cut
from hazard_store.store import Store

_NUMBER = r"[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d{1,2})?"
_COORDINATES = re.compile(rf"\s*({_NUMBER})\s*,\s*({_NUMBER})\s*")
_CODE = re.compile(r"\[?(-?\d+\.(\d+))~(-?\d+\.(\d+))(?:~(\d+(?:\.\d*)?))?\]?")
MAX_SUGGESTED_FROM = 20_000  # sites among which similar ids are looked for
MAX_LISTED = 10


def all_places(store: Store, head: Head) -> Iterator[Place]:
    """Yield every site, in key order."""
    keys = head.calculation.key_maker
    parts = store.parts(head.storage_id)
    return (place for _, place in parts.places(keys, 0, head.calculation.n_sites))


def places_of(store: Store, head: Head, locs: Iterable[str]) -> list[Place]:
    """Return the places of some sites, in the order asked for.

    A code that is made as this calculation's codes are needs nothing but the head, and whether
    there is such a site is for `recorded_locs` to say; all else is looked up in the records.
    Coordinates mean the site that has them, or else the one that has them when it is rounded to
    the decimals given.

    Args:
        store: where.
        head: the calculation.
        locs: site codes, custom ids, or "LAT,LON".

    Raises:
        NoSuchCurve: the calculation has no such site.
        BadParameter: several sites are there.
    """
    wanted = [_Wanted.of(loc) for loc in locs]
    found = [_from_code(head, each) for each in wanted]
    asked = [each for each, place in zip(wanted, found, strict=True) if place is None]
    if asked:
        sites = _Sites(store, head)
        for each in asked:
            each.look_up(sites)
    return [place or each.place(head, store) for each, place in zip(wanted, found, strict=True)]


def recorded_locs(store: Store, head: Head) -> frozenset[str]:
    """Return the codes of all sites, as the records of the calculation have them."""
    return frozenset(site.loc for site in all_places(store, head))


def no_such_site(store: Store, head: Head, loc: str) -> NoSuchCurve:
    """Return the error that says so, with ids that look alike if there are any."""
    n_sites = head.calculation.n_sites
    known = f"{n_sites:,} site" + ("" if n_sites == 1 else "s")
    if not (_COORDINATES.fullmatch(loc) or _CODE.fullmatch(loc)):
        ids = [place.loc for place in islice(all_places(store, head), MAX_SUGGESTED_FROM)]
        known += did_you_mean(loc, ids)
    return NoSuchCurve(head.calc_id, "site", loc, known)


@dataclass
class _Wanted:
    """A site as it was asked for, and the sites of the calculation that it may mean."""

    loc: str
    lat: str = ""  # as it was written; empty: an id or a code
    lon: str = ""
    vs30: str = ""  # of a code that names it
    by_id: list[Place] = field(default_factory=list)
    exact: list[Place] = field(default_factory=list)  # with these coordinates
    rounded: list[Place] = field(default_factory=list)  # to the decimals that were written
    swapped: list[Place] = field(default_factory=list)  # with LON,LAT

    @classmethod
    def of(cls, loc: str) -> _Wanted:
        """Return what a user's text asks for."""
        match = _COORDINATES.fullmatch(loc)
        if match is not None:
            return cls(loc, match[1], match[2])
        code = _CODE.fullmatch(loc)
        if code is not None:
            return cls(loc, code[1], code[3], code[5] or "")
        return cls(loc)

    def look_up(self, sites: _Sites) -> None:
        """Note the sites of the calculation that may be meant."""
        self.by_id = sites.with_id(self.loc)
        if not self.lat:
            return
        lat, lon = float(self.lat), float(self.lon)
        self.exact = self._of_vs30(sites.at(lat, lon))
        self.swapped = self._of_vs30(sites.at(lon, lat))
        self.rounded = [
            place
            for place in self._of_vs30(sites.around(lat, lon, _half(self.lat), _half(self.lon)))
            if _rounds_to(place.lat, self.lat) and _rounds_to(place.lon, self.lon)
        ]

    def _of_vs30(self, places: list[Place]) -> list[Place]:
        return [p for p in places if not self.vs30 or p.vs30 == float(self.vs30)]

    def place(self, head: Head, store: Store) -> Place:
        """Return the one site that is meant.

        Raises:
            NoSuchCurve: there is none.
            BadParameter: there are several.
        """
        for sites in (self.by_id, self.exact, self.rounded):
            if len(sites) == 1:
                return sites[0]
            if sites:
                raise self._several(head, sites)
        if self.swapped:
            lat, lon = self.lon, self.lat
            known = f"a site at LAT,LON {lat},{lon}; write the latitude first"
            raise NoSuchCurve(head.calc_id, "site", self.loc, known)
        raise no_such_site(store, head, self.loc)

    def _several(self, head: Head, sites: Sequence[Place]) -> BadParameter:
        listed = "; ".join(map(_described, sites[:MAX_LISTED]))
        more = f" and {len(sites) - MAX_LISTED} more" if len(sites) > MAX_LISTED else ""
        return BadParameter(
            "loc",
            f"{cut(self.loc)} may be {len(sites)} sites of {head.calc_id}: {listed}{more}. Name "
            "one by its id, or with more decimals",
        )


class _Sites:
    """All sites of a calculation, read once, to look many of them up."""

    def __init__(self, store: Store, head: Head) -> None:
        self._places = list(all_places(store, head))
        self._by_id = {place.loc: place for place in self._places}
        self._lat = np.array([place.lat for place in self._places])
        self._lon = np.array([_east(place.lon) for place in self._places])

    def with_id(self, loc: str) -> list[Place]:
        """Return the site with this code or id."""
        return [self._by_id[loc]] if loc in self._by_id else []

    def at(self, lat: float, lon: float) -> list[Place]:
        """Return the sites with exactly these coordinates."""
        return self._where((self._lat == lat) & (self._lon == _east(lon)))

    def around(self, lat: float, lon: float, half_lat: float, half_lon: float) -> list[Place]:
        """Return the sites within some degrees of a place, and perhaps a few more."""
        apart = np.abs(self._lon - _east(lon))
        apart = np.minimum(apart, 360 - apart)  # across the date line
        return self._where((np.abs(self._lat - lat) <= half_lat) & (apart <= half_lon))

    def _where(self, chosen: NDArray[np.bool_]) -> list[Place]:
        return [self._places[index] for index in np.flatnonzero(chosen)]


def _east(lon: float) -> float:
    return 180.0 if lon == -180.0 else lon


def _half(written: str) -> float:
    """Return how far a number may lie from what it is when rounded to the decimals of a text."""
    return 0.500001 * 10.0 ** -_decimals(written)


def _rounds_to(degrees: float, written: str) -> bool:
    """Tell whether degrees, rounded to the decimals of a text, are what it says."""
    return _east(float(f"{degrees:.{_decimals(written)}f}")) == _east(float(written))


def _decimals(written: str) -> int:
    """Return the decimals that a number is written with: four of -4.13004e1."""
    digits, _, exponent = written.lower().partition("e")
    return max(0, len(digits.partition(".")[2]) - int(exponent or 0))


def _described(place: Place) -> str:
    vs30 = "" if place.vs30 is None else f", vs30 {place.vs30:g}"
    return f"{place.loc} ({place.lat}, {place.lon}{vs30})"


def _from_code(head: Head, wanted: _Wanted) -> Place | None:
    """Return the place of a code that is exactly as this calculation's codes are."""
    rule, match = head.calculation.code_rule, _CODE.fullmatch(wanted.loc)
    if rule is None or match is None or bool(match[5]) is not rule.with_vs30:
        return None
    lat, lon = float(match[1]), float(match[3])
    vs30 = float(match[5]) if match[5] else None
    code = rule.code(lat, lon, vs30)
    if wanted.loc not in (code, code.strip("[]")) or abs(lon) == 180:
        return None  # codes at the date line had the file's sign once
    return Place(lat, lon, vs30, code, head.calculation.key_maker.hash_key(lat, lon))
