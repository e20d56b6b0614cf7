"""Makes an environment of its own for each client: somebody else's program, run and never imported.

    python -m tests.clients.environments [NAME ...]

A client is a file NAME.txt beside this one, with all that is installed for it. Environments are
kept in `.local/clients` until their file changes.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
KEPT = HERE.parents[1] / ".local" / "clients"
NAMES = tuple(sorted(path.stem for path in HERE.glob("*.txt")))


def python_of(name: str) -> Path:
    """Return the Python of a client, whose environment is made where it is not there.

    Raises:
        subprocess.CalledProcessError: it cannot be made: no registry answers, for one.
    """
    return environment_of(HERE / f"{name}.txt", KEPT)


def environment_of(requirements: Path, kept: Path) -> Path:
    """Return the Python of an environment with all that a file names; made where it is not there.

    Args:
        requirements: the file.
        kept: the folder of such environments.

    Raises:
        subprocess.CalledProcessError: it cannot be made.
    """
    digest = hashlib.sha256(requirements.read_bytes()).hexdigest()[:12]
    place = kept / f"{requirements.stem}-{digest}"
    python = place / "bin" / "python"
    if not (place / ".installed").exists():
        shutil.rmtree(place, ignore_errors=True)
        for command in _commands(place, python, requirements):
            subprocess.run(command, check=True, capture_output=True, text=True)
        (place / ".installed").touch()
    return python


def _commands(place: Path, python: Path, requirements: Path) -> list[list[str]]:
    """Return what makes an environment; `uv` is much faster than pip, and optional."""
    listed = ["--no-deps", "--requirement", str(requirements)]
    if shutil.which("uv"):
        return [
            ["uv", "venv", "--quiet", "--python", sys.executable, str(place)],
            ["uv", "pip", "install", "--quiet", "--python", str(python), *listed],
        ]
    return [
        [sys.executable, "-m", "venv", str(place)],
        [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *listed],
    ]


def reason_of(error: subprocess.CalledProcessError | OSError) -> str:
    """Return what a command that failed said last."""
    said = (getattr(error, "stderr", None) or "").strip().splitlines()
    return said[-1] if said else str(error)


if __name__ == "__main__":
    for client in sys.argv[1:] or NAMES:
        try:
            print(client, python_of(client), flush=True)
        except (subprocess.CalledProcessError, OSError) as error:
            reason = reason_of(error)
            print(f"{client}: it cannot be installed here, so its tests are left out: {reason}")
