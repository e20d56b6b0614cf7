"""What statistics that share an item, and map items, cost to write and save in reading.

    python -m benchmarks.grouping [CALC_FILE] [--sites 2000] [--quick] [--json FILE]

Above, the write units of a calculation with the curves of CALC_FILE (else synthetic ones) on a grid
like New Zealand's, as `hazard-store plan` counts them. Below, a synthetic calculation is stored in
each way on the embedded DynamoDB, the statistics alone, and is audited and read by
`hazard_store.query.hazard_arrays`; CPU is this process's. Read units are reckoned by DynamoDB's
rule from the items that came: of items by their keys each is rounded up to 4 KB. The calculation's
records, two requests and two units a question, are in all figures.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import click

from benchmarks.support.embedded import embedded_aws
from benchmarks.support.scaled import REFERENCE_SITES, scaled
from benchmarks.support.stored import Stage
from benchmarks.support.synthetic import make
from benchmarks.support.tables import JSON_OPTION, Table
from hazard_store.calcfile import inspect_file, open_calc
from hazard_store.model import StoreOptions
from hazard_store.query import hazard_arrays
from hazard_store.settings import Settings
from hazard_store.store import Store
from hazard_store.workflow.plan import make_plan

WAYS: dict[str, dict[str, Any]] = {
    "1 an item": {"statistics_per_item": 1, "map_statistics": "none"},
    "the mean alone, the others together": {
        "statistics_per_item": "mean",
        "map_statistics": "none",
    },
    "the same, and map items of the mean": {
        "statistics_per_item": "mean",
        "map_statistics": "mean",
    },
    "all in one item": {"statistics_per_item": 99, "map_statistics": "none"},
}
DEFAULT = "the mean alone, the others together"
IMT, QUANTILE = "PGA", "0.5"
UNITS_GOAL = 2.80
TURNS = 5
Figures = dict[str, str]  # by what was measured


def forecast_of(path: Path, sampled: int) -> dict[str, Figures]:
    """Return what each way takes, from the plans of the scaled calculation."""
    settings = Settings.from_environment(region="us-east-1")
    inspection = inspect_file(str(path), settings)
    with open_calc(str(path), settings) as opened:
        large = scaled(opened, inspection, sampled)
    found = {}
    for name, way in WAYS.items():
        plan = make_plan(large, "CALC", StoreOptions(realisations=False, **way), settings)
        stored, forecast = plan.calculation, plan.calculation.forecast
        rows = stored.n_sites * len(stored.aggs)
        of_maps = f"{forecast.maps_items:,}" if forecast.maps_items else "-"
        found[name] = {
            "write units a statistic": f"{forecast.stats_wcu / rows:.2f}",
            "with the map items": f"{(forecast.stats_wcu + forecast.maps_wcu) / rows:.2f}",
            "items of sites": f"{forecast.stats_items:,}",
            "map items": of_maps,
        }
    return found


def questions(store: Store, calc_id: str, loc: str) -> dict[str, Callable[[], object]]:
    """Return the questions, by their names."""
    ask = partial(hazard_arrays, calc_id, "stats", unpublished=True, store=store)
    return {
        "the mean of a site": lambda: ask([loc], [IMT], ["mean"]),
        "a quantile of a site": lambda: ask([loc], [IMT], [QUANTILE]),
        "all of a site": lambda: ask([loc]),
        "the mean's map": lambda: ask(None, [IMT], ["mean"]),
        "a quantile's map": lambda: ask(None, [IMT], [QUANTILE]),
    }


def measure(stage: Stage, turns: int) -> dict[str, Figures]:
    """Store the calculation in each way, and ask everything of it."""
    found: dict[str, Figures] = {}
    meter = stage.meter()
    for number, (name, way) in enumerate(WAYS.items()):
        calc_id, options = f"WAY{number}", StoreOptions(realisations=False, **way)
        head = stage.claimed(calc_id, options)
        figures = {
            "writing, CPU s": _cpu_s(partial(stage.write, head)),
            "audit with the file, CPU s": _cpu_s(partial(stage.audit, head)),
        }
        sites, _ = hazard_arrays(
            calc_id, "stats", None, [IMT], ["mean"], unpublished=True, store=stage.store
        )
        loc = sites[len(sites) // 2].loc
        for question, ask in questions(stage.store, calc_id, loc).items():
            figures[question] = str(meter.measured(ask, turns))
        found[name] = figures
        click.echo(f"{name}: done", err=True)
    return found


def _cpu_s(work: Callable[[], object]) -> str:
    began = time.process_time()
    work()
    return f"{time.process_time() - began:.1f}"


def table_of(name: str, units: dict[str, Figures], stored: dict[str, Figures], sites: int) -> Table:
    """Return the table: a column a way."""
    rows: list[list[Any]] = [
        [what, *(of_way[what] for of_way in found.values())]
        for found in (units, stored)
        for what in next(iter(found.values()))
    ]
    said = units[DEFAULT]["write units a statistic"]
    return Table(
        f"Statistics of {REFERENCE_SITES:,} sites ({name}); from the writing on, of {sites:,} "
        "synthetic sites.",
        ["", *WAYS],
        rows,
        [
            "Write units a statistic: of all statistics of a site together, keys included, divided "
            "by their number.",
            f"Of a question: requests / read units / KB of answers / ms of CPU, medians of {TURNS} "
            f"turns; of one intensity measure, {IMT}, but for all of a site.",
            f"Without map items the default takes {said} write units a statistic; goal: at most "
            f"{UNITS_GOAL:.2f} of an engine-made calculation.",
            "A quantile out of an item of six is unpacked with the five others, and comes with "
            "them over the wire; its own map items would make it as cheap as the mean's.",
        ],
    )


@click.command()
@click.argument("calc_file", type=click.Path(exists=True, path_type=Path), required=False)
@click.option("--sites", default=2000, show_default=True, help="Sites that are stored.")
@click.option("--sample", default=200, show_default=True, help="Sites for the write units.")
@click.option("--quick", is_flag=True, help="Fewer sites, for a first look.")
@JSON_OPTION
def main(
    calc_file: Path | None, sites: int, sample: int, quick: bool, json_path: Path | None
) -> None:
    """Print the table."""
    sites, sample = (300, 20) if quick else (sites, sample)
    with tempfile.TemporaryDirectory() as folder, embedded_aws() as env:
        path = make(Path(folder) / "synthetic.hdf5", sites)
        units = forecast_of(calc_file or path, sample)
        stored = measure(Stage.of(env["AWS_ENDPOINT_URL"], path), TURNS)
    table_of((calc_file or path).name, units, stored, sites).show(json_path)


if __name__ == "__main__":
    main(prog_name="python -m benchmarks.grouping")
