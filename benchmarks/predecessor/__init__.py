"""The predecessor, toshi-hazard-store 0.7.9, in an environment of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.comparison.work import Work

HERE = Path(__file__).parent
LOCK = HERE / "requirements.txt"
HOME = HERE.parents[1] / ".local" / "predecessor"
NAME = "toshi-hazard-store 0.7.9"


class NotMeasured(Exception):
    """The predecessor cannot be measured here; the message says why."""


def environment(home: Path = HOME) -> Path:
    """Return the environment's Python; make the environment where there is none.

    Raises:
        NotMeasured: its packages cannot be installed.
    """
    python, installed = home / "bin" / "python", home / "installed.txt"
    if installed.exists() and installed.read_text() == LOCK.read_text():
        return python
    print(f"Installing {NAME} into {home}", file=sys.stderr)
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    # Wheels only: where there is none for this Python, a build would fail after minutes.
    pip += ["--retries", "1", "--only-binary", ":all:", "--requirement", str(LOCK)]
    for command in ([sys.executable, "-m", "venv", "--clear", str(home)], pip):
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            said = (done.stderr or done.stdout).strip().splitlines() or ["no reason given"]
            raise NotMeasured(
                f"{NAME} is not measured: it cannot be installed here. It needs Python 3.10 or "
                f"3.11 and an index to install from ({said[-1]})."
            )
    installed.write_text(LOCK.read_text())
    return python


def run(script: str, arguments: Sequence[object], limit_s: float = 60) -> Any:
    """Run a script of this folder in the environment; return the JSON document that it prints.

    Raises:
        NotMeasured: it cannot be installed, fails, or does not end within the limit.
    """
    command = [str(environment()), str(HERE / script), *map(str, arguments)]
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,  # its workers can be ended with it
    )
    try:
        out, err = process.communicate(timeout=limit_s)
    except subprocess.TimeoutExpired as late:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        raise NotMeasured(f"{NAME} did not end within {limit_s:.0f} s and was ended.") from late
    if process.returncode:
        raise NotMeasured(f"{NAME} failed: {err.strip().splitlines()[-1]}")
    return json.loads(out)


def hand_over(work: Work, path: Path) -> None:
    """Write the curves of some sites to a file that `save.py` reads."""
    places = [place for _, place in work.sites]
    np.savez(
        path,
        lat=[place.lat for place in places],
        lon=[place.lon for place in places],
        vs30=[place.vs30 or 0.0 for place in places],
        imts=np.array(work.spec.imts),
        levels=work.spec.levels,
        curves=work.curves,
    )


def save(path: Path, url: str, workers: int) -> float:
    """Return the CPU seconds of saving what was handed over; 0 workers: one process, no pool."""
    return float(run("save.py", [path, url, workers])["cpu_seconds"])


def items(path: Path) -> list[dict[str, dict[str, Any]]]:
    """Return the items of what was handed over, as its own models spell them."""
    found: list[dict[str, dict[str, Any]]] = run("items.py", [path])
    return found
