"""What reading costs, by key scheme, layout and realisations an item: requests, units and bytes.

    python -m benchmarks.reading [CALC_FILE] [--quick] [--json FILE] [--plot FILE]

A calculation is stored in each way, and nine others at one of its places; then the functions of
`hazard_store.query` ask for curves. Where they cannot express a query, boto3 does. Units are those
of `local.dynamodb_model`, which counts as DynamoDB does: a Query by the 4 KB of all its items
together, items by their keys by the 4 KB of each. All reads are consistent; others would cost half.
"""

from __future__ import annotations

import os
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import click
import h5py

from benchmarks.support.designs import DESIGNS, Design
from benchmarks.support.embedded import embedded_aws, free_port, stopped_at_exit
from benchmarks.support.questions import AT_A_PLACE, Asked, Costs, coordinates, measure
from benchmarks.support.synthetic import make
from benchmarks.support.tables import JSON_OPTION, Table
from hazard_store.calcfile import inspect_file
from hazard_store.model import REALISATIONS_PER_ITEM, IfStored, Kind, Layout
from hazard_store.settings import Settings
from hazard_store.store import Store
from hazard_store.table_lifecycle import create_tables
from hazard_store.workflow.claim import claim
from hazard_store.workflow.plan import make_plan
from hazard_store.workflow.write import write_chunk

QUICK = [d for d in DESIGNS if d.layout is Layout.PACKED and d.group in (1, REALISATIONS_PER_ITEM)]


@contextmanager
def counting_model(backend: str) -> Iterator[str]:
    """Serve tables of curves that count units as DynamoDB does and never throttle."""
    port = str(free_port())
    arguments = ("--port", port, "--backend", backend, "--scale", "1000", "--table-wcu", "0")
    with stopped_at_exit("local.dynamodb_model", *arguments, "--no-latency"):
        url = f"http://127.0.0.1:{port}"
        for _ in range(100):
            try:
                urllib.request.urlopen(f"{url}/_capacity", timeout=1).close()
                break
            except OSError:
                time.sleep(0.1)
        yield url


def beside(folder: Path, loc: str) -> Path:
    """Make a calculation of a single site at a place."""
    path = make(folder / "beside.hdf5", 1)
    with h5py.File(path, "r+") as file:
        file["sitecol/lat"][0], file["sitecol/lon"][0] = coordinates(loc)
    return path


def run(path: Path, asked: Asked, designs: list[Design]) -> dict[Design, Costs]:
    """Measure all designs, as many at once as there are cores."""
    longest_first = sorted(designs, key=lambda design: design.layout, reverse=True)
    with tempfile.TemporaryDirectory() as folder, embedded_aws() as env:
        other = beside(Path(folder), asked.shared)
        measured = partial(run_one, env["AWS_ENDPOINT_URL"], path, other, asked)
        with ProcessPoolExecutor(os.cpu_count()) as pool:
            found = dict(zip(longest_first, pool.map(measured, longest_first), strict=True))
    return {design: found[design] for design in designs}


def run_one(backend: str, path: Path, other: Path, asked: Asked, design: Design) -> Costs:
    """Store the calculations in one design and ask everything of them."""
    with counting_model(backend) as url:
        settings = Settings.from_environment(
            stage=f"{design.scheme}.{design.layout}.{design.group}",
            endpoint_dynamodb=url,
            region="us-east-1",
        )
        create_tables(settings)
        store = Store(settings)
        for calc_id, file in zip(AT_A_PLACE, [path] + [other] * 9, strict=True):
            write(store, file, calc_id, design)
        return measure(store, design.scheme, asked)


def write(store: Store, path: Path, calc_id: str, design: Design) -> None:
    """Store a calculation; it is not audited, and so not published."""
    inspection = inspect_file(str(path), store.settings)
    plan = make_plan(inspection, calc_id, design.options, store.settings)
    head = claim(store, plan, "benchmark", IfStored.FAIL).head
    for chunk in head.calculation.chunks:
        for kind in Kind:
            write_chunk(store, str(path), head, kind, chunk)


def table_of(found: dict[Design, Costs], asked: Asked) -> Table:
    """Return the table: designs that differ by their key scheme alone stand side by side."""
    layouts = list(dict.fromkeys(map(str, found)))
    schemes = list(dict.fromkeys(design.scheme for design in found))
    rows: list[list[Any]] = []
    for name in next(iter(found.values())).curves:
        for layout in layouts:
            costs = [c.curves[name] for design, c in found.items() if str(design) == layout]
            rows.append(
                [
                    name,
                    layout,
                    *(cost.requests for cost in costs),
                    *(round(cost.units, 1) for cost in costs),
                    round(max(cost.sent for cost in costs) / 1000),
                ]
            )
    return Table(
        title=f"Reading {asked.n_sites} sites x {asked.n_rlzs} realisations and {asked.n_aggs} "
        f"statistics x {asked.n_imts} IMTs x {asked.n_levels} levels.",
        header=[
            "query",
            "layout",
            *(f"requests, {scheme}" for scheme in schemes),
            *(f"read units, {scheme}" for scheme in schemes),
            "KB sent",
        ],
        rows=rows,
        notes=_notes(found),
    )


def _notes(found: dict[Design, Costs]) -> list[str]:
    records = [cost for costs in found.values() for cost in costs.records.values() if cost.requests]
    least = min(records, key=lambda cost: cost.requests)
    every = max(
        (cost for cost in records if cost.requests == least.requests), key=lambda cost: cost.sent
    )
    listed = max(
        (cost for costs in found.values() for n, cost in costs.records.items() if ", all" in n),
        key=lambda cost: cost.sent,
    )
    return [
        "The number behind `packed` is that of realisations in an item.",
        f"Each call also reads the calculation's record, in every design alike: {every.requests} "
        f"requests, {every.units:g} units, {every.sent / 1000:.1f} KB; where it asks for all "
        f"sites also their list: {listed.requests - every.requests} request, "
        f"{listed.units - every.units:g} units, {(listed.sent - every.sent) / 1000:.1f} KB.",
        "By hand: in key scheme location one Query, elsewhere one BatchGetItem, for which one "
        "must know the ids of the calculations.",
    ]


@click.command()
@click.argument("calc_file", required=False, type=click.Path(exists=True, path_type=Path))
@click.option("--sites", default=144, help="Of the synthetic calculation, if none is given.")
@click.option("--quick", is_flag=True, help="Fewer sites and designs, for a first look.")
@click.option("--plot", type=click.Path(path_type=Path), help="Draw read units there.")
@JSON_OPTION
def main(
    calc_file: Path | None, sites: int, quick: bool, plot: Path | None, json_path: Path | None
) -> None:
    """Print the table."""
    designs = [design for design in DESIGNS if not quick or design in QUICK]
    with tempfile.TemporaryDirectory() as folder:
        path = calc_file or make(Path(folder) / "calc.hdf5", 49 if quick else sites)
        asked = Asked.of(path)
        found = run(path, asked, designs)
    table_of(found, asked).show(json_path)
    if plot is not None:
        from benchmarks.support.reading_plot import draw

        draw(found, plot)


if __name__ == "__main__":
    main(prog_name="python -m benchmarks.reading")
