"""How many threads a writer needs, and how many writers a table: the writing half of the tuning.

    python -m benchmarks.writing [--sites 200] [--plot docs/use/tuning/writing.png]

Against the capacity model with the latencies of a region. Without limits a writer is held by
latency and then by its own CPU; with 16 partitions that together take 4,000 write units a second it
should be held by them alone.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import click

from benchmarks.support.embedded import embedded_aws
from benchmarks.support.model_runs import Design, capacity_model, run
from benchmarks.support.synthetic import make
from benchmarks.support.tables import JSON_OPTION, Table
from hazard_store.model import KeyScheme

PARTITIONS = 16
TOTAL_WCU_PER_S = 4000.0
NO_LIMIT = 10_000_000.0
THREADS = (1, 2, 4, 8, 16, 32)
WRITERS = (1, 4, 16)
Figures = dict[str, dict[int, float]]  # by curve of the plot, by threads


@click.command()
@click.option("--sites", default=200)
@click.option("--threads", "all_threads", multiple=True, type=int, default=THREADS)
@click.option("--writers", "all_writers", multiple=True, type=int, default=WRITERS)
@click.option("--plot", "plot_path", type=click.Path(path_type=Path), help="Draw them there.")
@JSON_OPTION
def main(
    sites: int,
    all_threads: tuple[int, ...],
    all_writers: tuple[int, ...],
    plot_path: Path | None,
    json_path: Path | None,
) -> None:
    """Print the table."""
    rows: list[list[Any]] = []
    free: Figures = {}
    used: Figures = {}
    with tempfile.TemporaryDirectory() as folder, embedded_aws() as env:
        path = make(Path(folder) / "calc.hdf5", sites)
        with (
            capacity_model(env["AWS_ENDPOINT_URL"], PARTITIONS, NO_LIMIT) as unlimited,
            capacity_model(env["AWS_ENDPOINT_URL"], PARTITIONS, TOTAL_WCU_PER_S) as limited,
        ):
            for threads in all_threads:
                row: list[Any] = [threads]
                one = Design(KeyScheme.CALC_LOCATION, 1, threads)
                took = run(unlimited, path, one, NO_LIMIT)
                free.setdefault("1 writer", {})[threads] = took.wcu / took.seconds
                row.append(f"{took.wcu / took.seconds:,.0f}")
                for writers in all_writers:
                    design = Design(KeyScheme.CALC_LOCATION, writers, threads)
                    took = run(limited, path, design, TOTAL_WCU_PER_S)
                    label = f"{writers} writer{'s' if writers > 1 else ''}"
                    used.setdefault(label, {})[threads] = took.used
                    row.append(f"{took.used:.0%}, {took.throttled / 1000:.1f}k")
                rows.append(row)
                click.echo("  ".join(map(str, row)), err=True)
    if plot_path is not None:
        _plot(plot_path, free, used)
    header = ["threads of a writer", "no limit, 1 writer: write units/s"]
    header += [f"{label}: used, throttled" for label in used]
    notes = [
        f"Scheme `calc-location`, packed, {sites} sites x 12 realisations and 7 statistics x 27 "
        "IMTs x 44 levels; a request takes 20 to 40 ms.",
        f"Used: share of what the heaviest of {PARTITIONS} partitions allows, all of them together "
        f"taking {TOTAL_WCU_PER_S:,.0f} write units a second; throttled: thousands of items sent "
        "in vain. A run lasts some seconds, so starting and ending weigh more than in real runs.",
    ]
    Table("Threads of a writer and number of writers.", header, rows, notes).show(json_path)


def _plot(path: Path, free: Figures, used: Figures) -> None:
    from matplotlib import pyplot

    figure, (left, right) = pyplot.subplots(1, 2, figsize=(9, 3.4), layout="constrained")
    for axes, figures in ((left, free), (right, used)):
        for label, by_threads in figures.items():
            axes.plot(list(by_threads), list(by_threads.values()), marker="o", label=label)
        axes.set_xscale("log", base=2)
        axes.set_xticks(list(THREADS), [str(n) for n in THREADS])
        axes.set_xlabel("threads of a writer")
        axes.set_ylim(bottom=0)
        axes.grid(alpha=0.3)
        axes.legend()
    left.set_title("no limit")
    left.set_ylabel("write units a second")
    right.set_title(f"{PARTITIONS} partitions: of what the heaviest allows")
    right.set_ylabel("share used")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)


if __name__ == "__main__":
    main(prog_name="python -m benchmarks.writing")
