"""The reference calculation through `hazard-store load`, against what the endpoint alone needs.

    python -m benchmarks.reference [--sites 11500] [--workers 2] [--quick] [--json FILE]

11,500 sites x 12 realisations x 27 IMTs x 44 levels and 7 statistics, as
benchmarks/support/synthetic.py makes them, with all that is stored by default: the mean's map items
are among the items of the statistics. The store is the embedded DynamoDB, one process on the
same machine.

The endpoint alone: the same batches that a writer sends, byte for byte, are kept in a file and sent
again by `benchmarks.support.recording`, whose CPU time is next to nothing, over as many connections
as the load has requests under way, into empty tables of the same server; then the audit's queries
likewise. It is measured before the load and after it, and the mean counts. What the load does
besides (reading the file, encoding, the ownership check before each batch, records, starting its
processes) is not in it.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from benchmarks.support.embedded import embedded_aws
from benchmarks.support.recording import Recording, Replayed
from benchmarks.support.run_verb import run_verb
from benchmarks.support.sink import sink
from benchmarks.support.synthetic import make
from benchmarks.support.tables import JSON_OPTION, Table
from hazard_store.calcfile import inspect_file
from hazard_store.model import IfStored, Kind, StoreOptions
from hazard_store.settings import Settings
from hazard_store.store import Store
from hazard_store.table_lifecycle import create_tables, delete_tables
from hazard_store.workflow.audit import audit_chunk
from hazard_store.workflow.claim import claim
from hazard_store.workflow.plan import make_plan
from hazard_store.workflow.write import write_chunk

CALC_ID, STAGE = "REFERENCE", "ALONE"
AUDIT = "audit"
ALONE_GOAL = 1.15  # of what the endpoint alone needs
ITEMS_GOAL, MAP_ITEMS_GOAL = 3, 1_000  # items a site, and map items of all
Recordings = dict[str, Recording]  # by phase, as `load --json` names them


@dataclass(frozen=True)
class Alone:
    """What the endpoint alone needed, in one turn."""

    phases: dict[str, Replayed]

    def seconds(self, *phases: str) -> float:
        """Return the sum over some phases."""
        return sum(self.phases[phase].seconds for phase in phases)


def keep_requests(url: str, path: Path, workers: int, folder: Path) -> tuple[Recordings, int]:
    """Write and audit a calculation with an endpoint that stores nothing.

    Returns:
        what was sent, and the number of items.
    """
    settings = Settings.from_environment(stage=STAGE, endpoint_dynamodb=url, region="us-east-1")
    inspection = inspect_file(str(path), settings)
    plan = make_plan(inspection, CALC_ID, StoreOptions(), settings, workers)
    with tables(settings):
        head = claim(Store(settings), plan, "benchmark", IfStored.FAIL).head
        chunks = head.calculation.chunks
        for kind in Kind:
            with sink(url, folder / str(kind)) as endpoint:
                store = Store(settings.model_copy(update={"endpoint_dynamodb": endpoint}))
                for chunk in chunks:
                    write_chunk(store, str(path), head, kind, chunk)
        with sink(url, folder / AUDIT) as endpoint:
            store = Store(settings.model_copy(update={"endpoint_dynamodb": endpoint}))
            for chunk in chunks:
                audit_chunk(store, head, chunk, str(path))
    items = sum(head.calculation.items_of(kind) for kind in Kind)
    return {name: Recording(folder / name) for name in (*map(str, Kind), AUDIT)}, items


def endpoint_alone(url: str, recordings: Recordings, connections: int, items: int) -> Alone:
    """Send the kept requests into empty tables.

    Raises:
        RuntimeError: the endpoint did not give back every item.
    """
    settings = Settings.from_environment(stage=STAGE, endpoint_dynamodb=url, region="us-east-1")
    with tables(settings):
        took = {name: each.replay(url, connections) for name, each in recordings.items()}
    if took[AUDIT].items != items:
        raise RuntimeError(f"the endpoint gave back {took[AUDIT].items} of {items} items")
    return Alone(took)


@contextmanager
def tables(settings: Settings) -> Iterator[None]:
    """Create the tables for the time of a block."""
    create_tables(settings)
    try:
        yield
    finally:
        delete_tables(settings)


def table_of(report: dict[str, Any], turns: list[Alone], sites: int, workers: int) -> Table:
    """Return the table: phases of the load, the endpoint alone, and the ratios to the goals."""
    phases = report["phases"]
    writing = [str(kind) for kind in Kind]

    def mean_alone(*parts: str) -> float:
        return sum(turn.seconds(*parts) for turn in turns) / len(turns)

    def row(name: str, parts: list[str], items: int) -> list[Any]:
        seconds, alone = sum(phases[part]["seconds"] for part in parts), mean_alone(*parts)
        cpu = sum(phases[part]["cpu_seconds"] for part in parts)
        cells = [f"{seconds:.1f}", f"{alone:.1f}", f"{seconds / alone:.2f}", f"{cpu:.1f}"]
        return [name, f"{items:,}", *cells, f"{items / seconds:,.0f}"]

    of_sites = {part: report[part]["stored"] for part in writing}
    of_maps = report["maps"]["stored"]
    stored = of_sites | {str(Kind.STATS): of_sites[str(Kind.STATS)] + of_maps}
    total = sum(stored.values())
    wrote = sum(phases[part]["seconds"] for part in writing)
    alone = [turn.seconds(*writing) for turn in turns]
    used, audited = wrote / mean_alone(*writing), phases[AUDIT]["seconds"] / mean_alone(AUDIT)
    sender = max(each.cpu_seconds / each.seconds for turn in turns for each in turn.phases.values())
    both = " and ".join(f"{each:.1f}" for each in alone)
    return Table(
        f"`hazard-store load --workers {workers}` of {sites:,} sites, "
        "12 realisations, 7 statistics, 27 IMTs x 44 levels, into the embedded DynamoDB.",
        ["phase", "items", "load, s", "endpoint alone, s", "ratio", "CPU of load, s", "items/s"],
        [
            *(row(part, [part], stored[part]) for part in writing),
            ["map items, among the statistics", f"{of_maps:,}", *["-"] * 5],
            row("both written", writing, total),
            row("audit, bit for bit against the file", [AUDIT], total),
        ],
        [
            f"Writing took {used:.2f}, the audit {audited:.2f} of what the endpoint alone needs "
            f"for the same requests; goal: at most {ALONE_GOAL} each.",
            f"There are {sum(of_sites.values()):,} items of sites, and {of_maps:,} of maps; goal: "
            f"at most {ITEMS_GOAL} a site, {ITEMS_GOAL * sites:,}, and {MAP_ITEMS_GOAL:,} of maps.",
            f"The endpoint alone wrote in {both} s, before the load and after it; "
            f"the sender's CPU was busy at most {sender:.0%} of the time.",
            "The endpoint is one process and shares the cores with the load.",
        ],
    )


@click.command()
@click.option("--sites", default=11_500, show_default=True)
@click.option("--workers", default=os.cpu_count() or 1, help="Writer processes; default: cores.")
@click.option("--quick", is_flag=True, help="300 sites.")
@JSON_OPTION
def main(sites: int, workers: int, quick: bool, json_path: Path | None) -> None:
    """Print the table."""
    sites = 300 if quick else sites
    with tempfile.TemporaryDirectory(prefix="hazard-store-") as name, embedded_aws() as env:
        folder, url = Path(name), env["AWS_ENDPOINT_URL"]
        path = make(folder / "calc.hdf5", sites)
        recordings, items = keep_requests(url, path, workers, folder)
        connections = workers * Settings.from_environment().request_threads
        turns = [endpoint_alone(url, recordings, connections, items)]
        run_verb(env, "tables", "create")
        load = ["load", str(path), CALC_ID, "--workers", str(workers), "--json"]
        report = run_verb(env, *load).content
        run_verb(env, "tables", "delete", "--yes")
        turns.append(endpoint_alone(url, recordings, connections, items))
    table_of(report, turns, sites, workers).show(json_path)


if __name__ == "__main__":
    main(prog_name="python -m benchmarks.reference")
