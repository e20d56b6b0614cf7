"""From trigger to published where containers take their time to start, as on Fargate.

    python -m benchmarks.waves [--chunks 1 --chunks 32] [--start 0 --start 20] [--before FOLDER]

A real Airflow on this machine, and a model of ECS whose containers are processes that start after
so many seconds. The calculation is small: what is left is waiting. `--before` runs the DAGs of
another checkout beside, in the same sitting.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from benchmarks.support import airflow_runs
from benchmarks.support.production import IN_A_ROW, WRITERS, longest, running, stack_of
from benchmarks.support.synthetic import make
from benchmarks.support.tables import JSON_OPTION, Table
from local import aws
from local.airflow_api import AirflowApi
from local.ecs_model.model import EcsModel
from local.stack import REPOSITORY

SITES = 192  # divides into all the numbers of chunks
HEADER = [
    *("checkout", "start, s", "chunks", "containers", "tries", "trigger to published, s"),
    *("starts in a row, s", "containers' work in a row, s", "the rest, s"),
]
NOTES = [
    f"{SITES} sites, 2 realisations, 2 intensity measures; 4 workers' slots, {WRITERS} containers "
    "at once, watched every second by the triggerer. Work in a row: the inspection, the slowest "
    "writer and the slowest audit.",
]


def measure(api: AirflowApi, model: EcsModel, uri: str, chunks: int, start_s: float) -> list[Any]:
    """Store the calculation in so many chunks; return a row of the table."""
    model.start_s, n_before = start_s, len(model.tasks)
    calc_id = f"C{chunks}S{start_s:.0f}R{n_before}"
    run = airflow_runs.store(api, calc_id, uri, key_scheme="calc", sites_per_chunk=SITES // chunks)
    tasks = list(model.tasks.values())[n_before:]
    work_s = sum(longest(tasks, verb) for verb in ("inspect", "write", "audit"))
    starts_s = IN_A_ROW * start_s
    tries = sum(each["try_number"] for each in run.instances if each["start_date"])
    rest_s = run.wall_s - starts_s - work_s
    row = [start_s, chunks, len(tasks), tries, run.wall_s, starts_s, work_s, rest_s]
    return [f"{cell:.1f}" if isinstance(cell, float) else cell for cell in row]


@click.command()
@click.option("--chunks", multiple=True, type=int, default=(1, 4, 32), show_default=True)
@click.option(
    "--start", "starts", multiple=True, type=float, default=(0, 20, 40), show_default=True
)
@click.option("--before", type=click.Path(exists=True, path_type=Path), help="Another checkout.")
@JSON_OPTION
def main(
    chunks: Sequence[int], starts: Sequence[float], before: Path | None, json_path: Path | None
) -> None:
    """Measure, and print the table."""
    rows = []
    for name, checkout in {"before": before, "this": REPOSITORY}.items():
        if checkout is None:
            continue
        with tempfile.TemporaryDirectory() as text:
            calc_file = make(Path(text) / "calc_1.hdf5", SITES, rlzs=2, imts=2, n_levels=10)
            stack = stack_of(Path(text), checkout)
            with running(stack) as (api, model):
                uri = aws.upload(stack, calc_file)
                measure(api, model, uri, 2, 0.0)  # the first run of an Airflow is slower
                rows += [
                    [name, *measure(api, model, uri, n, start_s)]
                    for start_s in starts
                    for n in chunks
                ]
    Table("From the trigger to the published calculation.", HEADER, rows, NOTES).show(json_path)


if __name__ == "__main__":
    main()
