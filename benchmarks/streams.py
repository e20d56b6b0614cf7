"""Streaming: what it costs the engine, and when the machine is free and the curves are published.

    python -m benchmarks.streams --engine PYTHON [--job JOB.INI] [--runs 5] [--json FILE]
    python -m benchmarks.streams --replay CALC_FILE [--mb-per-s 20] [--tasks 64] [--json FILE]

With an engine, a job is run with streaming and without, in turns: the CPU seconds of the engine's
master are compared by their medians, and the seconds from its end until every byte is in the inbox.
A replay gives the curves of a file to a stream at a rate, first to nobody, then while
`hazard-store load` follows it in the embedded AWS; the seconds from the last curve to publication
stand beside those of storing the finished file. `benchmarks.support.tiled` makes a file of as many
sites as New Zealand has of a real one.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from benchmarks.support.embedded import embedded_aws
from benchmarks.support.run_verb import COMMAND, run_verb
from benchmarks.support.tables import JSON_OPTION, Table

ROOT = Path(__file__).parents[1]
SUPPORT = Path(__file__).parent / "support"
SAMPLE_JOB = ROOT / "sample" / "job" / "job.ini"


@click.command(help=__doc__)
@click.option("--engine", type=click.Path(exists=True), help="Python of the engine's environment.")
@click.option("--job", default=str(SAMPLE_JOB), help="A job file.")
@click.option("--runs", default=5, help="Of each way.")
@click.option("--replay", type=click.Path(exists=True, path_type=Path), help="A file to replay.")
@click.option("--mb-per-s", default=20.0, help="Of raw curves, at which they are replayed.")
@click.option("--tasks", default=64, help="In which they are replayed.")
@click.option("--workers", default=2, help="Of `load`.")
@JSON_OPTION
def main(
    engine: str | None,
    job: str,
    runs: int,
    replay: Path | None,
    mb_per_s: float,
    tasks: int,
    workers: int,
    json_path: Path | None,
) -> None:
    """Measure."""
    if engine is not None:
        taken = alternating(engine, job, runs)
        rows = [
            (way, *(f"{statistics.median(run[key] for run in of_way):.2f}" for key in _SHOWN))
            for way, of_way in taken.items()
        ]
        header = ["streaming", "CPU of the master, s", "its curves took, s", "then all off in, s"]
        title = f"{Path(job).parent.name}/{Path(job).name} in the engine, medians of {runs} runs."
        Table(title, header, rows).show(json_path)
    if replay is not None:
        rows = replayed(replay, mb_per_s, tasks, workers)
        header = [
            *("way", "curves came for, s", "then all off in, s", "then published in, s"),
            "of the finished file",
        ]
        title = f"{replay.name} at {mb_per_s:g} MB a second, in {tasks} tasks, {workers} workers."
        Table(title, header, rows).show(json_path)


_SHOWN = ("cpu_s", "post_s", "off_s")


def alternating(engine: str, job: str, runs: int) -> dict[str, list[dict[str, Any]]]:
    """Run a job without streaming and with it, in turns; return what each run took."""
    taken: dict[str, list[dict[str, Any]]] = {"without": [], "with": []}
    with tempfile.TemporaryDirectory() as home:
        env = {
            **os.environ,
            "HOME": home,
            "OQ_DATADIR": home,
            "OPENBLAS_NUM_THREADS": "1",
            "PYTHONPATH": str(ROOT / "stream"),
        }
        for _ in range(runs):
            for way, inbox in (("without", []), ("with", [f"{home}/inbox"])):
                command = [engine, str(SUPPORT / "streamed_job.py"), job, *inbox]
                done = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
                taken[way].append(json.loads(done.stdout.splitlines()[-1]))
    return taken


def replayed(calc_file: Path, mb_per_s: float, tasks: int, workers: int) -> list[tuple[str, ...]]:
    """Replay a file to nobody, then to `load`; then load the file itself, under another id.

    The machine of the engine is another one than that of the tables: the first replay says when it
    is free, the second how long after it the curves are published.
    """
    with tempfile.TemporaryDirectory() as inbox:
        alone = _Replay(calc_file, inbox, mb_per_s, tasks)
        alone.follow(lambda _: None)
    with embedded_aws() as env, tempfile.TemporaryDirectory() as inbox:
        run_verb(env, "tables", "create", "--unprotected")
        followed, loads = _Replay(calc_file, inbox, mb_per_s, tasks), []

        def load(manifest: Path) -> None:
            verb = ["load", str(manifest), "STREAMED", "--workers", str(workers), "--json"]
            loads.append(subprocess.Popen([*COMMAND, *verb], env=env, stdout=subprocess.DEVNULL))

        followed.follow(load)
        if loads[0].wait():
            raise RuntimeError("the stream was not stored")
        published = time.time() - followed.said["complete"]
        verb = ("load", str(calc_file), "FILE", "--workers", str(workers), "--json")
        finished = run_verb(env, *verb).seconds
    return [
        ("a stream that nobody follows", *alone.shown, "", ""),
        (
            "a stream that is followed",
            *followed.shown,
            f"{published:.1f}",
            f"{published / finished:.2f}",
        ),
        ("the finished file", "", "", f"{finished:.1f}", "1.00"),
    ]


class _Replay:
    """A file that is given to a stream at a rate, by a process of its own."""

    def __init__(self, calc_file: Path, inbox: str, mb_per_s: float, tasks: int) -> None:
        program = [sys.executable, str(SUPPORT / "replayed_stream.py"), str(calc_file), inbox]
        self._began = time.time()
        self._sender = subprocess.Popen(
            [*program, "STREAMED", str(tasks), str(mb_per_s)],
            env={**os.environ, "PYTHONPATH": str(ROOT / "stream")},
            stdout=subprocess.PIPE,
            text=True,
        )
        self.said: dict[str, Any] = {}

    def follow(self, on_manifest: Callable[[Path], None]) -> None:
        """Wait until every byte is gone; tell of the manifest when it is there."""
        told = False
        assert self._sender.stdout is not None
        for line in self._sender.stdout:
            self.said |= json.loads(line)
            if not told and "uri" in self.said:
                manifest, told = Path(self.said["uri"]) / "manifest.json", True
                _wait_for(manifest)
                on_manifest(manifest)
        if self._sender.wait() or self.said["reason"] is not None:
            raise RuntimeError(f"the stream failed: {self.said.get('reason')}")

    @property
    def shown(self) -> tuple[str, str]:
        """Seconds in which its curves came, and from the last of them until all was gone."""
        complete = self.said["complete"]
        return f"{complete - self._began:.1f}", f"{self.said['gone'] - complete:.1f}"


def _wait_for(path: Path) -> None:
    while not path.exists():
        time.sleep(0.01)


if __name__ == "__main__":
    main()
