"""Runs a job of the engine with streaming, in the engine's own environment."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.clients.engine import engine_environment
from tests.support.eventually import eventually

ROOT = Path(__file__).parents[2]
SAMPLE_JOB = ROOT / "sample" / "job" / "job.ini"
TIME_LIMIT_S = 600  # compiles the engine's kernels on a busy machine


@dataclass
class EngineStream:
    """One run of `hazard-store-stream`.

    Attributes:
        python: of the engine's environment.
        home: a folder of its own.
        inbox: `s3://bucket/prefix` or a folder.
        calc_id: to be stored under.
        environment: variables besides those of the engine.
    """

    python: Path
    home: Path
    inbox: str
    calc_id: str
    environment: Mapping[str, str] = field(default_factory=dict)

    def start(self, *arguments: object, job: Path = SAMPLE_JOB) -> subprocess.Popen[str]:
        """Start the job."""
        return self.python_process(
            "-m",
            "hazard_store_stream.cli",
            str(job),
            self.calc_id,
            "--inbox",
            self.inbox,
            *map(str, arguments),
        )

    def python_process(self, *arguments: str) -> subprocess.Popen[str]:
        """Start a program of the engine's Python, in a session of its own."""
        return subprocess.Popen(
            [str(self.python), *arguments],
            env={
                **engine_environment(self.home),
                "PYTHONPATH": str(ROOT / "stream"),
                **self.environment,
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def wait_for_files(self, pattern: str, n: int = 1) -> list[Path]:
        """Return the files of the stream, in a folder, that match a pattern, when there are n."""

        def found() -> Sequence[Path]:
            paths = sorted(Path(self.inbox).glob(f"streams/{self.calc_id}/*/{pattern}"))
            return paths if len(paths) >= n else ()

        return list(eventually(found, TIME_LIMIT_S))

    def calc_file(self) -> Path:
        """Return the engine's own file."""
        (found,) = self.home.glob("calc_*.hdf5")
        return found


def ended(process: subprocess.Popen[str]) -> tuple[int, str]:
    """Return how a process ended, and what it said."""
    said, _ = process.communicate(timeout=TIME_LIMIT_S)
    return process.returncode, said


def aws_of(environment: Mapping[str, str]) -> dict[str, Any]:
    """Return the variables of AWS among some."""
    return {name: value for name, value in {**os.environ, **environment}.items() if "AWS_" in name}
