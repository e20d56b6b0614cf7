"""Makes chosen containers misbehave, from outside: the image's entry point is a wrapper.

Each fault is a file; the first container whose arguments hold all of its words takes it away and
does what it says before, or instead of, its work. The DAG and its operator know nothing of this.
The work is then done by a fork of the warm server, see `warm_server.py`.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path

WRAPPER = """#!{python} -IS
import json, os, pathlib, signal, socket, subprocess, sys
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
request = {{"arguments": sys.argv[1:], "environment": dict(os.environ), "folder": os.getcwd()}}
text = json.dumps(request).encode()
warm = socket.socket(socket.AF_UNIX)
warm.connect("\\0" + {warm!r})
socket.send_fds(warm, [len(text).to_bytes(8, "big")], [0, 1, 2])
warm.sendall(text)
for number in (signal.SIGTERM, signal.SIGINT):
    signal.signal(number, lambda number, _: warm.send(bytes([number])))
code = json.loads(warm.recv(100))
if code < 0:
    signal.signal(-code, signal.SIG_DFL)
    os.kill(os.getpid(), -code)
sys.exit(code)
"""


@dataclass
class Faults:
    """The faults that wait for a container."""

    folder: Path
    warm: str  # name of the server that does a container's work
    count: int = 0

    @property
    def entry_point(self) -> Path:
        """The wrapper, made at the first call."""
        wrapper = self.folder / "hazard-store"
        if not wrapper.exists():
            text = WRAPPER.format(python=sys.executable, folder=str(self.folder), warm=self.warm)
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
