"""Reading beside what users would pick instead, in one run.

    python -m benchmarks.peers [--sites 2000] [--quick] [--json FILE]

One synthetic calculation (12 realisations, 7 statistics, 27 measures, 44 levels) on the embedded
DynamoDB. CPU is the client's, medians. Others run in environments of their own, which the first run
makes (`python -m tests.clients.environments`); one that cannot be made is left out and said.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import click

from benchmarks.peers import ours
from benchmarks.peers.file import engine_file
from benchmarks.peers.questions import (
    COLD,
    MANY,
    MAP,
    N_MANY,
    N_SOME,
    ONE,
    QUESTIONS,
    RLZS,
    SOME,
    STATS,
    SomeSites,
)
from benchmarks.support.embedded import embedded_aws
from benchmarks.support.stored import Stage
from benchmarks.support.tables import JSON_OPTION, Table
from hazard_store.model import StoreOptions
from hazard_store.store import Store
from tests.clients.environments import python_of

STAGE = "PEERS"
SCRIPTS = Path(__file__).parent
SHORT = {"one": ONE, "stats": STATS, "rlzs": RLZS, "some": SOME, "map": MAP, "many": MANY}
HEADER = (
    "question",
    "requests, units, KB",
    "by id, ms",
    "opened, ms",
    "boto3 and unpacking",
    "THS 0.7.9",
    "THS 2.1.1, Parquet",
    "engine's Extractor, local file",
)
GOALS = {ONE: 1.5, STATS: 2, RLZS: 2, SOME: 8, MAP: 40, MANY: 900, COLD: 900}


def peer(name: str, script: str, words: list[str], env: dict[str, str]) -> dict[str, float]:
    """Return the CPU of each question in ms, as a script of another environment tells it."""
    try:
        python = python_of(name)
    except (subprocess.CalledProcessError, OSError) as error:
        click.echo(f"{name} is left out: its environment cannot be made ({error})", err=True)
        return {}
    command = [str(python), str(SCRIPTS / script), *words]
    done = subprocess.run(command, env=env, check=True, capture_output=True, text=True)
    told = json.loads(done.stdout.splitlines()[-1])
    cold = ours.process_cpu_ms([str(python), "-c", COLD_IMPORTS[name]], env)
    return {SHORT[short]: ms for short, ms in told.items()} | {COLD: cold}


COLD_IMPORTS = {
    "engine": "from openquake.calculators.extract import Extractor",
    "ths_079": "from toshi_hazard_store.query.hazard_query import get_hazard_curves",
    "ths": "from toshi_hazard_store.query import get_hazard_curves",
}


def peers(env: dict[str, str], folder: Path, path: Path, some: SomeSites) -> list[dict[str, float]]:
    """Ask the others."""
    from hazard_store.export import export

    home = {**os.environ, **env, "HOME": str(folder), "OQ_DATADIR": str(folder)}
    sites = str(some.save(folder / "sites.npz"))
    config = folder / "pynamodb.py"
    config.write_text(f"host = {env['AWS_ENDPOINT_URL']!r}\n")
    dynamodb = peer("ths_079", "ths_dynamodb.py", [sites], home | {"PYNAMODB_CONFIG": str(config)})
    parquet = folder / "parquet"
    store = Store(Stage.of(env["AWS_ENDPOINT_URL"], path, STAGE).store.settings)
    export(ours.CALC_ID, "ths-parquet", str(parquet), unpublished=True, store=store)
    return [
        dynamodb,
        peer("ths", "ths_parquet.py", [str(parquet), sites], home),
        peer("engine", "engine_extractor.py", [str(path), str(N_SOME), str(N_MANY)], home),
    ]


def row(question: str, columns: dict[str, Any]) -> list[Any]:
    """Return the cells of a question; of others with their ratio to ours."""
    by_id, opened = columns["ours"].get(question, (None, None))
    own = columns["cold"] if question == COLD else opened.cpu_ms
    cells: list[Any] = [question]
    cost = None if by_id is None else by_id.cost
    told = "-" if cost is None else f"{cost.requests:,}, {cost.units:,.0f}, {cost.sent / 1000:,.0f}"
    cells += [told, f"{own:,.1f}" if by_id is None else f"{by_id.cpu_ms:,.1f}"]
    cells.append("-" if opened is None else f"{opened.cpu_ms:,.1f}")
    for found in (columns["floor"], *columns["peers"]):
        ms = found.get(question)
        cells.append("-" if ms is None else f"{ms:,.1f} ({ms / own:.2f}x)")
    return cells


@click.command()
@click.option("--sites", default=2000, show_default=True)
@click.option("--quick", is_flag=True, help="Fewer sites, for a first look.")
@JSON_OPTION
def main(sites: int, quick: bool, json_path: Path | None) -> None:
    """Print the table."""
    sites = 300 if quick else sites
    with tempfile.TemporaryDirectory() as name, embedded_aws() as env:
        folder = Path(name)
        path = engine_file(folder, sites)
        some = SomeSites.of(path)
        stage = Stage.of(env["AWS_ENDPOINT_URL"], path, STAGE)
        stage.write(stage.claimed(ours.CALC_ID, StoreOptions(map_statistics="mean")))
        store = Store(stage.store.settings)
        columns = {
            "ours": ours.readings(store, some, 40),
            "floor": ours.floor(store, some, 40),
            "cold": ours.cold_ms(env, STAGE, some),
            "peers": peers(env, folder, path, some),
        }
    rows = [row(question, columns) for question in QUESTIONS]
    goals = "; ".join(f"{question} {ms:g} ms" for question, ms in GOALS.items())
    Table(
        f"Reading beside others, {sites:,} sites: CPU of the client in ms, and how often ours.",
        HEADER,
        rows,
        [
            "Ratios are to the opened calculation. Goals (11,500 sites): at most " + goals + ".",
            "By id, the calculation's record is in the same request; a process that has not seen "
            "it before takes a request more where it is not stored by default.",
            "THS 0.7.9 asks a Query a curve: a question about more sites takes as many times more.",
            "Of THS 2.1.1 the better one of its strategies; of the others' cold start the imports "
            "alone. The Extractor reads a local file; it has no way to ask for some sites at once.",
        ],
    ).show(json_path)


if __name__ == "__main__":
    main(prog_name="python -m benchmarks.peers")
