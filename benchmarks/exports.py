"""Exports: rows a second of CPU, against reading and the format's own writer, and peak memory.

    python -m benchmarks.exports [--sites 1000 --sites 10000] [--quick] [--json FILE]

A row is a statistic or a realisation at a site: 27 curves of 44 levels; a site has 7 and 12. The
synthetic calculation is on the embedded DynamoDB. Each export runs in a process of its own, whose
CPU and largest resident set are the kernel's. Its floor is what cannot be left out: reading all
curves by `hazard_blocks`, and the format's writer by itself, on as many rows that are in memory
(`%.6E` of whole arrays, written one behind the other; pyarrow's writer of tables; numpy's bytes).
"""

from __future__ import annotations

import multiprocessing
import shutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import numpy as np
from numpy.typing import NDArray

from benchmarks.support.embedded import embedded_aws
from benchmarks.support.stored import Stage
from benchmarks.support.synthetic import make
from benchmarks.support.tables import JSON_OPTION, Table
from hazard_store.export.api import export_calculation
from hazard_store.export.arrow import arrow, lists
from hazard_store.export.formats import Format
from hazard_store.export.number_text import scientific
from hazard_store.export.parquet import COMPRESSION
from hazard_store.export.request import ExportRequest
from hazard_store.model import Kind, StoreOptions
from hazard_store.query import hazard_blocks
from hazard_store.settings import Settings
from hazard_store.store import Store

CALC_ID = "ALL"
FORMATS = (Format.CSV, Format.PARQUET, Format.NPZ)
GOALS = {Format.CSV: 2_500, Format.PARQUET: 9_000}  # rows a second of CPU
FLOOR_GOAL = 1.3
BLOCK = 100  # sites that a writer gets at once when it is by itself
SPAWN = multiprocessing.get_context("spawn")
HEADER = ("sites", "what", "rows/s of CPU", "CPU s", "of its floor", "MB written", "peak MB")


@dataclass(frozen=True)
class Took:
    """What some work took."""

    cpu_s: float
    megabytes: float = 0
    peak_mb: float = 0


def measured(work: Callable[[], None], folder: Path | None = None) -> Took:
    """Do some work in this process; return what it took, and the process' peak."""
    began = time.process_time()
    work()
    cpu_s = time.process_time() - began
    status = Path("/proc/self/status").read_text().splitlines()
    (peak_kb,) = (int(line.split()[1]) for line in status if line.startswith("VmHWM"))
    files = () if folder is None else (p for p in folder.rglob("*") if p.is_file())
    return Took(cpu_s, sum(path.stat().st_size for path in files) / 1e6, peak_kb / 1024)


def _store(url: str) -> Store:
    return Store(Settings.from_environment(stage="ALL", endpoint_dynamodb=url, region="us-east-1"))


def read(url: str) -> Took:
    """Read all curves by blocks."""
    store = _store(url)

    def work() -> None:
        for kind in Kind:
            for _ in hazard_blocks(CALC_ID, kind, unpublished=True, store=store):
                pass

    return measured(work)


def export(url: str, as_format: Format, folder: Path) -> Took:
    """Export all curves."""
    store, request = _store(url), ExportRequest(CALC_ID, unpublished=True)
    arrow() if as_format is Format.PARQUET else None
    return measured(
        lambda: export_calculation(request, as_format, f"{folder}/", store=store) and None, folder
    )


def write_alone(url: str, as_format: Format, folder: Path, n_rows: int) -> Took:
    """Write as many rows, the same block over and over, by the format's own writer."""
    curves = next(
        curves for _, curves in hazard_blocks(CALC_ID, "stats", unpublished=True, store=_store(url))
    )[:BLOCK]
    folder.mkdir()
    rounds = max(1, round(n_rows / (curves.shape[0] * curves.shape[1])))
    return measured(lambda: WRITERS[as_format](curves, folder, rounds), folder)


