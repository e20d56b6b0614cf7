"""Submitting: bytes that are sent and CPU, against packing the same curves by HDF5 alone.

    python -m benchmarks.submit [FILE ...] [--json FILE]

Each calculation file is checked, packed, verified and put into a folder, in this process, which has
imported everything before. Beside it h5py writes the same curves, which are in memory, by its own
filters: shuffle, and gzip at level 1, in chunks of a megabyte. The two take turns; the least CPU of
five is told, children included. Without a FILE it is a made one of New Zealand's shape.
"""

from __future__ import annotations

import resource
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import h5py
import numpy as np

from benchmarks.support.synthetic import make
from benchmarks.support.tables import JSON_OPTION, Table
from hazard_store.calcfile import open_calc
from hazard_store.calcfile.submitted import CHUNK_BYTES
from hazard_store.model import Kind, StoreOptions
from hazard_store.settings import Settings
from hazard_store.submit.submission import submit

TIMES, SITES = 5, 200
GOAL, GOAL_SHARE, GOAL_MORE = 1.6, 0.62, 1_000_000


class Silent:
    """A screen that shows nothing."""

    def phase(self, name: str, total: int | None, unit: str) -> None:
        """Show nothing."""

    def advance(self, amount: int) -> None:
        """Show nothing."""

    def done(self, seconds: float) -> None:
        """Show nothing."""


def cpu_s(work: Callable[[], object]) -> float:
    """Return the CPU time of some work, its children's included."""
    began = _cpu_s()
    work()
    return _cpu_s() - began


def _cpu_s() -> float:
    used = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(each.ru_utime + each.ru_stime for each in used)


def curves_of(path: Path) -> list[np.ndarray[Any, Any]]:
    """Return the curves of a file as they are stored, each kind (N, K, M, L)."""
    settings = Settings(region="us-east-1")  # type: ignore[call-arg]
    with open_calc(str(path), settings) as calc:
        sids = np.arange(len(calc.calculation.sites))
        return [calc.curves(kind, sids) for kind in Kind if calc.calculation.n_rows(kind)]


def packed_by_hdf5(curves: list[np.ndarray[Any, Any]], path: Path) -> None:
    """Write curves by HDF5's own filters."""
    with h5py.File(path, "w") as h5:
        for number, each in enumerate(curves):
            chunk = (min(len(each), max(1, CHUNK_BYTES // each[0].nbytes)), *each.shape[1:])
            options: dict[str, Any] = {"compression": "gzip", "compression_opts": 1}
            h5.create_dataset(str(number), data=each, chunks=chunk, shuffle=True, **options)


def row_of(path: Path, folder: Path) -> list[Any]:
    """Return the figures of one file."""
    curves, inbox = curves_of(path), folder / "inbox"
    settings = Settings(region="us-east-1", inbox=str(inbox))  # type: ignore[call-arg]
    raw, ours, theirs = sum(each.nbytes for each in curves), [], []

    def submitted() -> None:
        nonlocal sent
        sent = submit(str(path), "A", StoreOptions(), settings, Silent()).sent

    sent = 0
    inbox.mkdir()
    for _ in range(TIMES):
        theirs.append(cpu_s(lambda: packed_by_hdf5(curves, folder / "packed.hdf5")))
        for left in inbox.iterdir():
            left.unlink()
        ours.append(cpu_s(submitted))
    for left in inbox.iterdir():
        left.unlink()
    inbox.rmdir()
    most, size = GOAL_SHARE * raw + GOAL_MORE, path.stat().st_size
    return [
        path.name,
        f"{size:,}",
        f"{raw:,}",
        f"{sent:,}",
        f"{sent / size:.3f}",
        f"{sent / raw:.3f}",
        "yes" if sent <= most else "no",
        f"{min(ours):.3f}",
        f"{min(theirs):.3f}",
        f"{min(ours) / min(theirs):.2f}",
    ]


@click.command()
@click.argument("files", nargs=-1, type=click.Path(exists=True, path_type=Path))
@click.option("--quick", is_flag=True, help="Fewer sites.")
@JSON_OPTION
def main(files: tuple[Path, ...], quick: bool, json_path: Path | None) -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if not files:
            files = (make(folder / "made.hdf5", 40 if quick else SITES),)
        rows = [row_of(path, folder) for path in files]
    Table(
        "Submitting calculation files.",
        [
            "file",
            "its bytes",
            "curves, bytes",
            "sent, bytes",
            "of the file",
            "of the curves",
            "few enough",
            "CPU, s",
            "HDF5 alone, s",
            "ratio",
        ],
        rows,
        [
            f"Goals: at most {GOAL_SHARE} of the curves' bytes and {GOAL_MORE:,} more; at most "
            f"{GOAL} of HDF5's CPU. Checking and verifying are in the figures; reading is not in "
            "HDF5's. Of a few sites the start of child processes is most of it.",
        ],
    ).show(json_path)


if __name__ == "__main__":
    main(prog_name="python -m benchmarks.submit")
