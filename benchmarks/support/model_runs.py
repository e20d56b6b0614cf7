"""Writes a calculation against the capacity model, the way a design says, and looks what it saw.

Behind the model the curves' tables live in memory, so that the model and not this machine is the
limit. Writers are processes, each with one chunk, as in containers; the clock starts when all of
them are ready to begin.
"""

from __future__ import annotations

import json
import multiprocessing
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.support.embedded import free_port, stopped_at_exit
from hazard_store.aws.rate import RateLimiter
from hazard_store.calcfile import inspect_file, open_calc
from hazard_store.items import item_maker
from hazard_store.model import IfStored, KeyScheme, Kind, Layout, StoreOptions
from hazard_store.records import Chunk, Head
from hazard_store.settings import Settings
from hazard_store.store import Store
from hazard_store.table_lifecycle import create_tables, delete_tables
from hazard_store.workflow.claim import claim
from hazard_store.workflow.plan import make_plan
from hazard_store.workflow.write import write_chunk
from hazard_store.writer import BatchWriter

CALC_ID = "REFERENCE"  # the same always: it decides which keys fall on which partition
PARTITION_WCU_PER_S = 1000.0  # of a real one
BURST_S = 0.25  # a long burst would hide the limit in a short run
FORK = multiprocessing.get_context("fork")


@dataclass(frozen=True)
class Design:
    """How a calculation is written."""

    scheme: KeyScheme
    writers: int = 1
    threads: int = 8
    layout: Layout = Layout.PACKED
    sequential: bool = False  # site by site, one request at a time, as the predecessor did


@dataclass(frozen=True)
class Run:
    """How it went.

    Attributes:
        seconds: from the first request to the last, both kinds one after the other.
        wcu: write units, as the model counts them.
        bound_s: what the heaviest partition needs at its rate.
        throttled: items that the model refused.
        fairness: Jain's index of the writers' rates; 1: all alike.
    """

    seconds: float
    wcu: float
    bound_s: float
    throttled: int
    fairness: float

    @property
    def used(self) -> float:
        """The share of what the heaviest partition allows."""
        return self.bound_s / self.seconds


@contextmanager
def capacity_model(backend: str, partitions: int, total_wcu_per_s: float) -> Iterator[str]:
    """Serve a warm table's model in front of `backend`; yield its address."""
    port = free_port()
    scale = total_wcu_per_s / (partitions * PARTITION_WCU_PER_S)
    arguments = ["--port", port, "--backend", backend, "--partitions", partitions]
    arguments += ["--scale", scale, "--table-wcu", 0, "--burst", BURST_S]
    with stopped_at_exit("local.dynamodb_model", *map(str, arguments)):
        url = f"http://127.0.0.1:{port}"
        for _ in range(100):
            try:
                told(url)
                break
            except OSError:
                time.sleep(0.1)
        yield url


def run(url: str, path: Path, design: Design, total_wcu_per_s: float) -> Run:
    """Write a calculation file through the model at `url`, into tables that are gone afterwards."""
    settings = Settings.from_environment(
        stage=f"{time.time_ns()}",
        endpoint_dynamodb=url,
        region="us-east-1",
        request_threads=design.threads,
    )
    create_tables(settings)
    store = Store(settings)
    head = _begun(store, path, design)
    seconds = wcu = bound_s = 0.0
    fairness = 1.0
    for kind in Kind:
        began = time.monotonic()
        if design.sequential:
            _write_sequentially(store, path, head, kind)
            seconds += time.monotonic() - began
        else:
            took_s, rates = _write(settings, path, head, kind)
            seconds += took_s
            fairness = min(fairness, sum(rates) ** 2 / (len(rates) * sum(r**2 for r in rates)))
        table = told(url)["tables"][store.table(kind)]
        wcu += sum(table["wcu"])
        bound_s += max(table["wcu"]) / (total_wcu_per_s / table["partitions"]) - BURST_S
    throttled = told(url)["counters"].get("throttled.partition", 0)
    delete_tables(settings)
    told(url, "/reset", b"")
    return Run(seconds, wcu, bound_s, int(throttled), fairness)


def _begun(store: Store, path: Path, design: Design) -> Head:
    inspection = inspect_file(str(path), store.settings)
    options = replace(
        StoreOptions(),
        key_scheme=design.scheme,
        layout=design.layout,
        sites_per_chunk=-(-len(inspection.calculation.sites) // design.writers),
    )
    plan = make_plan(inspection, CALC_ID, options, store.settings, design.writers)
    return claim(store, plan, "benchmark", IfStored.FAIL).head


def _write(settings: Settings, path: Path, head: Head, kind: Kind) -> tuple[float, list[float]]:
    """Write all chunks at once; return (seconds, items a second of each writer)."""
    chunks = head.calculation.chunks
    ready, ended = FORK.Barrier(len(chunks) + 1), FORK.SimpleQueue()

    def writer(chunk: Chunk) -> None:
        store = Store(settings)
        store.bulk_client, store.client  # noqa: B018 - made before the clock starts
        ready.wait()
        report = write_chunk(store, str(path), head, kind, chunk)
        ended.put((report.acknowledged, report.expected, report.seconds))

    processes = [FORK.Process(target=writer, args=(chunk,)) for chunk in chunks]
    for process in processes:
        process.start()
    ready.wait()
    began = time.monotonic()
    reports = [ended.get() for _ in processes]
    seconds = time.monotonic() - began
    for process in processes:
        process.join()
    if any(acknowledged != expected for acknowledged, expected, _ in reports):
        raise RuntimeError("a writer did not write all of its items")
    return seconds, [acknowledged / took_s for acknowledged, _, took_s in reports]


def _write_sequentially(store: Store, path: Path, head: Head, kind: Kind) -> None:
    """Write site by site, so that a batch is of one key or two, and wait for each answer."""
    spec = head.calculation.spec(kind)
    maker = item_maker(spec)
    writer = BatchWriter(store.bulk_client, store.table(kind), lambda: None, RateLimiter(None))
    writer.threads, writer.held_bytes = 1, 1
    with open_calc(str(path), store.settings) as calc_file:
        sites = store.parts(head.storage_id).places(spec.keys, 0, head.calculation.n_sites)
        writer.write(
            write
            for sid, place in sites
            for write in maker.writes(place, calc_file.curves(kind, np.array([sid]))[0])
        )


def told(url: str, what: str = "", body: bytes | None = None) -> dict[str, Any]:
    """Return what the model tells of itself, or takes."""
    with urllib.request.urlopen(f"{url}/_capacity{what}", data=body, timeout=10) as answer:
        content: dict[str, Any] = json.load(answer)
    return content
