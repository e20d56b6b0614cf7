"""Reads the stored items of consecutive sites, in key order, with several queries under way.

A chunk owns every key between its first site and the first of the next chunk: what is found there
and was not expected is extra. So the items are read by ranges of keys, not one by one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby, islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hazard_store.ahead import map_ahead
from hazard_store.items import ItemSpec, MapSpec, Place, WireItem
from hazard_store.keys import HASH_KEY, RANGE_KEYS, map_range_key
from hazard_store.model import Kind
from hazard_store.records import Chunk, Head
from hazard_store.store import Store

RANGE_SITES = 44  # of the statistics, a page of a query
RANGE_BYTES = 2_000_000  # of curves, unpacked
LAST = "\U0010ffff" * 254  # behind eight digits the highest key that there can be, 1,024 bytes
AHEAD_BYTES = 24_000_000

SidPlace = tuple[int, Place]


@dataclass(frozen=True)
class KeyRange:
    """Consecutive sites of one hash key, and the range keys that they own; or a map's block."""

    hash_key: str
    sites: tuple[SidPlace, ...]  # none: of a map's block
    lower: str | None  # first range key that is theirs; None: from the beginning
    upper: str | None  # first that is not; None: to the end


@dataclass(frozen=True)
class KeyRangeItems:
    """What is stored in a key range."""

    key_range: KeyRange
    items: dict[str, WireItem]  # by range key
    rcu: float


def chunk_key_ranges(store: Store, head: Head, spec: ItemSpec, chunk: Chunk) -> Iterator[KeyRange]:
    """Return the key ranges of a chunk; they own all keys up to the next chunk.

    The sites are read from the calculation's records as they are asked for.
    """
    keys, parts = head.calculation.key_maker, store.parts(head.storage_id)
    start, stop = chunk.start, chunk.stop
    before = next(parts.places(keys, start - 1, start))[1] if start else None
    last = head.calculation.n_sites
    after = next(parts.places(keys, stop, stop + 1))[1] if stop < last else None
    return key_ranges_of(spec, parts.places(keys, start, stop), before, after)


def sids_of(sites: Sequence[SidPlace]) -> NDArray[np.intp]:
    """Return the sids of some sites, (n,), as the reader of the file wants them."""
    return np.array([sid for sid, _ in sites], dtype=np.intp)


def key_ranges_of(
    spec: ItemSpec, sites: Iterable[SidPlace], before: Place | None, after: Place | None
) -> Iterator[KeyRange]:
    """Divide the sites of a chunk into key ranges; one is made when it is asked for.

    Args:
        spec: the items' spec.
        sites: the chunk's sites, in key order.
        before: the site before the chunk, if there is one.
        after: the site behind it.
    """
    pieces = _pieces(sites, _sites_per_range(spec))
    piece = next(pieces, None)
    while piece is not None:
        later = next(pieces, None)
        yield _key_range(spec, piece, before, later[0][1] if later else after)
        before, piece = piece[-1][1], later


def _pieces(sites: Iterable[SidPlace], at_most: int) -> Iterator[tuple[SidPlace, ...]]:
    """Yield sites that follow each other under one hash key."""
    for _, of_key in groupby(sites, key=lambda site: site[1].hash_key):
        while piece := tuple(islice(of_key, at_most)):
            yield piece


def _key_range(
    spec: ItemSpec, sites: tuple[SidPlace, ...], before: Place | None, after: Place | None
) -> KeyRange:
    hash_key, first = sites[0][1].hash_key, sites[0][1]
    shared_below = before is not None and before.hash_key == hash_key
    lower = spec.keys.site_prefix(first.loc) if shared_below else None
    shared_above = after is not None and after.hash_key == hash_key
    upper = spec.keys.site_prefix(after.loc) if shared_above and after else None
    return KeyRange(hash_key, sites, lower, upper)


