"""Runs a verb of `hazard-store` as a user does, and sees what it took."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

COMMAND = (sys.executable, "-m", "hazard_store.cli")
LOOK_S = 0.02  # between two looks at its memory


@dataclass(frozen=True)
class Ran:
    """How a verb went.

    Attributes:
        content: its JSON, where it prints any.
        seconds: from start to end, the start of Python included.
        peak_mb: its largest resident set.
    """

    content: Any
    seconds: float
    peak_mb: float


def run_verb(env: dict[str, str], *arguments: str) -> Ran:
    """Run a verb to its end.

    Raises:
        RuntimeError: it failed.
    """
    began, peak_kb = time.monotonic(), 0
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as log:
        process = subprocess.Popen([*COMMAND, *arguments], env=env, stdout=out, stderr=log)
        while process.poll() is None:
            peak_kb = max(peak_kb, _peak_kb(process.pid))
            time.sleep(LOOK_S)
        seconds = time.monotonic() - began
        out.seek(0)
        log.seek(0)
        text, told = out.read(), log.read()
    if process.returncode:
        raise RuntimeError(f"{' '.join(arguments)} ended with {process.returncode}: {told[-2000:]}")
    content = json.loads(text) if text.startswith(("{", "[")) else None
    return Ran(content, seconds, peak_kb / 1024)


def _peak_kb(pid: int) -> int:
    # Not `ru_maxrss`: a child's begins with what its parent had when it was forked.
    try:
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM"):
                return int(line.split()[1])
    except OSError:
        pass  # it has just ended
    return 0
