"""Streaming: what it costs the engine, and when the machine is free and the curves are published.

    python -m benchmarks.streams --engine PYTHON [--job JOB.INI] [--runs 5] [--json FILE]
    python -m benchmarks.streams --replay CALC_FILE [--mb-per-s 20] [--tasks 64] [--json FILE]

With an engine, a job is run with streaming and without, in turns: the CPU seconds of the engine's
master are compared by their medians, and the seconds from its end until every byte is in the inbox.
A replay gives the curves of a file to a stream at a rate, while `hazard-store load` follows it in
the embedded AWS; the seconds from the last curve to publication stand beside those of storing the
finished file.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
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
        rows = [
            (way, *(f"{each:.1f}" for each in seconds))
            for way, *seconds in replayed(replay, mb_per_s, tasks, workers)
        ]
        header = ["way", "curves came for, s", "then all off in, s", "then published in, s"]
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


def replayed(
    calc_file: Path, mb_per_s: float, tasks: int, workers: int
) -> list[tuple[str, float, float, float]]:
    """Replay a file and follow it; then store the file itself, under another id."""
    with embedded_aws() as env, tempfile.TemporaryDirectory() as inbox:
        run_verb(env, "tables", "create", "--unprotected")
        command = [sys.executable, str(SUPPORT / "replayed_stream.py"), str(calc_file), inbox]
        sender = subprocess.Popen(
            [*command, "STREAMED", str(tasks), str(mb_per_s)],
            env={**os.environ, "PYTHONPATH": str(ROOT / "stream")},
            stdout=subprocess.PIPE,
            text=True,
        )
        began, follower = time.time(), None
        said: dict[str, Any] = {}
        assert sender.stdout is not None
        for line in sender.stdout:
            said |= json.loads(line)
            manifest = Path(said.get("uri", "")) / "manifest.json"
            if follower is None and "uri" in said and _appears(manifest):
                load = ["load", str(manifest), "STREAMED", "--workers", str(workers), "--json"]
                follower = subprocess.Popen([*COMMAND, *load], env=env, stdout=subprocess.DEVNULL)
        if sender.wait() or follower is None or follower.wait() or said["reason"] is not None:
            raise RuntimeError(f"the stream failed: {said.get('reason')}")
        published = time.time() - said["complete"]
        took = said["complete"] - began
        streamed = ("streamed", took, said["gone"] - said["complete"], published)
        load = ("load", str(calc_file), "FILE", "--workers", str(workers), "--json")
        return [streamed, ("the finished file", 0.0, 0.0, run_verb(env, *load).seconds)]


def _appears(path: Path) -> bool:
    """Wait for a file."""
    for _ in range(3000):
        if path.exists():
            return True
        time.sleep(0.01)
    return False


if __name__ == "__main__":
    main()
