"""The engine as a tool: exports calculation files, in a process of its own environment."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

from tests.clients.environments import python_of

SCRIPT = Path(__file__).with_name("engine_export.py")


def engine_exports(home: Path, *files: tuple[Path, Path]) -> dict[Path, dict[str, str]]:
    """Export files into folders, each named calc_N.hdf5; return what failed of each, and why.

    Args:
        home: a folder for what the engine leaves.
        files: calculation file and folder, each.
    """
    words = [str(word) for pair in files for word in pair]
    done = subprocess.run(
        [str(python_of("engine")), str(SCRIPT), *words],
        env=engine_environment(home),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout.splitlines()[-1])
    return {Path(file): errors for file, errors in said.items()}


def engine_environment(home: Path) -> dict[str, str]:
    """Return the variables of a process of the engine, which leaves what it leaves in a folder."""
    return {
        "HOME": str(home),
        "OQ_DATADIR": str(home),
        "OQ_DISTRIBUTE": "no",
        "OPENBLAS_NUM_THREADS": "1",
        "PATH": os.environ["PATH"],
    }


def contents(folder: Path) -> dict[str, bytes]:
    """Return the files of a folder by their names."""
    return {path.name: path.read_bytes() for path in folder.iterdir()}
