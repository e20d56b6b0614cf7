"""Writing against a model of DynamoDB's capacity: how much of it is used, by scheme and writers.

    python -m benchmarks.capacity [--sites 1000] [--partitions 16] [--writers 4] [--scheme S]

All partitions of a table together take the same `TOTAL_WCU_PER_S`, whatever their number, so that
this machine is not the limit. The bound is what the heaviest partition needs at its rate; "used" is
the bound over the seconds. Beside it the predecessor's design: one process, readable items, one
request at a time, site by site.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import click

from benchmarks.support.embedded import embedded_aws
from benchmarks.support.model_runs import PARTITION_WCU_PER_S, Design, capacity_model, run
from benchmarks.support.synthetic import make
from benchmarks.support.tables import JSON_OPTION, Table
from hazard_store.model import KeyScheme, Layout

TOTAL_WCU_PER_S = 4000.0
HEADER = [
    "partitions",
    "key scheme",
    "writers",
    "sites",
    "seconds",
    "bound, s",
    "used",
    "write units/s",
    "items throttled",
    "fairness",
]
NOTES = [
    f"All partitions of a table together: {TOTAL_WCU_PER_S:,.0f} write units a second; so each of "
    "4, 16, 40 partitions is scaled to "
    + ", ".join(f"{TOTAL_WCU_PER_S / n / PARTITION_WCU_PER_S:.3g}" for n in (4, 16, 40))
    + " of a real one.",
    "Used: the time that the heaviest partition needs at its rate, over the time of the writing.",
    "Fairness: Jain's index of the items a second of the writers; 1 is all alike.",
    "Scheme `calc` has one hash key, so one partition does all the work: it is written with fewer "
    "sites.",
    "The predecessor's design is at the bottom, without its CPU time, which alone held it to 384 "
    "write units a second. With `calc` all it writes falls on one partition. With `location` it "
    "writes one bin after the other: still one partition at a time, and since a bin is hot for a "
    "few seconds only, splitting for heat comes too late for it.",
]


@click.command()
@click.option("--sites", default=1000)
@click.option("--threads", default=8, help="Requests under way of each writer.")
@click.option("--partitions", "all_partitions", multiple=True, type=int, default=(4, 16, 40))
@click.option("--writers", "all_writers", multiple=True, type=int, default=(1, 4, 16))
@click.option("--scheme", "schemes", multiple=True, default=tuple(s.value for s in KeyScheme))
@JSON_OPTION
def main(
    sites: int,
    threads: int,
    all_partitions: tuple[int, ...],
    all_writers: tuple[int, ...],
    schemes: tuple[str, ...],
    json_path: Path | None,
) -> None:
    """Print the table."""
    rows: list[list[Any]] = []
    with tempfile.TemporaryDirectory() as folder, embedded_aws() as env:
        few, some = max(20, sites // 20), max(20, sites // 10)
        files = {n: make(Path(folder) / f"{n}.hdf5", n) for n in {sites, few, some}}

        def add(url: str, partitions: int, design: Design, label: str, n: int) -> None:
            took = run(url, files[n], design, TOTAL_WCU_PER_S)
            rows.append(
                [
                    partitions,
                    label,
                    design.writers,
                    n,
                    f"{took.seconds:.1f}",
                    f"{took.bound_s:.1f}",
                    f"{took.used:.0%}",
                    f"{took.wcu / took.seconds:,.0f}",
                    f"{took.throttled:,}",
                    f"{took.fairness:.2f}",
                ]
            )
            click.echo("  ".join(map(str, rows[-1])), err=True)

        for partitions in all_partitions:
            with capacity_model(env["AWS_ENDPOINT_URL"], partitions, TOTAL_WCU_PER_S) as url:
                for scheme in map(KeyScheme, schemes):
                    n = few if scheme is KeyScheme.CALC else sites
                    for writers in all_writers:
                        add(url, partitions, Design(scheme, writers, threads), scheme, n)
        with capacity_model(env["AWS_ENDPOINT_URL"], 4, TOTAL_WCU_PER_S) as url:
            for scheme in (KeyScheme.CALC, KeyScheme.LOCATION):
                design = Design(scheme, layout=Layout.READABLE, sequential=True)
                add(url, 4, design, f"predecessor's, {scheme}", some)
    shape = f"{sites:,} sites x 12 realisations and 7 statistics x 27 IMTs x 44 levels."
    Table(f"Writing against the capacity model: {shape}", HEADER, rows, NOTES).show(json_path)


if __name__ == "__main__":
    main(prog_name="python -m benchmarks.capacity")
