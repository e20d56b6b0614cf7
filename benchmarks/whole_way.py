"""The reference calculation as its user sees it: in the inbox, triggered, published.

    python -m benchmarks.whole_way [--rate 4000 --rate 40000] [--scale 10] [--start 20]

A real Airflow, a model of ECS whose containers take their time to start, and the model of
DynamoDB's capacity behind them. Sites and write units a second are both divided by `--scale`, so
that the tables are busy for as long as the whole calculation would keep them, and this machine is
not the limit.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from benchmarks.support import airflow_runs
from benchmarks.support.model_runs import BURST_S, capacity_model, told
from benchmarks.support.production import IN_A_ROW, Production, longest, running, stack_of
from benchmarks.support.synthetic import make
from benchmarks.support.tables import JSON_OPTION, Table
from hazard_store.settings import Settings
from local import aws
from local.stack import REPOSITORY

SITES = 11_500
PARTITIONS = 4
HEADER = [
    *("write units/s of a table", "chunks", "containers", "trigger to published, s"),
    *("capacity, s", "starts, s", "Airflow, s", "rest, s", "capacity used while writing"),
]


def notes(scale: int, start_s: float) -> list[str]:
    """Return how the figures came about."""
    return [
        f"{SITES:,} sites x 12 realisations and 7 statistics x 27 IMTs x 44 levels, divided by "
        f"{scale}: {SITES // scale:,} sites, and so are the rates, of the tables and of a writer "
        "in the plan.",
        "Capacity: what the busier table's fullest partition needs at its rate; both tables are "
        f"written at once. Starts: {IN_A_ROW} containers in a row, {start_s:g} s each. Airflow: "
        "all that is neither start nor a container's work. Rest: the containers' work in a row "
        "(inspection, slowest writer, slowest audit) besides capacity; they share two cores here.",
    ]


def measure(folder: Path, rate: float, scale: int, start_s: float) -> list[Any]:
    """Store the calculation where each table takes so many write units a second; return a row."""
    rates = {
        "HAZARD_STORE_TABLE_WCU_PER_S": str(rate / scale),
        "HAZARD_STORE_WRITER_WCU_PER_S": str(Settings().writer_wcu_per_s / scale),
    }
    stack = stack_of(folder, REPOSITORY, rates)
    calc_file = make(folder / "calc_1.hdf5", SITES // scale)
    with (
        capacity_model(stack.aws_url, PARTITIONS, rate / scale) as url,
        running(stack, {"AWS_ENDPOINT_URL_DYNAMODB": url}) as (api, model),
    ):
        uri = aws.upload(stack, calc_file)
        _warm_up(api, stack, folder)
        told(url, "/reset", b"")
        model.start_s, n_before = start_s, len(model.tasks)
        run = airflow_runs.store(api, "REFERENCE", uri)
        tasks = list(model.tasks.values())[n_before:]
        tables = told(url)["tables"].values()
    per_partition = rate / scale / PARTITIONS
    capacity_s = max(max(table["wcu"], default=0) for table in tables) / per_partition - BURST_S
    chunks = sum(each["task_id"].endswith("audit") for each in run.instances)
    writing_s = longest(tasks, "write")
    work_s = sum(longest(tasks, verb) for verb in ("inspect", "audit")) + writing_s
    starts_s = IN_A_ROW * start_s
    rest_s, airflow_s = work_s - capacity_s, run.wall_s - starts_s - work_s
    seconds = (run.wall_s, capacity_s, starts_s, airflow_s, rest_s)
    used = f"{capacity_s / writing_s:.0%}"
    return [f"{rate:,.0f}", chunks, len(tasks), *(f"{each:.1f}" for each in seconds), used]


def _warm_up(api: Any, stack: Production, folder: Path) -> None:
    """Run once, since the first run of an Airflow is slower."""
    small = make(folder / "small.hdf5", 10, rlzs=2, imts=2, n_levels=10)
    airflow_runs.store(api, "WARM", aws.upload(stack, small))


@click.command()
@click.option(
    "--rate", "rates", multiple=True, type=float, default=(4000, 40_000), show_default=True
)
@click.option("--scale", default=10, show_default=True)
@click.option("--start", "start_s", default=20.0, show_default=True, help="Of a container.")
@JSON_OPTION
def main(rates: Sequence[float], scale: int, start_s: float, json_path: Path | None) -> None:
    """Measure, and print the table."""
    rows = []
    for rate in rates:
        with tempfile.TemporaryDirectory() as text:
            rows.append(measure(Path(text), rate, scale, start_s))
            click.echo("  ".join(map(str, rows[-1])), err=True)
    title = "The reference calculation, from the trigger to the published calculation."
    Table(title, HEADER, rows, notes(scale, start_s)).show(json_path)


if __name__ == "__main__":
    main()
