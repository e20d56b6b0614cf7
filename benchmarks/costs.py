"""What storing the reference calculation costs, by layout and by what shares an item.

    python -m benchmarks.costs [CALC_FILE] [--quick] [--json FILE]

The curves of a sample of sites stand for those of a grid like New Zealand's; that is planned as
`hazard-store plan` does, which makes the sample's items, counts their write units as DynamoDB
counts them, and scales them up. A row is one site and realisation, or one site and statistic; map
items are counted by themselves.
"""

from __future__ import annotations

import math
import tempfile
from pathlib import Path
from typing import Any

import click

from benchmarks import predecessor
from benchmarks.comparison.work import Calc
from benchmarks.support.scaled import REFERENCE_SITES, scaled
from benchmarks.support.synthetic import make
from benchmarks.support.tables import JSON_OPTION, Table
from hazard_store.calcfile import open_calc
from hazard_store.items import item_bytes
from hazard_store.model import Inspection, Kind, Layout, StoreOptions
from hazard_store.prices import DOLLARS_PER_WRITE_UNIT
from hazard_store.settings import Settings
from hazard_store.workflow.plan import make_plan

DOLLARS_PER_GB_MONTH = 0.25
HEADER = (
    "layout",
    "realisations an item",
    "statistics an item",
    "map items of",
    "write units a realisation",
    "a statistic",
    "M write units, realisations",
    "statistics",
    "maps",
    "dollars of writing",
    "of the audit's reading and of writers",
    "GB stored",
    "dollars a month",
)
WAYS: tuple[dict[str, Any], ...] = (
    {"realisations_per_item": 1},
    {"realisations_per_item": 4},
    {},
    {"map_statistics": "none"},
    {"map_statistics": "all"},
    {"statistics_per_item": 1, "map_statistics": "none"},
)


def units(of_items: list[int]) -> int:
    """Return the write units of putting items of these sizes."""
    return sum(math.ceil(size / 1024) for size in of_items)


def our_row(inspection: Inspection, settings: Settings, options: StoreOptions) -> list[str]:
    """Return the cells of one way to store."""
    plan = make_plan(inspection, "CALC", options, settings)
    stored, forecast = plan.calculation, plan.calculation.forecast
    wcu = {Kind.REALISATIONS: forecast.realisations_wcu, Kind.STATS: forecast.stats_wcu}
    writing = (sum(wcu.values()) + forecast.maps_wcu) * DOLLARS_PER_WRITE_UNIT
    site_bytes = sum(plan.units.rcu.values()) * 4096
    site_bytes += sum(plan.units.map_bytes[row] for row in stored.maps.rows)
    gigabytes = site_bytes * stored.n_sites / 1e9
    sizes = {kind: dict.fromkeys(stored.spec(kind).sizes) for kind in Kind}
    default = ", the default" if options == StoreOptions() else ""
    rows = {kind: stored.n_sites * len(stored.spec(kind).rows) for kind in Kind}
    order = (Kind.REALISATIONS, Kind.STATS)
    return [
        f"{stored.layout}{default}",
        *(" and ".join(map(str, sizes[kind])) for kind in order),
        _listed(stored.map_statistics, len(stored.aggs)),
        *(f"{wcu[kind] / rows[kind]:.2f}" for kind in order),
        *(f"{wcu[kind] / 1e6:.2f}" for kind in order),
        f"{forecast.maps_wcu / 1e6:.2f}" if stored.map_statistics else "-",
        f"{writing:.2f}",
        f"{forecast.dollars - writing:.2f}",
        f"{gigabytes:.2f}",
        f"{gigabytes * DOLLARS_PER_GB_MONTH:.2f}",
    ]


def _listed(aggs: tuple[str, ...], n_aggs: int) -> str:
    if not aggs:
        return "none"
    return "all" if len(aggs) == n_aggs else ", ".join(aggs)


def their_row(calc: Calc, n_sites: int, folder: Path) -> list[str]:
    """Return the predecessor's cells: realisations only, it stores no statistics of the engine."""
    work, path = calc.work(Layout.READABLE, Kind.REALISATIONS, n_sites), folder / "curves.npz"
    predecessor.hand_over(work, path)
    found = [item_bytes(item) for item in predecessor.items(path)]
    # Its table has a local index that holds all attributes again.
    per_row = 2 * units(found) / work.n_rows
    rows = REFERENCE_SITES * len(work.spec.rows)
    wcu, gigabytes = per_row * rows, 2 * sum(found) / work.n_rows * rows / 1e9
    return [
        predecessor.NAME,
        "1",
        "-",
        "-",
        f"{per_row:.2f}",
        "-",
        f"{wcu / 1e6:.2f}",
        "-",
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
            large = scaled(opened, calc.inspection, sites)
            rows = [our_row(large, settings, StoreOptions(**way)) for way in WAYS]
            few = scaled(opened, calc.inspection, max(10, sites // 10))
            rows.append(our_row(few, settings, StoreOptions(layout=Layout.READABLE)))
            try:
                rows.append(their_row(calc, max(4, sites // 20), Path(folder)))
                notes.append(
                    f"{predecessor.NAME}: its table has a local index that holds every attribute "
                    "again; without it, half. It stores no statistics of the engine."
                )
            except predecessor.NotMeasured as reason:
                notes.append(str(reason))
    title = f"{REFERENCE_SITES:,} sites, {calc.shape} ({path.name}), prices of us-east-1 on demand."
    Table(title, HEADER, rows, notes).show(json_path)


if __name__ == "__main__":
    main(prog_name="python -m benchmarks.costs")
