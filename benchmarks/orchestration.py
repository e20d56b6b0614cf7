"""What Airflow and the containers cost beside the writing: one calculation in 1, 16 and 64 chunks.

    python -m benchmarks.orchestration [--chunks 1 --chunks 16 --chunks 64] [--json FILE]

Each run goes through a real Airflow and an embedded AWS on this machine, which runs every container
as a process; the calculation is so small that its writing is next to nothing. What is left is the
overhead: scheduling, starting containers, waiting for their end, fetching their reports.
"""

from __future__ import annotations

import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from benchmarks.support import airflow_runs
from benchmarks.support.synthetic import make
from benchmarks.support.tables import JSON_OPTION, Table
from local.airflow_api import AirflowApi
from local.ports import free_port
from local.processes import Trees
from local.stack import LocalStack
from local.start import bring_up
from local.store_cli import StoreCli

SITES = 192  # divides into all the numbers of chunks
CONTAINERS = ("inspect", "write_stats", "write_realisations", "audit")


@contextmanager
def local_stack(folder: Path, calc_file: Path) -> Iterator[tuple[AirflowApi, StoreCli]]:
    """Run a stack on free ports."""
    stack = LocalStack(
        home=folder / "stack", run=uuid.uuid4().hex, aws_port=free_port(), airflow_port=free_port()
    )
    with Trees(stack.run) as trees:
        yield bring_up(stack, trees, Console(stderr=True), calc_file), StoreCli(stack, trees)


def measure(api: AirflowApi, store: StoreCli, uri: str, chunks: int) -> list[Any]:
    """Store the calculation in so many chunks; return the row of the table."""
    calc_id = f"CHUNKS{chunks}"
    run = airflow_runs.store(api, calc_id, uri, key_scheme="calc", sites_per_chunk=SITES // chunks)
    outcome = store.json("show", calc_id, "--json")["outcome"]
    writing_s = sum(outcome[kind]["writer_seconds"] for kind in ("stats", "realisations"))
    at_once = min(2 * chunks, store.stack.parallel_tasks)
    overhead_s = run.wall_s - writing_s / at_once
    containers = sum(each["task_id"] in CONTAINERS for each in run.instances)
    row = [chunks, containers, run.wall_s, writing_s, overhead_s, overhead_s / containers]
    return [f"{cell:.1f}" if isinstance(cell, float) else cell for cell in row]


@click.command()
@click.option("--chunks", multiple=True, type=int, default=(1, 16, 64), show_default=True)
@JSON_OPTION
def main(chunks: tuple[int, ...], json_path: Path | None) -> None:
    """Measure, and print the table."""
    with tempfile.TemporaryDirectory() as text:
        folder = Path(text)
        calc_file = make(folder / "calc_1.hdf5", SITES, rlzs=2, imts=2, n_levels=10)
        with local_stack(folder, calc_file) as (api, store):
            uri = f"{store.stack.inbox}{calc_file.name}"
            measure(api, store, uri, 2)  # the first run of an Airflow is slower
            rows = [measure(api, store, uri, n) for n in chunks]
            at_once = store.stack.parallel_tasks
    Table(
        "From the trigger to the published calculation, less the writing.",
        [
            *("chunks", "containers", "trigger to published, s", "writing, all writers, s"),
            *("overhead, s", "overhead a container, s"),
        ],
        rows,
        [
            f"{SITES} sites, 2 realisations, 2 intensity measures; {at_once} tasks at once; "
            "containers are looked at every second. The writing counts divided by the writers "
            "that ran at once.",
        ],
    ).show(json_path)


if __name__ == "__main__":
    main()
