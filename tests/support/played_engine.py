"""An engine's master that streams what a calculation file has, step by step, as tests tell it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.support.eventually import eventually
from tests.support.loading import CALCS

ROOT = Path(__file__).parents[2]
FILE = CALCS / "classical_rlzs_stats.hdf5"
PLENTY = 1 << 30


class Master:
    """A process that uses the package in `stream/`, which is under another licence."""

    def __init__(
        self,
        folder: Path,
        calc_file: Path = FILE,
        n_tasks: int = 3,
        memory: int = PLENTY,
        inbox: str = "",
        ships: Path | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """Start it.

        Args:
            folder: for its inbox, if it is to be a folder, and its spool.
            calc_file: whose curves it makes.
            n_tasks: of the engine.
            memory: bytes that may wait there.
            inbox: in S3; empty: a folder.
            ships: what the engine's final file is; None: it is not to be shipped.
            environment: variables of its own.
        """
        self.inbox, self.spool = folder / "inbox", folder / "spool"
        for each in (self.inbox, self.spool):
            each.mkdir(exist_ok=True)
        program = ROOT / "tests" / "stream" / "engine_master.py"
        arguments = [calc_file, inbox or self.inbox, "A", n_tasks, memory, self.spool, ships or ""]
        self.process = subprocess.Popen(
            [sys.executable, str(program), *map(str, arguments)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(ROOT / "stream"), **(environment or {})},
            text=True,
        )

    def do(self, *commands: str) -> dict[str, Any]:
        """Do some things; return how the stream stands then."""
        said = ""
        for command in commands:
            assert self.process.stdin
            assert self.process.stdout
            self.process.stdin.write(f"{command}\n")
            self.process.stdin.flush()
            said = self.process.stdout.readline()
        return json.loads(said)  # type: ignore[no-any-return]

    def files(self) -> dict[str, Path]:
        """Return the files in the inbox by their names."""
        return {path.name: path for path in self.inbox.rglob("*") if path.is_file()}

    def end(self) -> dict[str, Any]:
        """Return what `end.json` says, when it is there."""
        assert eventually(lambda: "end.json" in self.files())
        return json.loads(self.files()["end.json"].read_text())  # type: ignore[no-any-return]

    def __enter__(self) -> Master:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()
