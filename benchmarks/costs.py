"""What storing the reference calculation costs, by layout and realisations an item.

    python -m benchmarks.costs [CALC_FILE] [--quick] [--json FILE]

The items of a sample of sites are made as they would be written, and their write units counted as
DynamoDB counts them; the forecast's own arithmetic and prices scale them up. A row is one site and
realisation, or one site and statistic.
"""

from __future__ import annotations

import math
import tempfile
from pathlib import Path

import click

from benchmarks import predecessor
from benchmarks.comparison.work import Calc, Work
from benchmarks.support.synthetic import make
from benchmarks.support.tables import JSON_OPTION, Table
from hazard_store.calcfile import open_calc
from hazard_store.items import item_bytes, make_items
from hazard_store.model import Kind, Layout
from hazard_store.settings import Settings
from hazard_store.workflow.costs import DOLLARS_PER_WRITE_UNIT, make_forecast

SITES = 11_500  # of the reference calculation: New Zealand's grid and its places
DOLLARS_PER_GB_MONTH = 0.25
HEADER = (
    "layout",
    "realisations an item",
    "write units a realisation",
    "a statistic",
    "M write units, realisations",
    "statistics",
    "dollars of writing",
    "of the audit's reading and of writers",
    "GB stored",
    "dollars a month",
)


def sizes(work: Work) -> list[int]:
    """Return the bytes of each item."""
    return [
        item_bytes(item)
        for (_, place), curves in zip(work.sites, work.curves, strict=True)
        for item in make_items(work.spec, place, curves)
    ]


def units(of_items: list[int]) -> int:
    """Return the write units of putting items of these sizes."""
    return sum(math.ceil(size / 1024) for size in of_items)


def our_row(calc: Calc, layout: Layout, group: int | None, n_sites: int) -> list[str]:
    """Return the cells of one layout and group size."""
    works = {kind: calc.work(layout, kind, n_sites, group) for kind in Kind}
    found = {kind: sizes(work) for kind, work in works.items()}
    sampled = len(works[Kind.STATS].sites)
    a_site = {
        kind: (units(of_items) / sampled, sum(of_items) / 4096 / sampled)
        for kind, of_items in found.items()
    }
    planned = calc.plan(layout, group).calculation.forecast
    forecast = make_forecast(
        {kind: work.spec for kind, work in works.items()},
        SITES,
        a_site,
        planned.writers,
        planned.wcu_per_s_per_writer,
        limited=False,
    )
    wcu = {Kind.REALISATIONS: forecast.realisations_wcu, Kind.STATS: forecast.stats_wcu}
    writing = sum(wcu.values()) * DOLLARS_PER_WRITE_UNIT
    gigabytes = sum(map(sum, found.values())) / sampled * SITES / 1e9
    default = ", the default" if group is None and layout is Layout.PACKED else ""
    order = (Kind.REALISATIONS, Kind.STATS)
    return [
        layout,
        f"{works[Kind.REALISATIONS].spec.group}{default}",
        *(f"{wcu[kind] / SITES / len(works[kind].spec.rows):.2f}" for kind in order),
        *(f"{wcu[kind] / 1e6:.2f}" for kind in order),
        f"{writing:.2f}",
        f"{forecast.dollars - writing:.2f}",
        f"{gigabytes:.2f}",
        f"{gigabytes * DOLLARS_PER_GB_MONTH:.2f}",
    ]


def their_row(calc: Calc, n_sites: int, folder: Path) -> list[str]:
    """Return the predecessor's cells: realisations only, it stores no statistics of the engine."""
    work, path = calc.work(Layout.READABLE, Kind.REALISATIONS, n_sites), folder / "curves.npz"
    predecessor.hand_over(work, path)
    found = [item_bytes(item) for item in predecessor.items(path)]
    # Its table has a local index that holds all attributes again.
    per_row = 2 * units(found) / work.n_rows
    rows = SITES * len(work.spec.rows)
    wcu, gigabytes = per_row * rows, 2 * sum(found) / work.n_rows * rows / 1e9
    return [
        predecessor.NAME,
        "1",
        f"{per_row:.2f}",
        "-",
        f"{wcu / 1e6:.2f}",
        "-",
        f"{wcu * DOLLARS_PER_WRITE_UNIT:.2f}",
        "-",
        f"{gigabytes:.2f}",
        f"{gigabytes * DOLLARS_PER_GB_MONTH:.2f}",
    ]


@click.command()
@click.argument("calc_file", type=click.Path(exists=True, path_type=Path), required=False)
@click.option("--sites", default=200, show_default=True, help="Sites to sample.")
@click.option("--quick", is_flag=True, help="A smaller sample.")
@JSON_OPTION
def main(calc_file: Path | None, sites: int, quick: bool, json_path: Path | None) -> None:
    """Print the table. Without CALC_FILE the curves are synthetic."""
    sites = 20 if quick else sites
    settings, notes = Settings(region="us-east-1"), []
    with tempfile.TemporaryDirectory() as folder:
        path = calc_file or make(Path(folder) / "synthetic.hdf5", sites)
        with open_calc(str(path), settings) as opened:
            calc = Calc.of(opened, settings)
            rows = [our_row(calc, Layout.PACKED, group, sites) for group in (1, 4, None)]
            rows.append(our_row(calc, Layout.READABLE, None, max(10, sites // 10)))
            try:
                rows.append(their_row(calc, max(4, sites // 20), Path(folder)))
                notes.append(
                    f"{predecessor.NAME}: its table has a local index that holds every attribute "
                    "again; without it, half. It stores no statistics of the engine."
                )
            except predecessor.NotMeasured as reason:
                notes.append(str(reason))
    title = f"{SITES:,} sites, {calc.shape} ({path.name}), prices of us-east-1 on demand."
    Table(title, HEADER, rows, notes).show(json_path)


if __name__ == "__main__":
    main(prog_name="python -m benchmarks.costs")
