"""Makes chosen containers misbehave, from outside: the image's entry point is a wrapper.

Each fault is a file; the first container whose arguments hold all of its words takes it away and
does what it says before, or instead of, its work. The DAG and its operator know nothing of this.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path

WRAPPER = """#!{python}
import json, os, pathlib, subprocess, sys
for file in sorted(pathlib.Path({folder!r}).glob("*.json")):
    try:
        fault = json.loads(file.read_text())
        if not set(fault["words"]) <= set(sys.argv):
            continue
        file.unlink()
    except FileNotFoundError:
        continue  # another container was quicker
    if fault["run"]:
        subprocess.run([{python!r}, "-c", fault["run"]], check=True)
    if fault["say"]:
        print(fault["say"], file=sys.stderr, flush=True)
    if fault["signal"]:
        os.kill(os.getpid(), fault["signal"])
    if fault["exit"] is not None:
        sys.exit(fault["exit"])
    break
os.execv({command!r}, [{command!r}, *sys.argv[1:]])
"""


@dataclass
class Faults:
    """The faults that wait for a container."""

    folder: Path
    command: Path  # the real `hazard-store`
    count: int = 0

    @property
    def entry_point(self) -> Path:
        """The wrapper, made at the first call."""
        wrapper = self.folder / "hazard-store"
        if not wrapper.exists():
            text = WRAPPER.format(
                python=sys.executable, folder=str(self.folder), command=str(self.command)
            )
            wrapper.write_text(text)
            wrapper.chmod(0o755)
        return wrapper

    def add(
        self,
        *words: str,
        exit: int | None = None,  # noqa: A002
        say: str = "",
        signal: int = 0,
        run: str = "",
        times: int = 1,
    ) -> None:
        """Let the next containers whose arguments hold these words do this."""
        for _ in range(times):
            self.count += 1
            fault = {"words": words, "exit": exit, "say": say, "signal": signal, "run": run}
            (self.folder / f"{self.count:04d}.json").write_text(json.dumps(fault))

    def left(self) -> list[str]:
        """Return the faults that no container has taken; forget them."""
        files = sorted(self.folder.glob("*.json"))
        texts = [file.read_text() for file in files]
        for file in files:
            file.unlink()
        return texts
