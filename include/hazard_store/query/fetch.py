"""Fetches the stored curves of sites into arrays: items by their keys, in batches, some at once.

A Query of a site is rounded up to 4 KB once, and a batch with each of its items. But a batch names
many sites, reads nothing that was not asked for, and in key scheme `location` nothing of other
calculations.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain, islice

import numpy as np
from numpy.typing import NDArray

from hazard_store.ahead import map_ahead
from hazard_store.aws.batch_get import KEYS_PER_REQUEST, batch_get
from hazard_store.codec import NEWEST, NewerCodec
from hazard_store.errors import NewerRelease
from hazard_store.items import ItemError, ItemSpec, Place, WireItem, read_curves, read_place
from hazard_store.keys import HASH_KEY, CodeRule
from hazard_store.store import Store

Key = tuple[str, str]  # (hash key, range key)
Known = Mapping[Key, WireItem | None]  # items that were read before; None: there is none

MOST_THREADS = 4
ANSWER_BYTES = 3_000_000  # of curves, not packed: more takes memory and no less CPU


@dataclass(frozen=True)
class Wanted:
    """What is wanted of each site."""

    rows: tuple[int, ...]  # K ordinals of statistics or realisations
    imts: tuple[int, ...]  # M ordinals
    rule: CodeRule | None  # None: items must carry the very coordinates of the place


@dataclass(frozen=True)
class FetchedSites:
    """The curves of some sites, and which of the sites are not whole."""

    places: list[Place]  # n, as their items carry them
    curves: NDArray[np.float32]  # (n, K, M, L); of sites that are not whole partly zeros
    damages: dict[
        int, tuple[int, str]
    ]  # by the site's number: its first row that is wrong, and why
    absent: frozenset[int]  # those of them of which no item at all was found


def threads_of(store: Store) -> int:
    """Return how many threads read at once: more than four only wait for each other's turns."""
    return min(store.settings.request_threads, MOST_THREADS)


