"""Runs a job of the engine with streaming, in the engine's own environment."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from hazard_store.aws.clients import s3_client
from hazard_store.settings import Settings
from hazard_store.streamed.documents import MANIFEST
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

    def start(
        self,
        *arguments: object,
        job: Path = SAMPLE_JOB,
        program: Sequence[str] = ("-m", "hazard_store_stream.cli"),
    ) -> subprocess.Popen[str]:
        """Start the job."""
        return self.python_process(
            *program,
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

    def wait_for_manifest(self, settings: Settings) -> str:
        """Return the URI of the stream's manifest when it is there."""
        folder, found = f"streams/{self.calc_id}/", list[str]()

        def is_there() -> bool:
            if self.inbox.startswith("s3://"):
                bucket = self.inbox.removeprefix("s3://")
                listed = s3_client(settings).list_objects_v2(Bucket=bucket, Prefix=folder)
                keys = [each["Key"] for each in listed.get("Contents", ())]
                found.extend(f"{self.inbox}/{key}" for key in keys if key.endswith(MANIFEST))
            else:
                found.extend(map(str, Path(self.inbox, folder).glob(f"*/{MANIFEST}")))
            return bool(found)

        assert eventually(is_there, TIME_LIMIT_S)
        return found[0]

    def calc_file(self) -> Path:
        """Return the engine's own file."""
        (found,) = self.home.glob("calc_*.hdf5")
        return found


def ended(process: subprocess.Popen[str]) -> tuple[int, str]:
    """Return how a process ended, and what it said."""
    said, _ = process.communicate(timeout=TIME_LIMIT_S)
    return process.returncode, said