def _write_csv(curves: NDArray[np.float32], folder: Path, rounds: int) -> None:
    with (folder / "a").open("wb") as file:
        for _ in range(rounds):
            for k in range(curves.shape[1]):
                file.write(scientific(np.ascontiguousarray(curves[:, k])).data)


def _write_parquet(curves: NDArray[np.float32], folder: Path, rounds: int) -> None:
    pa = arrow()
    flat = np.concatenate([curves[:, :, m].reshape(-1, curves.shape[3]) for m in range(27)])
    levels = np.broadcast_to(np.geomspace(1e-4, 10, flat.shape[1]), flat.shape)
    table = pa.table({"imls": lists(levels), "poes": lists(flat)})
    encoding = {"poes.list.element": "BYTE_STREAM_SPLIT"}
    with pa.parquet.ParquetWriter(
        folder / "a",
        table.schema,
        compression=COMPRESSION,
        use_dictionary=False,
        column_encoding=encoding,
        write_statistics=False,
    ) as writer:
        for _ in range(rounds):
            writer.write_table(table)


def _write_npz(curves: NDArray[np.float32], folder: Path, rounds: int) -> None:
    with (folder / "a").open("wb") as file:
        for _ in range(rounds):
            file.write(curves.data)


WRITERS = {Format.CSV: _write_csv, Format.PARQUET: _write_parquet, Format.NPZ: _write_npz}


def rows_of(sites: int) -> tuple[list[list[Any]], list[str]]:
    """Store a calculation, export it in every format; return rows, and what of the goals."""
    rows, goals = [], []
    n_rows = 19 * sites
    with tempfile.TemporaryDirectory() as name, embedded_aws() as env:
        folder, url = Path(name), env["AWS_ENDPOINT_URL"]
        stage = Stage.of(url, make(folder / "all.hdf5", sites), "ALL")
        stage.write(stage.claimed(CALC_ID, StoreOptions()))
        with SPAWN.Pool(1, maxtasksperchild=1) as pool:
            reading = pool.apply(read, (url,))
            rows.append(_row(sites, "reading alone", n_rows, reading))
            for as_format in FORMATS:
                out = folder / "out"
                took = pool.apply(export, (url, as_format, out))
                shutil.rmtree(out)
                alone = pool.apply(write_alone, (url, as_format, out, n_rows))
                shutil.rmtree(out)
                floor_s = reading.cpu_s + alone.cpu_s
                of_floor = took.cpu_s / floor_s
                rows.append(_row(sites, as_format, n_rows, took, f"{of_floor:.2f}"))
                if as_format in GOALS:
                    goals.append(
                        f"{as_format} of {sites:,} sites: {n_rows / took.cpu_s:,.0f} rows a second "
                        f"of CPU, goal {GOALS[as_format]:,}; {of_floor:.2f} of its floor, goal at "
                        f"most {FLOOR_GOAL}."
                    )
    return rows, goals


def _row(sites: int, what: str, n_rows: int, took: Took, of_floor: str = "-") -> list[Any]:
    speed, written = f"{n_rows / took.cpu_s:,.0f}", f"{took.megabytes:,.0f}"
    peak = f"{took.peak_mb:,.0f}"
    return [f"{sites:,}", str(what), speed, f"{took.cpu_s:.2f}", of_floor, written, peak]


@click.command()
@click.option("--sites", "sizes", multiple=True, type=int, help="[default: 1000 10000]")
@click.option("--quick", is_flag=True, help="Few sites, for a first look.")
@JSON_OPTION
def main(sizes: tuple[int, ...], quick: bool, json_path: Path | None) -> None:
    """Print the table."""
    rows, notes = [], []
    for sites in sizes or ((200,) if quick else (1_000, 10_000)):
        of_size, goals = rows_of(sites)
        rows += of_size
        notes += goals
    Table("Exports.", HEADER, rows, notes).show(json_path)


if __name__ == "__main__":
    main(prog_name="python -m benchmarks.exports")
