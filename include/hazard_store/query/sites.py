"""Site codes and coordinates, as users give them, -> places."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from hazard_store.errors import NoSuchCurve
from hazard_store.items import Place
from hazard_store.keys import site_code
from hazard_store.records import Head
from hazard_store.store import Store

_CODE = re.compile(r"\[(-?\d+\.\d{3})~(-?\d+\.\d{3})\]")
_COORDINATES = re.compile(r"\s*(-?\d+(?:\.\d*)?)\s*,\s*(-?\d+(?:\.\d*)?)\s*")


def all_places(store: Store, head: Head) -> Iterator[Place]:
    """Yield every site, in key order."""
    keys = head.calculation.key_maker
    parts = store.parts(head.storage_id)
    return (place for _, place in parts.places(keys, 0, head.calculation.n_sites))


def places_of(store: Store, head: Head, locs: Iterable[str]) -> list[Place]:
    """Return the places of some sites, in the order asked for.

    A site code needs nothing but the head; custom ids are looked up in the calculation's sites.

    Args:
        store: where.
        head: the calculation.
        locs: site codes, custom ids, or "LAT,LON".

    Raises:
        NoSuchCurve: the calculation has no such site.
    """
    wanted = list(locs)
    if not head.calculation.custom_site_ids:
        return [_from_code(head, _as_code(loc)) for loc in wanted]
    by_id: dict[str, Place] = {}
    by_code: dict[str, Place] = {}
    codes = {_as_code(loc) for loc in wanted}
    for place in all_places(store, head):
        if place.loc in wanted:
            by_id[place.loc] = place
        if (code := site_code(place.lat, place.lon)) in codes:
            by_code.setdefault(code, place)
        if len(by_id) == len(set(wanted)):
            break
    found = [by_id.get(loc) or by_code.get(_as_code(loc)) for loc in wanted]
    for loc, place_found in zip(wanted, found, strict=True):
        if place_found is None:
            raise no_such_site(head, loc)
    return [place_found for place_found in found if place_found is not None]


def no_such_site(head: Head, loc: str) -> NoSuchCurve:
    """Return the error that says so."""
    known = f"{head.calculation.n_sites} others"
    return NoSuchCurve(head.calc_id, "site", loc, known)


def choose(head: Head, axis: str, wanted: Sequence[str] | None, known: Sequence[str]) -> list[int]:
    """Return the ordinals of what is wanted on an axis, all where nothing is named.

    Raises:
        NoSuchCurve: one of them is not there.
    """
    if wanted is None:
        return list(range(len(known)))
    index = {name: i for i, name in enumerate(known)}
    for name in wanted:
        if name not in index:
            some = ", ".join(known[:12]) + (" ..." if len(known) > 12 else "")
            raise NoSuchCurve(head.calc_id, axis, name, some or "none")
    return [index[name] for name in dict.fromkeys(wanted)]


def _as_code(loc: str) -> str:
    match = _COORDINATES.fullmatch(loc)
    return site_code(float(match[1]), float(match[2])) if match else loc


def _from_code(head: Head, code: str) -> Place:
    match = _CODE.fullmatch(code)
    if match is None:
        raise no_such_site(head, code)
    lat, lon = float(match[1]), float(match[2])
    return Place(lat, lon, None, code, head.calculation.key_maker.hash_key(lat, lon))
