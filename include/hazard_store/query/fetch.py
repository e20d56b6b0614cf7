"""Fetches stored rows: whole sites by one Query each, single rows by BatchGetItem, in parallel."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import Any, TypeVar

from hazard_store.errors import CorruptItem
from hazard_store.items import Form, ItemError, Place, StoredRows, WireItem, read_item
from hazard_store.keys import HASH_KEY
from hazard_store.store import Store
from hazard_store.writer.retry import RetryPolicy, Unprocessed

T = TypeVar("T")
R = TypeVar("R")

KEYS_PER_REQUEST = 100  # DynamoDB's limit
ANSWER_BYTES = 8_000_000  # of DynamoDB's 16 MB


def fetch_sites(store: Store, form: Form, places: Iterable[Place]) -> Iterator[list[StoredRows]]:
    """Yield all rows of each site, in the order of the places: one Query a site."""

    def query(place: Place) -> list[StoredRows]:
        pages: Iterable[Any] = store.client.get_paginator("query").paginate(
            TableName=store.table(form.kind),
            KeyConditionExpression="#h = :h AND begins_with(#r, :site)",
            ExpressionAttributeNames={"#h": HASH_KEY, "#r": form.range_name},
            ExpressionAttributeValues={
                ":h": {"S": place.hash_key},
                ":site": {"S": form.keys.site_prefix(place.loc)},
            },
            ConsistentRead=True,  # what was published a moment ago is all there
        )
        items = [item for page in pages for item in page["Items"]]
        return [
            read_rows(store, form, item)
            for item in items
            if form.keys.owns(item[form.range_name]["S"])
        ]

    return in_parallel(store, query, places)


def fetch_rows(
    store: Store, form: Form, places: Iterable[Place], rows: Sequence[int]
) -> Iterator[list[StoredRows]]:
    """Yield the items of each site that hold the given rows, in the order of the places."""
    groups = sorted({row // form.group for row in rows})
    item_bytes = form.group * 4 * form.levels.size
    at_once = max(1, min(KEYS_PER_REQUEST, ANSWER_BYTES // item_bytes) // len(groups))
    if len(groups) > KEYS_PER_REQUEST:
        yield from fetch_sites(store, form, places)
        return

    def get(batch: list[Place]) -> list[list[StoredRows]]:
        keys = {(g, i): form.key(place, g) for i, place in enumerate(batch) for g in groups}
        items = _batch_get(store, form, list(keys.values()))
        found: list[list[StoredRows]] = [[] for _ in batch]
        for (_, index), key in keys.items():
            if key in items:
                found[index].append(read_rows(store, form, items[key]))
        return found

    for found in in_parallel(store, get, _batched(places, at_once)):
        yield from found


def read_rows(store: Store, form: Form, item: WireItem) -> StoredRows:
    """Return what an item says.

    Raises:
        CorruptItem: it is not what this calculation stores.
    """
    try:
        return read_item(form, item)
    except ItemError as error:
        keys = item[HASH_KEY]["S"], item[form.range_name]["S"]
        raise CorruptItem(store.table(form.kind), *keys, str(error)) from error


def in_parallel(store: Store, work: Callable[[T], R], todo: Iterable[T]) -> Iterator[R]:
    """Yield the results in order, working some steps ahead of the reader and no more."""
    threads = store.settings.request_threads
    pending: deque[Future[R]] = deque()
    with ThreadPoolExecutor(threads, thread_name_prefix="get") as pool:
        try:
            for task in todo:
                pending.append(pool.submit(work, task))
                if len(pending) >= threads:
                    yield pending.popleft().result()
            while pending:
                yield pending.popleft().result()
        finally:
            for future in pending:
                future.cancel()


def _batch_get(
    store: Store, form: Form, keys: list[tuple[str, str]]
) -> dict[tuple[str, str], WireItem]:
    table = store.table(form.kind)
    found: dict[tuple[str, str], WireItem] = {}
    wanted: list[Any] = [form.wire_key(*key) for key in keys]
    for attempt in RetryPolicy().retrying():
        with attempt:
            answer: Any = store.client.batch_get_item(
                RequestItems={table: {"Keys": wanted, "ConsistentRead": True}}
            )
            for item in answer["Responses"].get(table, []):
                found[item[HASH_KEY]["S"], item[form.range_name]["S"]] = item
            wanted = answer.get("UnprocessedKeys", {}).get(table, {}).get("Keys", [])
            if wanted:
                raise Unprocessed(f"{len(wanted)} keys")
    return found


def _batched(places: Iterable[Place], size: int) -> Iterator[list[Place]]:
    iterator = iter(places)
    while batch := list(islice(iterator, size)):
        yield batch
