"""Sites as users name them (codes, custom ids, coordinates) -> places."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hazard_store.amounts import count
from hazard_store.errors import BadParameter, NoSuchCurve
from hazard_store.items import Place
from hazard_store.keys import CodeRule, KeyMaker
from hazard_store.query.site_index import SiteIndex, east
from hazard_store.shown import cut, did_you_mean

if TYPE_CHECKING:
    from hazard_store.query.opened import OpenCalculation
    from hazard_store.records import StoredCalculation
    from hazard_store.store import Store

_NUMBER = r"[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d{1,2})?"
_COORDINATES = re.compile(rf"\s*({_NUMBER})\s*,\s*({_NUMBER})\s*")
_CODE = re.compile(r"\[?(-?\d+\.(\d+))~(-?\d+\.(\d+))(?:~(\d+(?:\.\d*)?))?\]?")
MAX_SUGGESTED_FROM = 20_000  # sites among which similar ids are looked for
MAX_LISTED = 10


def all_places(store: Store, stored: StoredCalculation) -> Iterator[Place]:
    """Yield every site of a calculation, in key order, reading the records as they are needed."""
    keys, parts = stored.key_maker, store.parts(stored.storage_id)
    for part in parts.all_site_parts(stored.n_sites):
        for index in range(len(part.locs)):
            yield part.place(index, keys)


def places_of(calculation: OpenCalculation, locs: Iterable[str]) -> list[Place]:
    """Return the places of some sites, in the order asked for.

    A code that is made as this calculation's codes are needs nothing but the head, and whether
    there is such a site is for its items to say; all else is looked up in the records.
    Coordinates mean the site that has them, or else the one that has them when it is rounded to
    the decimals given.

    Args:
        calculation: whose sites.
        locs: site codes, custom ids, or "LAT,LON".

    Raises:
        NoSuchCurve: the calculation has no such site.
        BadParameter: several sites are there.
    """
    stored = calculation.head.calculation
    return [
        place_of_code(loc, stored.code_rule, stored.key_maker) or _Wanted.of(loc).place(calculation)
        for loc in locs
    ]


def no_such_site(calculation: OpenCalculation, loc: str) -> NoSuchCurve:
    """Return the error that says so, with the nearest site, or with ids that look alike."""
    sites = calculation.sites
    known = count(len(sites.locs), "site")
    wanted = _Wanted.of(loc)
    if wanted.lat and abs(float(wanted.lat)) <= 90 and abs(float(wanted.lon)) <= 360:
        closest, km = sites.nearest(float(wanted.lat), float(wanted.lon))
        known += f", the nearest {cut(sites.locs[closest])}, {km:,.1f} km away"
    elif not wanted.lat:
        known += did_you_mean(loc, sites.locs[:MAX_SUGGESTED_FROM])
    return NoSuchCurve(calculation.calc_id, "site", loc, known)


def place_of_code(loc: str, rule: CodeRule | None, keys: KeyMaker) -> Place | None:
    """Return the place of a code that is exactly as a calculation's codes are; None: it is none.

    Args:
        loc: what a user wrote.
        rule: of the calculation's codes; None: they are custom ids.
        keys: of the calculation.
    """
    match = None if rule is None else _CODE.fullmatch(loc)
    if rule is None or match is None or bool(match[5]) is not rule.with_vs30:
        return None
    lat, lon = float(match[1]), float(match[3])
    vs30 = float(match[5]) if match[5] else None
    if not (abs(lat) <= 90 and abs(lon) <= 360):
        return None
    code = rule.code(lat, lon, vs30)
    if loc not in (code, code.strip("[]")) or abs(lon) == 180:
        return None  # codes at the date line had the file's sign once
    return Place(lat, lon, vs30, code, keys.hash_key(lat, lon))


@dataclass(frozen=True)
class _Wanted:
    """A site as it was asked for."""

    loc: str
    lat: str = ""  # as it was written; empty: an id or a code
    lon: str = ""
    vs30: str = ""  # of a code that names it

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

    def place(self, calculation: OpenCalculation) -> Place:
        """Return the one site that is meant.

        Raises:
            NoSuchCurve: there is none.
            BadParameter: there are several.
        """
        for found in self._candidates(calculation.sites):
            if len(found) == 1:
                return found[0]
            if found:
                raise self._several(calculation.calc_id, found)
        if self.lat and self._of_vs30(calculation.sites.at(float(self.lon), float(self.lat))):
            lat, lon = self.lon, self.lat
            known = f"a site at LAT,LON {lat},{lon}; write the latitude first"
            raise NoSuchCurve(calculation.calc_id, "site", self.loc, known)
        raise no_such_site(calculation, self.loc)

    def _candidates(self, sites: SiteIndex) -> Iterator[list[Place]]:
        """Yield the sites that may be meant: by id, by coordinates, by rounded ones."""
        yield sites.with_id(self.loc)
        if not self.lat:
            return
        lat, lon = float(self.lat), float(self.lon)
        yield self._of_vs30(sites.at(lat, lon))
        yield [
            place
            for place in self._of_vs30(sites.around(lat, lon, _half(self.lat), _half(self.lon)))
            if _rounds_to(place.lat, self.lat) and _rounds_to(place.lon, self.lon)
        ]

    def _of_vs30(self, places: list[Place]) -> list[Place]:
        return [p for p in places if not self.vs30 or p.vs30 == float(self.vs30)]

    def _several(self, calc_id: str, sites: Sequence[Place]) -> BadParameter:
        listed = "; ".join(map(_described, sites[:MAX_LISTED]))
        more = f" and {len(sites) - MAX_LISTED} more" if len(sites) > MAX_LISTED else ""
        return BadParameter(
            "loc",
            f"{cut(self.loc)} may be {len(sites)} sites of {calc_id}: {listed}{more}. Name "
            "one by its id, or with more decimals",
        )


def _half(written: str) -> float:
    """Return how far a number may lie from what it is when rounded to the decimals of a text."""
    return 0.500001 * 10.0 ** -_decimals(written)


def _rounds_to(degrees: float, written: str) -> bool:
    """Tell whether degrees, rounded to the decimals of a text, are what it says."""
    return east(float(f"{degrees:.{_decimals(written)}f}")) == east(float(written))


def _decimals(written: str) -> int:
    """Return the decimals that a number is written with: four of -4.13004e1."""
    digits, _, exponent = written.lower().partition("e")
    return max(0, len(digits.partition(".")[2]) - int(exponent or 0))


def _described(place: Place) -> str:
    vs30 = "" if place.vs30 is None else f", vs30 {place.vs30:g}"
    return f"{place.loc} ({place.lat}, {place.lon}{vs30})"
