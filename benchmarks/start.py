"""What commands take, and what of it before they do anything: CPU of whole processes, and imports.

    python -m benchmarks.start [--turns 3] [--sites 2000] [--quick] [--json FILE]

The verbs that read ask a synthetic calculation on the embedded DynamoDB. CPU is that of the
process, user and system, the least of some turns. What imports take is told by `python -X
importtime`, each module's own time, summed by package.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from benchmarks.peers.ours import process_cpu_ms
from benchmarks.support.embedded import embedded_aws
from benchmarks.support.stored import Stage
from benchmarks.support.synthetic import make
from benchmarks.support.tables import JSON_OPTION, Table
from hazard_store.model import StoreOptions
from hazard_store.query import get_sites

BIN = Path(sys.executable).parent
COMMANDS = {
    "hazard-store --version": [str(BIN / "hazard-store"), "--version"],
    "hazard-store --help": [str(BIN / "hazard-store"), "--help"],
    "hazard-store curves --help": [str(BIN / "hazard-store"), "curves", "--help"],
    "python, import hazard_store.query": [sys.executable, "-c", "import hazard_store.query"],
    "python": [sys.executable, "-c", "pass"],
}
GOALS = {"hazard-store --help": 250, "python, import hazard_store.query": 900}
CALC_ID, STAGE = "START", "START"
OF_PGA = ("--imt", "PGA", "--agg", "mean", "--unpublished")
VERB_GOALS = {"curves of a site": 1000, "curves of all sites as CSV": 2000}  # of 11,500 sites
_LINE = re.compile(r"import time:\s+(\d+) \|\s+\d+ \| +([\w.]+)")
LISTED = 10


def import_ms(code: str) -> Counter[str]:
    """Return the milliseconds of a program's imports by package."""
    words = [sys.executable, "-X", "importtime", "-c", code]
    told = subprocess.run(words, check=True, capture_output=True, text=True).stderr
    found: Counter[str] = Counter()
    for microseconds, module in _LINE.findall(told):
        package = module.partition(".")[0]
        library = package not in sys.stdlib_module_names
        found[package if library else "the standard library"] += int(microseconds)
    return Counter({package: round(us / 1000) for package, us in found.items()})


def verb_rows(turns: int, sites: int) -> Iterator[list[Any]]:
    """Yield what the verbs take that read curves of a calculation, its mean and one measure."""
    with tempfile.TemporaryDirectory() as name, embedded_aws() as env:
        stage = Stage.of(env["AWS_ENDPOINT_URL"], make(Path(name) / "calc.hdf5", sites), STAGE)
        stage.write(stage.claimed(CALC_ID, StoreOptions(realisations=False, map_statistics="mean")))
        loc = next(get_sites(CALC_ID, unpublished=True, store=stage.store)).loc
        environment = {**os.environ, **env, "HAZARD_STORE_STAGE": STAGE}
        verbs = {
            "curves of a site": ["curves", CALC_ID, "--loc", loc, *OF_PGA],
            "curves of all sites as CSV": ["curves", CALC_ID, "--format", "csv", *OF_PGA],
            "curves of all sites as rows": ["curves", CALC_ID, *OF_PGA],
            "the hazard map as CSV": ["map", CALC_ID, "--poe", "0.1", *OF_PGA],
        }
        for name, words in verbs.items():
            command = [str(BIN / "hazard-store"), *words]
            ms = min(process_cpu_ms(command, environment) for _ in range(turns))
            yield [f"{name}, {sites:,} sites", f"{ms:,.0f}", VERB_GOALS.get(name, "-")]


@click.command()
@click.option("--turns", default=3, show_default=True)
@click.option("--sites", default=2000, show_default=True, help="Of the calculation that is read.")
@click.option("--quick", is_flag=True, help="A single turn, fewer sites.")
@JSON_OPTION
def main(turns: int, sites: int, quick: bool, json_path: Path | None) -> None:
    """Print the table."""
    turns, sites = (1, 300) if quick else (turns, sites)
    rows = []
    for name, words in COMMANDS.items():
        ms = min(process_cpu_ms(words, dict(os.environ)) for _ in range(turns))
        rows.append([name, f"{ms:,.0f}", GOALS.get(name, "-")])
    rows += verb_rows(turns, sites)
    imports = import_ms("import hazard_store.query")
    listed = ", ".join(f"{package} {ms}" for package, ms in imports.most_common(LISTED))
    notes = ["The goals of the verbs that read are for 11,500 sites."]
    notes += [f"Imports of hazard_store.query by package, ms of `-X importtime`: {listed}."]
    header = ("process", "CPU ms", "goal")
    Table("What commands take before they do anything.", header, rows, notes).show(json_path)


if __name__ == "__main__":
    main(prog_name="python -m benchmarks.start")
