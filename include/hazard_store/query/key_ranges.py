"""Reads the stored items of consecutive sites, in key order, with several queries under way.

A chunk owns every key between its first site and the first of the next chunk: what is found there
and was not expected is extra. So the items are read by ranges of keys, not one by one.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import groupby, islice
from typing import Any

from hazard_store.items import Form, Place, WireItem
from hazard_store.keys import HASH_KEY, RANGE_KEYS
from hazard_store.model import Kind
from hazard_store.store import Store

RUN_SITES = 44  # of the statistics, a page of a query
RUN_BYTES = 2_000_000  # of curves, unpacked
AHEAD_BYTES = 24_000_000

SidPlace = tuple[int, Place]


@dataclass(frozen=True)
class Run:
    """Consecutive sites of one hash key, and the range keys that they own."""

    sites: tuple[SidPlace, ...]
    lower: str | None  # first range key that is theirs; None: from the beginning
    upper: str | None  # first that is not; None: to the end


@dataclass(frozen=True)
class RunItems:
    """What is stored in the keys of a run."""

    run: Run
    items: dict[str, WireItem]  # by range key
    rcu: float


def runs_of(
    form: Form, sites: Iterable[SidPlace], before: Place | None, after: Place | None
) -> Iterator[Run]:
    """Divide the sites of a chunk into runs; a run is made when it is asked for.

    Args:
        form: the items' form.
        sites: the chunk's sites, in key order.
        before: the site before the chunk, if there is one.
        after: the site behind it.
    """
    pieces = _pieces(sites, _sites_per_run(form))
    piece = next(pieces, None)
    while piece is not None:
        later = next(pieces, None)
        yield _run(form, piece, before, later[0][1] if later else after)
        before, piece = piece[-1][1], later


def _pieces(sites: Iterable[SidPlace], at_most: int) -> Iterator[tuple[SidPlace, ...]]:
    """Yield sites that follow each other under one hash key."""
    for _, of_key in groupby(sites, key=lambda site: site[1].hash_key):
        while piece := tuple(islice(of_key, at_most)):
            yield piece


def _run(form: Form, sites: tuple[SidPlace, ...], before: Place | None, after: Place | None) -> Run:
    hash_key, first = sites[0][1].hash_key, sites[0][1]
    shared_below = before is not None and before.hash_key == hash_key
    lower = form.keys.site_prefix(first.loc) if shared_below else None
    shared_above = after is not None and after.hash_key == hash_key
    upper = form.keys.site_prefix(after.loc) if shared_above and after else None
    return Run(sites, lower, upper)


def _site_bytes(form: Form) -> int:
    return 4 * max(1, len(form.rows)) * form.levels.size


def _sites_per_run(form: Form) -> int:
    return max(1, min(RUN_SITES, RUN_BYTES // _site_bytes(form)))


def read_runs(
    store: Store, form: Form, runs: Iterable[Run], *, keys_only: bool = False
) -> Iterator[RunItems]:
    """Yield what is stored of each run, in order, reading ahead with several threads.

    Args:
        store: where.
        form: the items' form.
        runs: what to read.
        keys_only: the items without what they say; DynamoDB charges the same.
    """
    threads = store.settings.request_threads
    run_bytes = _sites_per_run(form) * _site_bytes(form)
    ahead = max(1, min(2 * threads, AHEAD_BYTES // run_bytes))
    pending: deque[Future[RunItems]] = deque()
    with ThreadPoolExecutor(min(threads, ahead), thread_name_prefix="query") as pool:
        for run in runs:
            pending.append(pool.submit(_read, store, form, run, keys_only))
            if len(pending) >= ahead:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()


def _read(store: Store, form: Form, run: Run, keys_only: bool) -> RunItems:
    request = _query(store, form, run)
    if keys_only:
        request["ExpressionAttributeNames"]["#r"] = form.range_name
        request["ProjectionExpression"] = "#h, #r"
    items: dict[str, WireItem] = {}
    rcu = 0.0
    while True:  # a paginator would cost 0.2 ms more a page
        page: Any = store.client.query(**request)
        rcu += page["ConsumedCapacity"]["CapacityUnits"]
        for item in page["Items"]:
            range_key = item[form.range_name]["S"]
            if form.keys.owns(range_key) and range_key != run.upper:
                items[range_key] = item
        if "LastEvaluatedKey" not in page:
            return RunItems(run, items, rcu)
        request["ExclusiveStartKey"] = page["LastEvaluatedKey"]


def _query(store: Store, form: Form, run: Run) -> dict[str, Any]:
    values: dict[str, Any] = {":h": {"S": run.sites[0][1].hash_key}}
    condition = "#h = :h"
    names = {"#h": HASH_KEY}
    if run.lower is not None and run.upper is not None:
        condition += " AND #r BETWEEN :lower AND :upper"
    elif run.lower is not None:
        condition += " AND #r >= :lower"
    elif run.upper is not None:
        condition += " AND #r < :upper"
    for name, bound in ((":lower", run.lower), (":upper", run.upper)):
        if bound is not None:
            values[name] = {"S": bound}
            names["#r"] = form.range_name
    return {
        "TableName": store.table(form.kind),
        "KeyConditionExpression": condition,
        "ExpressionAttributeNames": names,
        "ExpressionAttributeValues": values,
        "ConsistentRead": True,
        "ReturnConsumedCapacity": "TOTAL",
    }


def scanned(store: Store, kind: Kind) -> Iterator[tuple[WireItem, float]]:
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
        units = page["ConsumedCapacity"]["CapacityUnits"]
        for item in page["Items"]:
            yield item, units
            units = 0.0
