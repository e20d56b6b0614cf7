"""Hazard Store, and the same requests by boto3 with nothing but unpacking: the floor."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import boto3

from benchmarks.peers.questions import (
    AGG,
    IMT,
    MANY,
    MAP,
    N_MANY,
    ONE,
    RLZS,
    SOME,
    STATS,
    SomeSites,
)
from benchmarks.support.meter import Reading, RuledMeter
from hazard_store import codec
from hazard_store.keys import HASH_KEY, RANGE_KEYS, map_hash_key, map_range_key, site_code
from hazard_store.model import Kind
from hazard_store.query import (
    OpenCalculation,
    get_hazard_rlz_curves,
    get_hazard_stats_curves,
    hazard_arrays,
    hazard_blocks,
    open_calculation,
)
from hazard_store.query.sites import places_of
from hazard_store.store import Store

CALC_ID = "PEERS"
FIRST_CURVE = f"""
from hazard_store.query import get_hazard_stats_curves
next(get_hazard_stats_curves("{CALC_ID}", [{{loc!r}}], ["{IMT}"], ["{AGG}"], unpublished=True))
"""


def readings(store: Store, some: SomeSites, turns: int) -> dict[str, tuple[Reading, Reading]]:
    """Ask each question by the calculation's id and with an open calculation."""
    opened, meter = open_calculation(CALC_ID, unpublished=True, store=store), RuledMeter(store)
    by_id, kept = questions(CALC_ID, store, some), questions(opened, store, some)
    found = {}
    for name in by_id:
        n = turns if name in (ONE, STATS, RLZS, SOME) else 3
        by_id[name]()
        found[name] = meter.measured(by_id[name], n), meter.measured(kept[name], n)
    return found


def questions(
    calculation: str | OpenCalculation, store: Store, some: SomeSites
) -> dict[str, Callable[[], object]]:
    """Return what asks each question."""
    locs = codes(some)
    each = round_robin(locs)
    options: Any = {"unpublished": True, "store": store}

    def many() -> None:
        sites = list(open_calculation(CALC_ID, **options).sites.locs[:N_MANY])
        for kind in Kind:
            for _ in hazard_blocks(calculation, kind, sites, **options):
                pass

    def stats(sites: list[str], imts: list[str] | None, aggs: list[str] | None) -> list[Any]:
        return list(get_hazard_stats_curves(calculation, sites, imts, aggs, **options))

    return {
        ONE: lambda: stats([next(each)], [IMT], [AGG]),
        STATS: lambda: stats([next(each)], None, None),
        RLZS: lambda: list(
            get_hazard_rlz_curves(calculation, [next(each)], [IMT], None, **options)
        ),
        SOME: lambda: stats(locs, [IMT], [AGG]),
        MAP: lambda: hazard_arrays(calculation, "stats", None, [IMT], [AGG], **options),
        MANY: many,
    }


def floor(store: Store, some: SomeSites, turns: int) -> dict[str, float]:
    """Return the CPU of each question in ms, of a client that has the keys and checks nothing."""
    opened = open_calculation(CALC_ID, unpublished=True, store=store)
    client = boto3.client(
        "dynamodb", endpoint_url=store.settings.endpoint_dynamodb, region_name="us-east-1"
    )
    tables = {kind: store.table(kind) for kind in Kind}
    locs = codes(some)
    each = round_robin(locs)
    n_imts, n_levels = opened.specs[Kind.STATS].levels.shape

    def get(kind: Kind, sites: list[str], groups: list[int] | None) -> None:
        spec = opened.specs[kind]
        numbers = range(len(spec.groups)) if groups is None else groups
        keys = (spec.key(p, g) for p in places_of(opened, sites) for g in numbers)
        while some_keys := list(islice(keys, 100)):
            items = _batch(client, tables[kind], RANGE_KEYS[kind], some_keys)
            codec.decode_rows([item["curves"]["B"] for item in items], n_imts, n_levels)

    def read_map() -> None:
        maps = opened.head.calculation.maps
        starts = [
            start
            for chunk in opened.head.calculation.chunks
            for start, _ in maps.blocks(chunk.start, chunk.stop)
        ]
        names = map_hash_key(maps.storage_id), map_hash_key(maps.storage_id, AGG, IMT)
        keys = [(name, map_range_key(start)) for name in names for start in starts]
        for item in _batch(client, tables[Kind.STATS], RANGE_KEYS[Kind.STATS], keys):
            if "curves" in item:
                codec.decode_block(item["curves"]["B"], n_levels)

    def many() -> None:
        sites = opened.sites.locs[:N_MANY]
        for kind in Kind:
            get(kind, sites, None)

    mean = [opened.specs[Kind.STATS].group_of_row[0]]
    meter = RuledMeter(store)
    asked: dict[str, Callable[[], object]] = {
        ONE: lambda: get(Kind.STATS, [next(each)], mean),
        STATS: lambda: get(Kind.STATS, [next(each)], None),
        RLZS: lambda: get(Kind.REALISATIONS, [next(each)], None),
        SOME: lambda: get(Kind.STATS, locs, mean),
        MAP: read_map,
        MANY: many,
    }
    found = {}
    for name, ask in asked.items():
        ask()
        n = turns if name in (ONE, STATS, RLZS, SOME) else 3
        found[name] = meter.measured(ask, n).cpu_ms
    return found


def _batch(client: Any, table: str, range_name: str, keys: list[tuple[str, str]]) -> list[Any]:
    wanted = [{HASH_KEY: {"S": h}, range_name: {"S": r}} for h, r in keys]
    answer = client.batch_get_item(RequestItems={table: {"Keys": wanted, "ConsistentRead": True}})
    return answer["Responses"][table]  # type: ignore[no-any-return]


def cold_ms(env: dict[str, str], stage: str, some: SomeSites) -> float:
    """Return the CPU of a new Python up to its first curve, the least of three, in ms."""
    words = [sys.executable, "-c", FIRST_CURVE.format(loc=codes(some)[0])]
    environment = {**os.environ, **env, "HAZARD_STORE_STAGE": stage}
    return min(process_cpu_ms(words, environment) for _ in range(3))


def process_cpu_ms(words: list[str], env: dict[str, str], cwd: Path | None = None) -> float:
    """Return the CPU that a process takes, in ms."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(words, env=env, cwd=cwd, check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return 1000 * (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def codes(some: SomeSites) -> list[str]:
    """Return the codes of the sites."""
    return [site_code(lat, lon) for lat, lon in zip(some.lats, some.lons, strict=True)]


def round_robin(locs: list[str]) -> Iterator[str]:
    """Yield the sites one by one, again and again."""
    while True:
        yield from locs
