"""Writing against a model of DynamoDB's capacity: how much of it is used, by scheme and writers.

    python -m benchmarks.capacity [--sites 1000] [--quick]

Behind the model the curves' tables live in memory, so that the model and not this machine is the
limit: all partitions together take the same `TOTAL_WCU_PER_S`, whatever their number, and the scale
of a partition (its share of the real 1,000 write units a second) is printed. Writers are threads of
one process, each with a chunk, a client and request threads of its own. The bound is what the
heaviest partition needs at its rate; "used" is the bound over the seconds that writing took.
"""

from __future__ import annotations

import json
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import click

from benchmarks.embedded import embedded_aws, free_port, stopped_at_exit
from benchmarks.machine import describe_machine
from benchmarks.synthetic import make
from benchmarks.tables import print_markdown
from hazard_store.calcfile import inspect_file, open_calc
from hazard_store.model import IfStored, KeyScheme, Kind, StoreOptions
from hazard_store.records import WriteReport
from hazard_store.settings import Settings
from hazard_store.store import Store
from hazard_store.tables import create_tables, delete_tables
from hazard_store.workflow.begin import begin
from hazard_store.workflow.plan import Checked, make_plan
from hazard_store.workflow.write import write_chunk

TOTAL_WCU_PER_S = 4000.0  # of all partitions of a table together
BURST_S = 0.25  # a long burst would hide the limit in a short run


@contextmanager
def capacity_model(backend: str, partitions: int) -> Iterator[str]:
    """Serve a warm table's model in front of `backend`; yield its address."""
    port = free_port()
    scale = TOTAL_WCU_PER_S / (partitions * 1000)
    arguments = ["--port", port, "--backend", backend, "--partitions", partitions]
    arguments += ["--scale", scale, "--table-wcu", 0, "--burst", BURST_S]
    with stopped_at_exit("local.capacity", *map(str, arguments)):
        url = f"http://127.0.0.1:{port}"
        for _ in range(100):
            try:
                urllib.request.urlopen(f"{url}/_capacity", timeout=1).close()
                break
            except OSError:
                time.sleep(0.1)
        yield url


def run(
    url: str, path: Path, scheme: KeyScheme, writers: int, threads: int, name: str
) -> tuple[float, float, int, float]:
    """Write a calculation; return (seconds, bound in seconds, throttled items, fairness)."""
    settings = Settings.from_environment(
        stage=name, endpoint_dynamodb=url, region="us-east-1", request_threads=threads
    )
    create_tables(settings)
    store = Store(settings)
    checked = Checked.of(inspect_file(str(path), settings))
    with open_calc(str(path), settings) as calc_file:
        n = len(calc_file.calculation.sites)
        options = replace(StoreOptions(), key_scheme=scheme, sites_per_chunk=-(-n // writers))
        plan = make_plan(calc_file, name, checked, options, settings, writers)
    head = begin(store, plan, "benchmark", IfStored.FAIL).head
    seconds = bound = 0.0
    reports: list[WriteReport] = []
    for kind in Kind:
        began = time.monotonic()
        with ThreadPoolExecutor(writers) as pool:
            reports += pool.map(
                lambda chunk: write_chunk(Store(settings), str(path), name, kind, *chunk),  # noqa: B023
                head.calculation.chunk_ranges,
            )
        seconds += time.monotonic() - began
        told = _get(url)["tables"][store.table(kind)]
        bound += max(told["wcu"]) / (TOTAL_WCU_PER_S / told["partitions"]) - BURST_S
    throttled = sum(_get(url)["counters"].get(f"throttled.{w}", 0) for w in ("partition", "table"))
    rates = [r.acknowledged / r.seconds for r in reports if r.kind is Kind.STATS]
    delete_tables(settings)
    _get(url, "reset", b"")
    return seconds, bound, int(throttled), min(rates) / max(rates)


def _get(url: str, what: str = "", body: bytes | None = None) -> dict:
    address = f"{url}/_capacity/{what}" if what else f"{url}/_capacity"
    with urllib.request.urlopen(address, data=body, timeout=10) as answer:
        return json.load(answer)


@click.command()
@click.option("--sites", default=1000)
@click.option("--threads", default=8, help="Requests under way of each writer.")
@click.option("--partitions", "all_partitions", multiple=True, type=int, default=(4, 16, 40))
@click.option("--writers", "all_writers", multiple=True, type=int, default=(1, 4, 16))
@click.option("--scheme", "schemes", multiple=True, default=tuple(s.value for s in KeyScheme))
def main(
    sites: int,
    threads: int,
    all_partitions: tuple[int, ...],
    all_writers: tuple[int, ...],
    schemes: tuple[str, ...],
) -> None:
    """Print the table."""
    rows = []
    with tempfile.TemporaryDirectory() as folder, embedded_aws() as env:
        full = make(Path(folder) / "full.hdf5", sites)
        few = make(Path(folder) / "few.hdf5", max(20, sites // 20))
        for partitions in all_partitions:
            with capacity_model(env["AWS_ENDPOINT_URL"], partitions) as url:
                for scheme in map(KeyScheme, schemes):
                    path = few if scheme is KeyScheme.CALC else full
                    for writers in all_writers:
                        name = f"{scheme}.{partitions}.{writers}"
                        took = run(url, path, scheme, writers, threads, name)
                        seconds, bound, throttled, fairness = took
                        rows.append(
                            [
                                partitions,
                                scheme,
                                writers,
                                f"{seconds:.1f}",
                                f"{bound:.1f}",
                                f"{bound / seconds:.0%}",
                                throttled,
                                f"{fairness:.2f}",
                            ]
                        )
                        print(rows[-1], flush=True)
    print(f"\n{sites} sites x 12 realisations and 7 statistics x 27 x 44. {describe_machine()}")
    print(f"All partitions of a table together: {TOTAL_WCU_PER_S:,.0f} write units a second.\n")
    header = ["partitions", "key scheme", "writers", "seconds", "bound", "used"]
    print_markdown([*header, "items throttled", "slowest writer : fastest"], rows)


if __name__ == "__main__":
    threading.stack_size(512 * 1024)
    main(prog_name="python -m benchmarks.capacity")
