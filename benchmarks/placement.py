"""What each choice means for writing: write units, hash keys, and the heaviest partition.

    python -m benchmarks.placement [CALC_FILE] [--json FILE]

Write units a row are counted on items made of CALC_FILE (else of synthetic curves); map items are
left out, of which there are some hundred under hash keys of their own. Partitions are those of
`local.dynamodb_model`: equal ranges of a hash of the hash key. DynamoDB's own hash is not known, so
a figure is the mean over some calculation ids; key scheme `location` has no id in its hash keys.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from pathlib import Path
from statistics import mean
from typing import Any

import click
import numpy as np

from benchmarks.support import new_zealand
from benchmarks.support.designs import DESIGNS, Design
from benchmarks.support.synthetic import make
from benchmarks.support.tables import JSON_OPTION, Table
from hazard_store.calcfile import CalcFile, inspect_file, open_calc
from hazard_store.items import Place, make_items, write_units
from hazard_store.keys import KeyMaker
from hazard_store.model import Inspection, KeyScheme, Kind
from hazard_store.settings import Settings
from hazard_store.workflow.plan import make_plan
from local.dynamodb_model.partitions import PARTITION_WCU_PER_S, Capacity, TableCapacity, place_of

PARTITIONS = (4, 16, 40)
CALC_IDS = [f"CALC{number}" for number in range(20)]
SAMPLE_SITES = 20


def units_a_row(calc_file: CalcFile, inspection: Inspection, design: Design) -> dict[Kind, float]:
    """Return the write units a row of each kind, over a sample of sites."""
    plan = make_plan(inspection, "CALC", design.options, Settings(region="us-east-1"))
    n_sites, units = plan.calculation.n_sites, {}
    sids = np.unique(np.linspace(0, n_sites - 1, SAMPLE_SITES).round().astype(np.intp))
    place = Place(-41.25, 174.75, 400.0, "[-41.250~174.750]", "CALC:-41.2~174.8")
    for kind in Kind:
        spec = plan.calculation.spec(kind)
        items = [i for rows in calc_file.curves(kind, sids) for i in make_items(spec, place, rows)]
        units[kind] = sum(map(write_units, items)) / (len(sids) * len(spec.rows))
    return units


def hash_keys(scheme: KeyScheme, calc_id: str) -> Counter[str]:
    """Return the number of sites of the grid under each hash key."""
    keys = KeyMaker(scheme, calc_id)
    return Counter(keys.hash_key(float(lat), float(lon)) for lat, lon in new_zealand.sites())


def heaviest_share(sites: Counter[str], partitions: int) -> float:
    """Return the part of all sites that falls on the heaviest partition."""
    table, on = TableCapacity(Capacity(partitions), 0.0), Counter[int]()
    for hash_key, n_sites in sites.items():
        on[id(table.at(place_of(hash_key, "")))] += n_sites
    return max(on.values()) / sites.total()


@click.command()
@click.argument("calc_file", required=False, type=click.Path(exists=True, path_type=Path))
@JSON_OPTION
def main(calc_file: Path | None, json_path: Path | None) -> None:
    """Print the table."""
    n_sites = len(new_zealand.sites())
    sites = {scheme: [hash_keys(scheme, calc_id) for calc_id in CALC_IDS] for scheme in KeyScheme}
    shares = {
        scheme: {p: mean(heaviest_share(of_id, p) for of_id in of_ids) for p in PARTITIONS}
        for scheme, of_ids in sites.items()
    }
    rows: list[list[Any]] = []
    with tempfile.TemporaryDirectory() as folder:
        path = str(calc_file or make(Path(folder) / "calc.hdf5", SAMPLE_SITES))
        settings = Settings(region="us-east-1")
        inspection = inspect_file(path, settings)
        with open_calc(path, settings) as opened:
            n_rows = {kind: opened.calculation.n_rows(kind) for kind in Kind}
            units = {str(d): units_a_row(opened, inspection, d) for d in DESIGNS}
    for design in DESIGNS:
        a_row = units[str(design)]
        total = n_sites * sum(n_rows[kind] * a_row[kind] for kind in Kind)
        share = shares[design.scheme]
        rows.append(
            [
                design.scheme,
                len(sites[design.scheme][0]),
                str(design),
                round(a_row[Kind.STATS], 2),
                round(a_row[Kind.REALISATIONS], 2),
                round(total / 1e6, 2),
                *(f"{1 / (p * share[p]):.0%}" for p in PARTITIONS),
                *(round(total * share[p] / PARTITION_WCU_PER_S) for p in PARTITIONS),
            ]
        )
    Table(
        title=f"Writing {n_sites} sites like New Zealand's, {n_rows[Kind.REALISATIONS]} "
        f"realisations and {n_rows[Kind.STATS]} statistics each.",
        header=[
            "key scheme",
            "hash keys",
            "layout",
            "write units a row, statistics",
            "realisations",
            "million write units",
            *(f"usable, {p} partitions" for p in PARTITIONS),
            *(f"seconds, {p} partitions" for p in PARTITIONS),
        ],
        rows=rows,
        notes=[
            "Usable: the part of all partitions' capacity that is in use while the heaviest one "
            "is at its limit. Seconds: what the heaviest one needs at 1,000 write units a second, "
            "the two tables one after the other.",
        ],
    ).show(json_path)


if __name__ == "__main__":
    main(prog_name="python -m benchmarks.placement")
