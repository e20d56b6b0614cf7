"""Packed calculation files: what inspecting and reading them takes beside a plain one.

    python -m benchmarks.packed [--quick] [--json FILE]

One file in several guises. The time of unpacking each chunk once is measured alone and taken off;
what is left of `hazard-store inspect`, from the start of Python, is held against the plain file.
Reading is what a writer does beside its work: all sites in an order of its own, seven at a time.
Below, the memory of an inspection against the number of sites.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import h5py
import numpy as np

from benchmarks.support.run_verb import run_verb
from benchmarks.support.synthetic import make
from benchmarks.support.tables import JSON_OPTION, Table
from hazard_store.calcfile import open_calc
from hazard_store.calcfile.chunked import boxes
from hazard_store.model import Kind
from hazard_store.settings import Settings

SETTINGS = Settings(region="us-east-1")  # type: ignore[call-arg]
SITES, TIMES, AT_ONCE = 1000, 3, 7
SIZES, SMALL = (1_000, 10_000), {"rlzs": 2, "imts": 27, "n_levels": 44}
DATASETS = ("hcurves-stats", "hcurves-rlzs")
GUISES: dict[str, dict[str, Any]] = {
    "plain": {},
    "h5py's chunks": {"chunks": True},
    "h5py's chunks, gzip": {"chunks": True, "compression": "gzip"},
    "h5py's chunks, lzf": {"chunks": True, "compression": "lzf"},
    "a chunk a site, shuffle, gzip": {"chunks": (1, 0, 0, 0), "compression": "gzip", "shuffle": 1},
    "one chunk, gzip": {"chunks": (0, 0, 0, 0), "compression": "gzip"},
    "eleven levels of all sites, gzip": {"chunks": (0, 1, 1, 11), "compression": "gzip"},
}
GOAL, GROWTH_GOAL = 1.5, 1.2


def packed(source: Path, path: Path, options: dict[str, Any]) -> Path:
    """Write a copy whose curves are packed; a 0 among the chunks is the whole axis."""
    shutil.copy(source, path)
    if not options:
        return path
    with h5py.File(path, "r+") as h5:
        for name in DATASETS:
            curves, attrs = h5[name][()], dict(h5[name].attrs)
            chunks = options["chunks"]
            if chunks is not True:
                chunks = tuple(a or b for a, b in zip(chunks, curves.shape, strict=True))
            del h5[name]
            h5.create_dataset(name, data=curves, **{**options, "chunks": chunks})
            h5[name].attrs.update(attrs)
    return path


def cpu_s(work: Callable[[], object]) -> float:
    """Return the CPU time of some work, its children's included: the least of a few times."""
    best = float("inf")
    for _ in range(TIMES):
        began = sum(os.times()[:4])
        work()
        best = min(best, sum(os.times()[:4]) - began)
    return best


def unpack(path: Path) -> None:
    """Unpack each chunk once."""
    with open_calc(str(path), SETTINGS) as calc:
        for curves in (calc._contents.stats, calc._contents.rlzs):
            if curves is not None and curves.chunks is not None:
                for _ in boxes(calc._file, curves.chunks):
                    pass


def read(path: Path) -> None:
    """Read all sites as a writer does."""
    with open_calc(str(path), SETTINGS) as calc:
        order = np.random.default_rng(0).permutation(len(calc.calculation.sites))
        calc.will_read(order)
        for start in range(0, len(order), AT_ONCE):
            for kind in Kind:
                calc.curves(kind, order[start : start + AT_ONCE])


def time_rows(folder: Path, sites: int) -> list[list[Any]]:
    """Return a row of CPU times for each guise."""
    source = make(folder / "source.hdf5", sites)
    rows: list[list[Any]] = []
    plain: list[float] = []
    for name, options in GUISES.items():
        path = packed(source, folder / "calc.hdf5", options)
        opening, unpacking = cpu_s(lambda p=path: open_calc(str(p), SETTINGS).close()), 0.0
        if options:
            unpacking = max(0.0, cpu_s(lambda p=path: unpack(p)) - opening)
        taken = [
            cpu_s(lambda p=path: run_verb(dict(os.environ), "inspect", str(p))) - unpacking,
            cpu_s(lambda p=path: read(p)) - unpacking,
        ]
        plain = plain or taken
        ratios = [f"{mine / theirs:.2f}" for mine, theirs in zip(taken, plain, strict=True)]
        row = [name, f"{unpacking:.2f}", f"{taken[0]:.2f}", ratios[0], f"{taken[1]:.2f}", ratios[1]]
        rows.append([*row, "", ""])
    return rows


def memory_rows(folder: Path, sizes: tuple[int, ...]) -> tuple[list[list[Any]], float]:
    """Return a row of peak memory for each size, plain and packed; and how much the last has."""
    rows, growth = [], 0.0
    for name in ("plain", "h5py's chunks, gzip"):
        peaks = []
        for sites in sizes:
            source = make(folder / "source.hdf5", sites, **SMALL)
            path = packed(source, folder / "calc.hdf5", GUISES[name])
            ran = run_verb(dict(os.environ), "inspect", str(path), "--json")
            peaks.append(ran.peak_mb)
            rows.append([name, "", "", "", "", "", f"{sites:,}", f"{ran.peak_mb:.0f}"])
        growth = max(growth, peaks[-1] / peaks[0])
    return rows, growth


@click.command()
@click.option("--quick", is_flag=True, help="Fewer sites.")
@JSON_OPTION
def main(quick: bool, json_path: Path | None) -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as folder:
        rows = time_rows(Path(folder), 40 if quick else SITES)
        more, growth = memory_rows(Path(folder), (200, 1000) if quick else SIZES)
    Table(
        f"Curves of {SITES} sites in several guises; then inspections of small curves.",
        [
            "curves",
            "unpacking, s CPU",
            "inspect beside it, s",
            "to plain",
            "reading beside it, s",
            "to plain",
            "sites",
            "inspect: peak MB",
        ],
        rows + more,
        [
            f"Goal: inspecting at most {GOAL} times the plain file, beside the unpacking. Reading "
            "is a tenth of what a writer does, which is not in these figures.",
            f"The largest inspection has {growth:.2f} of the memory of the smallest; goal: at most "
            f"{GROWTH_GOAL}.",
        ],
    ).show(json_path)


if __name__ == "__main__":
    main(prog_name="python -m benchmarks.packed")
