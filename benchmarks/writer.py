"""The writer's own cost: rows a second of CPU, and write units a row.

    python -m benchmarks.writer [CALC_FILE] [--sites N] [--quick] [--json FILE]

Every figure comes from one run on one machine. CPU: the curves of CALC_FILE go through the
project's reader, encoding and writer (batches, signing, HTTP, fence) to an endpoint that does
nothing, in another process; counted is this process's CPU time. Write units: as DynamoDB counts
the same items. A row is one site and realisation, or one site and statistic.
"""

from __future__ import annotations

from pathlib import Path
from statistics import median

import click

from benchmarks.comparison import ours
from benchmarks.comparison.work import Calc, Work
from benchmarks.support.null_endpoint import null_endpoint
from benchmarks.support.tables import JSON_OPTION, Table
from hazard_store.calcfile import open_calc
from hazard_store.items import make_items, write_units
from hazard_store.model import Kind, Layout
from hazard_store.settings import Settings

SAMPLE = Path(__file__).parents[1] / "sample" / "calc_1.hdf5"
REPEATS = 7  # the median counts: other work on the machine disturbs a single measurement


def units_a_row(work: Work) -> float:
    """Return the write units a row."""
    units = sum(
        write_units(item)
        for (_, place), curves in zip(work.sites, work.curves, strict=True)
        for item in make_items(work.spec, place, curves)
    )
    return units / work.n_rows


@click.command()
@click.argument("calc_file", type=click.Path(exists=True, path_type=Path), default=SAMPLE)
@click.option("--sites", default=200, show_default=True, help="Sites of the file to use.")
@click.option("--quick", is_flag=True, help="Fewer sites and repeats, for a first look.")
@JSON_OPTION
def main(calc_file: Path, sites: int, quick: bool, json_path: Path | None) -> None:
    """Print the table."""
    sites, repeats = (40, 3) if quick else (sites, REPEATS)
    settings = Settings(region="us-east-1")
    with null_endpoint() as url, open_calc(str(calc_file), settings) as opened:
        calc = Calc.of(opened, settings)
        works = [
            calc.work(layout, kind, sites if layout is Layout.PACKED else min(sites, 20))
            for layout in Layout
            for kind in Kind
        ]
        rates: list[list[float]] = [[] for _ in works]
        for _ in range(repeats):  # in turns, so that all have the same machine
            for work, measured in zip(works, rates, strict=True):
                measured.append(work.n_rows / ours.save(work, url))
        rows = [
            [
                work.spec.layout,
                work.spec.kind,
                f"{median(measured):,.0f}",
                f"{units_a_row(work):.2f}",
            ]
            for work, measured in zip(works, rates, strict=True)
        ]
        title = f"Writing curves, {calc.shape} a site ({calc_file.name})."
    header = ["layout", "kind", "rows a second of CPU", "write units a row"]
    Table(title, header, rows, [f"Medians of {repeats} turns."]).show(json_path)


if __name__ == "__main__":
    main(prog_name="python -m benchmarks.writer")
