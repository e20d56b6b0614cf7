"""What streaming costs the engine: a job with it and without, in turns.

    python -m benchmarks.engine PYTHON [--job JOB.INI] [--runs 5] [--json FILE]

PYTHON is that of the engine's environment (`make engine`). The CPU seconds of the engine's master
are compared by their medians. Beside them stand the seconds in which the curves were made, and
those from the engine's end until every byte is in the inbox.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import click

from benchmarks.support.tables import JSON_OPTION, Table

ROOT = Path(__file__).parents[1]
PROGRAM = Path(__file__).parent / "support" / "streamed_job.py"
SAMPLE_JOB = ROOT / "sample" / "job" / "job.ini"
GOAL = 1.05
SHOWN = ("cpu_s", "post_s", "off_s")


@click.command(help=__doc__)
@click.argument("python", type=click.Path(exists=True))
@click.option("--job", default=SAMPLE_JOB, type=click.Path(exists=True, path_type=Path))
@click.option("--runs", default=5, help="Of each way.")
@JSON_OPTION
def main(python: str, job: Path, runs: int, json_path: Path | None) -> None:
    """Measure."""
    taken = alternating(python, job, runs)
    median = {
        way: {key: statistics.median(run[key] for run in of_way) for key in SHOWN}
        for way, of_way in taken.items()
    }
    rows = [
        (
            way,
            *(f"{of_way[key]:.2f}" for key in SHOWN),
            " ".join(f"{run['cpu_s']:.2f}" for run in taken[way]),
        )
        for way, of_way in median.items()
    ]
    ratio = median["with"]["cpu_s"] / median["without"]["cpu_s"]
    Table(
        f"{job.parent.name}/{job.name} in the engine, medians of {runs} runs.",
        [
            *("streaming", "CPU of the master, s", "its curves took, s", "then all off in, s"),
            "CPU of each run, s",
        ],
        rows,
        [f"With streaming {ratio:.3f} of the CPU without; goal: at most {GOAL}."],
    ).show(json_path)


def alternating(python: str, job: Path, runs: int) -> dict[str, list[dict[str, Any]]]:
    """Run a job without streaming and with it, in turns; return what each run took.

    A run before them compiles what the engine compiles once.
    """
    taken: dict[str, list[dict[str, Any]]] = {"without": [], "with": []}
    with tempfile.TemporaryDirectory() as home:
        env = {
            **os.environ,
            "HOME": home,
            "OQ_DATADIR": home,
            "OPENBLAS_NUM_THREADS": "1",
            "PYTHONPATH": str(ROOT / "stream"),
        }

        def run(*inbox: str) -> dict[str, Any]:
            command = [python, str(PROGRAM), str(job), *inbox]
            done = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
            said: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
            return said

        run()
        for _ in range(runs):
            taken["without"].append(run())
            taken["with"].append(run(f"{home}/inbox"))
    return taken


if __name__ == "__main__":
    main()