def block_key_ranges(maps: MapSpec, start: int, stop: int, n_sites: int) -> Iterator[KeyRange]:
    """Yield the key ranges of a block's map items: all keys up to the next block's are theirs.

    Args:
        maps: the spec of the map items.
        start: position of the block's first site.
        stop: position behind its last.
        n_sites: N of the calculation.
    """
    lower = map_range_key(start) if start else None
    # Bounds are included, and the next block's items would cost as much again.
    upper = f"{map_range_key(stop - 1)}{LAST}" if stop < n_sites else None
    for hash_key in maps.hash_keys:
        yield KeyRange(hash_key, (), lower, upper)


def _sites_per_range(spec: ItemSpec) -> int:
    return max(1, min(RANGE_SITES, RANGE_BYTES // spec.site_bytes))


def read_key_ranges(
    store: Store, spec: ItemSpec, ranges: Iterable[KeyRange], *, keys_only: bool = False
) -> Iterator[KeyRangeItems]:
    """Yield what is stored of each key range, in order, reading ahead with several threads.

    Args:
        store: where.
        spec: the items' spec.
        ranges: what to read.
        keys_only: the items without what they say; DynamoDB charges the same.
    """
    threads = store.settings.request_threads
    range_bytes = _sites_per_range(spec) * spec.site_bytes
    ahead = max(1, min(2 * threads, AHEAD_BYTES // range_bytes))
    read = partial(_read, store, spec, keys_only=keys_only)
    return map_ahead(read, ranges, threads=threads, ahead=ahead, name="query")


def _read(store: Store, spec: ItemSpec, key_range: KeyRange, keys_only: bool) -> KeyRangeItems:
    request = _query(store, spec, key_range)
    if keys_only:
        request["ExpressionAttributeNames"]["#r"] = spec.range_name
        request["ProjectionExpression"] = "#h, #r"
    items: dict[str, WireItem] = {}
    rcu = 0.0
    while True:  # a paginator would cost 0.2 ms more a page
        page: Any = store.client.query(**request)
        rcu += _units_of(page)
        for item in page["Items"]:
            range_key = item[spec.range_name]["S"]
            if spec.keys.owns_item(key_range.hash_key, range_key) and range_key != key_range.upper:
                items[range_key] = item
        if "LastEvaluatedKey" not in page:
            return KeyRangeItems(key_range, items, rcu)
        request["ExclusiveStartKey"] = page["LastEvaluatedKey"]


def _query(store: Store, spec: ItemSpec, key_range: KeyRange) -> dict[str, Any]:
    values: dict[str, Any] = {":h": {"S": key_range.hash_key}}
    condition = "#h = :h"
    names = {"#h": HASH_KEY}
    if key_range.lower is not None and key_range.upper is not None:
        condition += " AND #r BETWEEN :lower AND :upper"
    elif key_range.lower is not None:
        condition += " AND #r >= :lower"
    elif key_range.upper is not None:
        condition += " AND #r < :upper"
    for name, bound in ((":lower", key_range.lower), (":upper", key_range.upper)):
        if bound is not None:
            values[name] = {"S": bound}
            names["#r"] = spec.range_name
    return {
        "TableName": store.table(spec.kind),
        "KeyConditionExpression": condition,
        "ExpressionAttributeNames": names,
        "ExpressionAttributeValues": values,
        "ConsistentRead": True,
        "ReturnConsumedCapacity": "TOTAL",
    }


def scan_keys(store: Store, kind: Kind) -> Iterator[tuple[WireItem, float]]:
    """Yield (keys, read units) of every item of a table; a page's units come with its first item.

    Not consistent, at half the price: it looks for what should have been gone for long.
    """
    pages: Any = store.client.get_paginator("scan").paginate(
        TableName=store.table(kind),
        ProjectionExpression="#h, #r",
        ExpressionAttributeNames={"#h": HASH_KEY, "#r": RANGE_KEYS[kind]},
        ReturnConsumedCapacity="TOTAL",
    )
    for page in pages:
        units = _units_of(page)
        for item in page["Items"]:
            yield item, units
            units = 0.0


def _units_of(answer: Any) -> float:
    """Return the units that an answer tells; it may tell none."""
    return float(answer.get("ConsumedCapacity", {}).get("CapacityUnits", 0.0))
