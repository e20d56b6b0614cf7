"""Curves of many sites as arrays: all of a calculation by blocks, and maps.

    python -m benchmarks.arrays [--sites 500] [--map-sites 2000] [--quick] [--json FILE]

Synthetic calculations of 27 IMTs x 44 levels on the embedded DynamoDB. All curves of one, 12
realisations and 7 statistics a site, are read by `hazard_blocks`, by `hazard_arrays` and by the
generators, each in a process of its own: its peak memory is the largest resident set, as the kernel
counts it. Of another one, the statistics alone, maps of one intensity measure are read. CPU is the
client's; read units are reckoned by DynamoDB's rule from the items that came: of items by their
keys each is rounded up to 4 KB. The calculation's records are in all figures.
"""

from __future__ import annotations

import multiprocessing
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import click
import numpy as np

from benchmarks.support.embedded import embedded_aws
from benchmarks.support.meter import Reading, RuledMeter
from benchmarks.support.stored import Stage
from benchmarks.support.synthetic import make
from benchmarks.support.tables import JSON_OPTION, Table
from hazard_store.model import Kind, StoreOptions
from hazard_store.query import (
    get_hazard_rlz_curves,
    get_hazard_stats_curves,
    hazard_arrays,
    hazard_blocks,
)
from hazard_store.settings import Settings
from hazard_store.store import Store

CALC_ID = "ALL"
IMT, QUANTILE, TURNS = "PGA", "0.5", 5
MAP_GOALS = (4, 330, 2.0, 40)  # requests, read units, MB, ms, of `GOAL_SITES`
GOAL_SITES = 11_500
SPAWN = multiprocessing.get_context("spawn")
HEADER = ("what", "way", "requests", "read units", "MB of answers", "CPU ms", "peak MB")
READERS = ("hazard_blocks", "hazard_arrays", "generators")


def read_all(url: str, reader: str) -> tuple[Reading, float]:
    """Read all curves in one way; return what it cost, and the peak of this process in MB."""
    settings = Settings.from_environment(stage="ALL", endpoint_dynamodb=url, region="us-east-1")
    store = Store(settings)
    meter = RuledMeter(store)

    def read() -> None:
        for kind in Kind:
            last = 0.0
            if reader == "hazard_arrays":
                _, curves = hazard_arrays(CALC_ID, kind, unpublished=True, store=store)
                last = float(curves[-1, 0, 0, 0])
            elif reader == "hazard_blocks":
                for _, curves in hazard_blocks(CALC_ID, kind, unpublished=True, store=store):
                    last = float(curves[-1, 0, 0, 0])
            else:
                for curve in _generator(kind, store):
                    last = float(curve.poes[0])
            if not np.isfinite(last):
                raise RuntimeError("a curve is not as it was written")

    reading = meter.measured(read)
    status = Path("/proc/self/status").read_text().splitlines()
    (peak_kb,) = (int(line.split()[1]) for line in status if line.startswith("VmHWM"))
    return reading, peak_kb / 1024


def _generator(kind: Kind, store: Store) -> Iterator[Any]:
    if kind is Kind.STATS:
        return get_hazard_stats_curves(CALC_ID, unpublished=True, store=store)
    return get_hazard_rlz_curves(CALC_ID, unpublished=True, store=store)


def rows_of_all(url: str, path: Path, sites: int) -> list[list[Any]]:
    """Store a calculation and read all of it, in each way."""
    stage = Stage.of(url, path, "ALL")
    stage.write(stage.claimed(CALC_ID, StoreOptions()))
    rows = []
    with SPAWN.Pool(1, maxtasksperchild=1) as pool:
        for reader in READERS:
            reading, peak_mb = pool.apply(read_all, (url, reader))
            rows.append(_row(f"all curves of {sites:,} sites", reader, reading, f"{peak_mb:.0f}"))
    return rows


def readings_of_maps(url: str, path: Path) -> dict[tuple[str, str], Reading]:
    """Store the statistics with and without map items, and read maps."""
    stage, found = Stage.of(url, path, "MAPS"), {}
    meter = stage.meter()
    for calc_id, maps in (("MAPS", "mean"), ("NONE", "none")):
        stage.write(stage.claimed(calc_id, StoreOptions(realisations=False, map_statistics=maps)))
    for agg, calc_id, way in (
        ("mean", "MAPS", "its map items"),
        ("mean", "NONE", "the sites' items, the mean alone"),
        (QUANTILE, "MAPS", "the sites' items, six together"),
    ):
        ask = partial(hazard_arrays, calc_id, "stats", None, [IMT], [agg], unpublished=True)
        found[agg, way] = meter.measured(partial(ask, store=stage.store), TURNS)
    return found


def _row(what: str, way: str, reading: Reading, peak_mb: str = "-") -> list[Any]:
    cost = reading.cost
    cells = [f"{cost.requests:,}", f"{cost.units:,.0f}", f"{cost.sent / 1e6:.2f}"]
    return [what, way, *cells, f"{reading.cpu_ms:,.1f}", peak_mb]


def notes(maps: dict[tuple[str, str], Reading], sites: int) -> list[str]:
    """Return what a reader must know, and the goals."""
    requests, units, megabytes, cpu_ms = MAP_GOALS
    of_mean, alone, six = (each.cpu_ms / 1000 for each in maps.values())
    return [
        f"Maps: medians of CPU over {TURNS} turns, of {sites:,} sites.",
        f"The mean's map took {of_mean * 1000:.0f} ms; goal for {GOAL_SITES:,} sites: at most "
        f"{requests} requests, {units} read units, {megabytes:g} MB and {cpu_ms} ms of CPU.",
        f"A statistic that is alone in its items took {alone:.2f} s without map items; goal for "
        f"{GOAL_SITES:,} sites: at most 0.6 s. One of six that share an item took {six:.2f} s: all "
        "six come over the wire and are unpacked.",
    ]


@click.command()
@click.option("--sites", default=500, show_default=True, help="Of which all curves are read.")
@click.option("--map-sites", default=2000, show_default=True, help="Of the maps.")
@click.option("--quick", is_flag=True, help="Fewer sites, for a first look.")
@JSON_OPTION
def main(sites: int, map_sites: int, quick: bool, json_path: Path | None) -> None:
    """Print the table."""
    sites, map_sites = (100, 400) if quick else (sites, map_sites)
    with tempfile.TemporaryDirectory() as name, embedded_aws() as env:
        folder, url = Path(name), env["AWS_ENDPOINT_URL"]
        rows = rows_of_all(url, make(folder / "all.hdf5", sites), sites)
        maps = readings_of_maps(url, make(folder / "maps.hdf5", map_sites, rlzs=3))
    for (agg, way), reading in maps.items():
        rows.append(_row(f"map of {map_sites:,} sites, {agg}", way, reading))
    Table("Curves as arrays.", HEADER, rows, notes(maps, map_sites)).show(json_path)


if __name__ == "__main__":
    main(prog_name="python -m benchmarks.arrays")