def fetch_sites(
    store: Store,
    spec: ItemSpec,
    places: Iterable[Place],
    wanted: Wanted,
    known: Known,
) -> Iterator[FetchedSites]:
    """Yield the curves of the sites, in the order of the places.

    Args:
        store: where.
        spec: of the items.
        places: the sites.
        wanted: of each.
        known: items that were read before; they are not asked for again.
    """
    groups = {spec.group_of_row[row] for row in wanted.rows}
    at_once = max(1, _keys_at_once(spec, groups) // len(groups))
    iterator = iter(places)
    batches = iter(lambda: list(islice(iterator, at_once)), [])
    threads = threads_of(store)
    work = partial(_fetch, store, spec, wanted, known)
    first, second = next(batches, None), next(batches, None)
    if second is not None:  # a pool for a single request would cost more than the request
        todo = chain([first or [], second], batches)
        yield from map_ahead(work, todo, threads=threads, ahead=threads, name="get")
    elif first:
        yield work(first)


def _fetch(
    store: Store,
    spec: ItemSpec,
    wanted: Wanted,
    known: Known,
    places: list[Place],
) -> FetchedSites:
    groups = sorted({spec.group_of_row[row] for row in wanted.rows})
    keys = [[spec.key(place, group) for group in groups] for place in places]
    table = store.table(spec.kind)
    at_once, all_keys = _keys_at_once(spec, groups), dict.fromkeys(chain.from_iterable(keys))
    asked = [key for key in all_keys if key not in known]
    items = get_items(store, table, spec.range_name, asked, at_once)
    items |= {key: item for key in all_keys if (item := known.get(key)) is not None}
    shape = (len(places), len(wanted.rows), len(wanted.imts), spec.levels.shape[1])
    curves = np.zeros(shape, np.float32)
    damages: dict[int, tuple[int, str]] = {}
    found_at, carried = set(), list(places)
    for g, group in enumerate(groups):
        here = [n for n in range(len(places)) if keys[n][g] in items]
        there = [items[keys[n][g]] for n in here]
        found_at.update(here)
        rows = [k for k, row in enumerate(wanted.rows) if spec.group_of_row[row] == group]
        within = [wanted.rows[k] - spec.groups[group].start for k in rows]
        first = wanted.rows[rows[0]]
        for n in set(range(len(places))) - set(here):
            damages.setdefault(n, (first, "missing"))
        read = _read(store, spec, there, [group] * len(there), wanted.imts)
        for n, item, of_item in zip(here, there, read, strict=True):
            place = _placed(spec, item, places[n], wanted.rule)
            if isinstance(of_item, ItemError):
                damages.setdefault(n, (first, f"altered ({of_item})"))
            elif isinstance(place, str):
                damages.setdefault(n, (first, place))
            else:
                carried[n] = place
                curves[n, rows] = of_item[within]
    if known and any(reason != "missing" for _, reason in damages.values()):
        return _fetch(store, spec, wanted, {}, places)  # they came with a head that was younger
    absent = frozenset(range(len(places))) - found_at
    return FetchedSites(carried, curves, damages, absent)


def _keys_at_once(spec: ItemSpec, groups: Iterable[int]) -> int:
    """Return how many items a request may name, so that they fit its answer."""
    largest = 4 * spec.levels.size * max(spec.sizes[group] for group in groups)
    return max(1, min(KEYS_PER_REQUEST, ANSWER_BYTES // largest))


def _read(
    store: Store,
    spec: ItemSpec,
    items: Sequence[WireItem],
    groups: Sequence[int],
    imts: Sequence[int],
) -> list[NDArray[np.float32] | ItemError]:
    chosen = None if tuple(imts) == tuple(range(len(spec.imts))) else imts
    try:
        return read_curves(spec, items, groups, chosen)
    except NewerCodec as error:
        raise newer(store.table(spec.kind), error) from error


def newer(table: str, error: NewerCodec) -> NewerRelease:
    """Return the error of an item that a newer release wrote."""
    return NewerRelease(table, f"an item of codec version {error.version}", NEWEST)


def _placed(spec: ItemSpec, item: WireItem, place: Place, rule: CodeRule | None) -> Place | str:
    """Return the place that an item carries, or why it is not the one that was asked for.

    DynamoDB keeps no number below 1e-130, which so is 0 in an item.
    """
    try:
        found = read_place(spec, item)
    except ItemError as error:
        return f"altered ({error})"
    if found.vs30 == place.vs30 and all(
        a == b or abs(a - b) < 1e-99 for a, b in ((found.lat, place.lat), (found.lon, place.lon))
    ):
        return place
    if rule is not None and rule.code(found.lat, found.lon, found.vs30) == place.loc:
        return replace(found, loc=place.loc, hash_key=place.hash_key)
    return "altered (its coordinates or vs30 are not the site's)"


def get_items(
    store: Store,
    table: str,
    range_name: str,
    keys: Iterable[Key],
    at_once: int = KEYS_PER_REQUEST,
) -> dict[Key, WireItem]:
    """Return items by their keys, so many a request; those that are not stored are not in it."""
    found: dict[Key, WireItem] = {}
    left = list(dict.fromkeys(keys))  # never one twice
    while left:
        now, left = left[:at_once], left[at_once:]
        items = batch_get(store.client, {table: wire_keys(range_name, now)})[table]
        found |= by_key(range_name, items)
    return found


def wire_keys(range_name: str, keys: Iterable[Key]) -> list[WireItem]:
    """Return keys as the DynamoDB API spells them."""
    return [{HASH_KEY: {"S": h}, range_name: {"S": r}} for h, r in keys]


def by_key(range_name: str, items: Iterable[WireItem]) -> dict[Key, WireItem]:
    """Return items by their keys."""
    return {(item[HASH_KEY]["S"], item[range_name]["S"]): item for item in items}
