"""Fetches stored rows: sites of several items by a Query each, items by their keys in batches."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import chain, islice
from typing import Any, TypeVar

from hazard_store.ahead import map_ahead
from hazard_store.aws.retry import RetryPolicy, Unprocessed
from hazard_store.codec import NEWEST, NewerCodec
from hazard_store.errors import CorruptItem, NewerRelease
from hazard_store.items import ItemError, ItemSpec, Place, StoredRows, WireItem, read_item
from hazard_store.keys import HASH_KEY
from hazard_store.model import KeyScheme
from hazard_store.store import Store

T = TypeVar("T")
R = TypeVar("R")
Key = tuple[str, str]  # (hash key, range key)
Found = StoredRows | CorruptItem  # one item that is altered leaves the other sites readable

KEYS_PER_REQUEST = 100  # DynamoDB's limit
ANSWER_BYTES = 8_000_000  # of DynamoDB's 16 MB


def fetch_sites(store: Store, spec: ItemSpec, places: Iterable[Place]) -> Iterator[list[Found]]:
    """Yield all rows of each site, in the order of the places.

    A Query is rounded up to 4 KB once, and not with each item. But a site of a single item gains
    nothing by it, and in key scheme `location` it would also read, and pay for, what other
    calculations store at the site.
    """
    if len(spec.groups) == 1 or spec.keys.scheme is KeyScheme.LOCATION:
        return fetch_rows(store, spec, places, range(len(spec.rows)))

    def query(place: Place) -> list[Found]:
        pages: Iterable[Any] = store.client.get_paginator("query").paginate(
            TableName=store.table(spec.kind),
            KeyConditionExpression="#h = :h AND begins_with(#r, :site)",
            ExpressionAttributeNames={"#h": HASH_KEY, "#r": spec.range_name},
            ExpressionAttributeValues={
                ":h": {"S": place.hash_key},
                ":site": {"S": spec.keys.site_prefix(place.loc)},
            },
            ConsistentRead=True,  # what was published a moment ago is all there
        )
        return [read_rows(store, spec, item) for page in pages for item in page["Items"]]

    return _in_parallel(store, query, places)


def fetch_rows(
    store: Store, spec: ItemSpec, places: Iterable[Place], rows: Iterable[int]
) -> Iterator[list[Found]]:
    """Yield the items of each site that hold the given rows, and no others, in order."""
    groups = sorted({spec.group_of_row[row] for row in rows})
    item_bytes = max(spec.sizes[group] for group in groups) * 4 * spec.levels.size
    at_once = max(1, min(KEYS_PER_REQUEST, ANSWER_BYTES // item_bytes))
    keys = (spec.key(place, group) for place in places for group in groups)

    def get(batch: list[Key]) -> list[Found | None]:
        items = _batch_get(store, spec, batch)
        return [read_rows(store, spec, items[key]) if key in items else None for key in batch]

    found = chain.from_iterable(_in_parallel(store, get, _batched(keys, at_once)))
    while of_site := list(islice(found, len(groups))):
        yield [stored for stored in of_site if stored is not None]


def read_rows(store: Store, spec: ItemSpec, item: WireItem) -> Found:
    """Return what an item says; where it is not what this calculation stores, the error."""
    keys = item[HASH_KEY]["S"], item[spec.range_name]["S"]
    try:
        return read_item(spec, item)
    except NewerCodec as error:
        subject = f"{store.table(spec.kind)} {keys[0]} {keys[1]}"
        raise NewerRelease(subject, f"codec version {error.version}", NEWEST) from error
    except ItemError as error:
        return CorruptItem(store.table(spec.kind), *keys, str(error))


def _in_parallel(store: Store, work: Callable[[T], R], todo: Iterable[T]) -> Iterator[R]:
    threads = store.settings.request_threads
    return map_ahead(work, todo, threads=threads, ahead=threads, name="get")


def _batch_get(store: Store, spec: ItemSpec, keys: list[Key]) -> dict[Key, WireItem]:
    table = store.table(spec.kind)
    found: dict[Key, WireItem] = {}
    wanted: list[Any] = [spec.wire_key(*key) for key in dict.fromkeys(keys)]  # never one twice
    # The client retries all else.
    for attempt in RetryPolicy().retrying(lambda error: isinstance(error, Unprocessed)):
        with attempt:
            answer: Any = store.client.batch_get_item(
                RequestItems={table: {"Keys": wanted, "ConsistentRead": True}}
            )
            for item in answer["Responses"].get(table, []):
                found[item[HASH_KEY]["S"], item[spec.range_name]["S"]] = item
            wanted = answer.get("UnprocessedKeys", {}).get(table, {}).get("Keys", [])
            if wanted:
                raise Unprocessed(f"{len(wanted)} keys")
    return found


def _batched(keys: Iterable[Key], size: int) -> Iterator[list[Key]]:
    iterator = iter(keys)
    while batch := list(islice(iterator, size)):
        yield batch
