"""Streaming: when the engine's machine is free, and when the curves are published.

    python -m benchmarks.streams [FILE] [--sites 11500] [--mb-per-s 20] [--json FILE]

The curves of a calculation file are given to a stream at a rate, as an engine makes them, first to
nobody, then while `hazard-store load` follows it into the embedded AWS. The seconds from the last
curve to publication stand beside those of storing the finished file. With `--sites` the file is one
of so many sites, each with the curves of one of the real ones (`benchmarks.support.tiled`).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from benchmarks.support.embedded import embedded_aws
from benchmarks.support.run_verb import COMMAND, run_verb
from benchmarks.support.tables import JSON_OPTION, Table
from benchmarks.support.tiled import tile

ROOT = Path(__file__).parents[1]
PROGRAM = Path(__file__).parent / "support" / "replayed_stream.py"
SAMPLE = ROOT / "sample" / "calc_1.hdf5"
GOAL, GOAL_OFF_S = 0.6, 5


@click.command(help=__doc__)
@click.argument("file", default=SAMPLE, type=click.Path(exists=True, path_type=Path))
@click.option("--sites", type=int, help="Of the file that is made; without: those of FILE.")
@click.option(
    "--mb-per-s", default=(20.0,), multiple=True, help="Of raw curves, at which they come."
)
@click.option("--tasks", default=64, help="Of the engine.")
@click.option("--workers", default=2, help="Of `load`.")
@click.option("--quick", is_flag=True, help="The sites of FILE.")
@JSON_OPTION
def main(
    file: Path,
    sites: int | None,
    mb_per_s: tuple[float, ...],
    tasks: int,
    workers: int,
    quick: bool,
    json_path: Path | None,
) -> None:
    """Measure."""
    told = file.name
    with tempfile.TemporaryDirectory() as made:
        if sites is not None and not quick:
            told += f", whose curves are those of {sites:,} sites in turns,"
            file = tile(file, Path(made) / f"{sites}_sites.hdf5", sites)
        rows = replayed(file, mb_per_s, tasks, workers)
    Table(
        f"{told} in {tasks} tasks, `load --workers {workers}`.",
        [
            *("way", "MB/s", "curves came for, s", "then all off in, s", "then published in, s"),
            "of the finished file",
        ],
        rows,
        [
            f"Goals: all off within {GOAL_OFF_S} s of the engine's end, published within {GOAL} of "
            "what storing the finished file takes.",
            "Sender, writers and tables share this machine's processors, so what is followed is "
            "off later than what nobody follows: on a machine of its own it is the latter.",
        ],
    ).show(json_path)


def replayed(
    file: Path, rates: tuple[float, ...], tasks: int, workers: int
) -> list[tuple[str, ...]]:
    """Load a file, then replay it at each rate; return the rows of the table."""
    how = ("--workers", str(workers), "--json")
    with _tables() as env:
        finished = run_verb(env, "load", str(file), "A", *how).seconds
    rows = [("the finished file", "", "", "", f"{finished:.1f}", "1.00")]
    for rate in rates:
        alone, (followed, published) = _alone(file, rate, tasks), _followed(file, rate, tasks, how)
        shown = (f"{published:.1f}", f"{published / finished:.2f}")
        rows += [
            ("a stream that nobody follows", f"{rate:g}", *_seconds(alone), "", ""),
            ("a stream that is followed", f"{rate:g}", *_seconds(followed), *shown),
        ]
    return rows


def _alone(file: Path, rate: float, tasks: int) -> dict[str, Any]:
    """Replay a file to nobody; return what the sender says."""
    with tempfile.TemporaryDirectory() as inbox:
        return _replay(file, inbox, rate, tasks, lambda _: None)


def _followed(
    file: Path, rate: float, tasks: int, how: tuple[str, ...]
) -> tuple[dict[str, Any], float]:
    """Replay a file to `load`; return what the sender says, and seconds until publication."""
    loads: list[subprocess.Popen[bytes]] = []
    with _tables() as env, tempfile.TemporaryDirectory() as inbox:

        def follow(manifest: Path) -> None:
            command = [*COMMAND, "load", str(manifest), "A", *how]
            nowhere = subprocess.DEVNULL
            loads.append(subprocess.Popen(command, env=env, stdout=nowhere, stderr=nowhere))

        said = _replay(file, inbox, rate, tasks, follow)
        if loads[0].wait():
            raise RuntimeError("the stream was not stored")
        return said, time.time() - said["complete"]


@contextmanager
def _tables() -> Iterator[dict[str, str]]:
    """Empty tables in an embedded AWS; gives the environment of whoever uses them."""
    with embedded_aws() as env:
        run_verb(env, "tables", "create", "--unprotected")
        yield env


def _replay(
    file: Path, inbox: str, rate: float, tasks: int, on_manifest: Callable[[Path], None]
) -> dict[str, Any]:
    """Give a file to a stream, in a process of its own; return what that says.

    Args:
        file: the calculation file.
        inbox: where the stream goes.
        rate: in MB of raw curves a second.
        tasks: in which they come.
        on_manifest: told of the manifest when it is there.
    """
    command = [sys.executable, str(PROGRAM), str(file), inbox, "A", str(tasks), str(rate)]
    env = {**os.environ, "PYTHONPATH": str(ROOT / "stream")}
    said: dict[str, Any] = {"began": time.time()}
    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True) as sender:
        assert sender.stdout is not None
        for line in sender.stdout:
            told = "uri" in said
            said |= json.loads(line)
            if not told:
                manifest = Path(said["uri"]) / "manifest.json"
                while not manifest.exists():
                    time.sleep(0.01)
                on_manifest(manifest)
    if sender.returncode or said["reason"] is not None:
        raise RuntimeError(f"the stream failed: {said.get('reason')}")
    return said


def _seconds(said: dict[str, Any]) -> tuple[str, str]:
    """Return for how long curves came, and how long after the last of them all was off."""
    complete = said["complete"]
    return f"{complete - said['began']:.1f}", f"{said['gone'] - complete:.1f}"


if __name__ == "__main__":
    main()
