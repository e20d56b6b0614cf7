"""Fetches some statistics and IMTs of all sites out of map items: a map is a few requests."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np
from numpy.typing import NDArray

from hazard_store.ahead import map_ahead
from hazard_store.aws.batch_get import KEYS_PER_REQUEST
from hazard_store.codec import NewerCodec
from hazard_store.errors import CorruptItem
from hazard_store.items import BlockSites, ItemError, MapSpec
from hazard_store.keys import RANGE_KEYS, map_hash_key, map_range_key
from hazard_store.model import Kind
from hazard_store.query.curves import SiteArrays
from hazard_store.query.fetch import ANSWER_BYTES, Key, get_items, newer, threads_of
from hazard_store.records import Head
from hazard_store.store import Store

Block = tuple[int, int]  # positions in the plan's order


def fetch_maps(
    store: Store, head: Head, aggs: list[str], imts: list[str]
) -> Iterator[tuple[SiteArrays, NDArray[np.float32] | CorruptItem]]:
    """Yield the sites and curves of each block, or which of its items is not as it must be.

    Args:
        store: where.
        head: a calculation that has map items of these statistics.
        aggs: K statistics.
        imts: M intensity measures.

    Returns:
        sites and float32 (n, K, M, L), in the plan's order.
    """
    maps = head.calculation.maps
    blocks = [b for c in head.calculation.chunks for b in maps.blocks(c.start, c.stop)]
    hash_keys = [map_hash_key(maps.storage_id, agg, imt) for agg in aggs for imt in imts]
    per_block = 1 + len(hash_keys)
    longest = max(stop - start for start, stop in blocks)
    answers = ANSWER_BYTES // (4 * maps.n_levels * longest)
    at_once = max(1, min(KEYS_PER_REQUEST, answers) // per_block)
    batches = [blocks[i : i + at_once] for i in range(0, len(blocks), at_once)]
    threads = threads_of(store)
    work = partial(_fetch, store, maps, hash_keys, (len(aggs), len(imts)))
    if len(batches) == 1:
        yield from work(batches[0])
        return
    for of_batch in map_ahead(work, batches, threads=threads, ahead=threads, name="get"):
        yield from of_batch


def _fetch(
    store: Store, maps: MapSpec, hash_keys: list[str], shape: tuple[int, int], blocks: list[Block]
) -> list[tuple[SiteArrays, NDArray[np.float32] | CorruptItem]]:
    table = store.table(Kind.STATS)
    of_blocks = [
        [(hash_key, map_range_key(start)) for hash_key in (maps.sites_key, *hash_keys)]
        for start, _ in blocks
    ]
    items = get_items(
        store, table, RANGE_KEYS[Kind.STATS], [key for keys in of_blocks for key in keys]
    )
    found = []
    for keys, (start, stop) in zip(of_blocks, blocks, strict=True):
        curves: NDArray[np.float32] | CorruptItem
        curves = np.empty((stop - start, *shape, maps.n_levels), np.float32)
        flat = curves.reshape(stop - start, len(hash_keys), maps.n_levels)
        sites, key = None, keys[0]
        try:
            for number, key in enumerate(keys):
                if key not in items:
                    raise ItemError("missing")
                if number:
                    flat[:, number - 1] = maps.read_curves(items[key], stop - start)
                    continue
                sites = maps.read_sites(items[key])
                if len(sites.sids) != stop - start:
                    raise ItemError(f"it lists {len(sites.sids)} sites, not {stop - start}")
        except NewerCodec as error:
            raise newer(table, error) from error
        except ItemError as error:
            curves = _corrupt(table, key, error)
        found.append((_arrays(maps, sites), curves))
    return found


def _corrupt(table: str, key: Key, error: ItemError) -> CorruptItem:
    said = str(error)
    return CorruptItem(table, *key, said if said == "missing" else f"altered ({said})")


def _arrays(maps: MapSpec, sites: BlockSites | None) -> SiteArrays:
    if sites is None:
        return SiteArrays(np.empty(0), np.empty(0), None, tuple)
    locs = partial(sites.locs, maps.rule)
    return SiteArrays(sites.lats, sites.lons, sites.vs30s, locs)
