"""Starts what the stack consists of, stops it, and proves that nothing is left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import psutil  # type: ignore[import-untyped]

from local import interruption
from local.errors import Ended
from local.stack import RUN_MARKER

SUPERVISOR = Path(__file__).with_name("supervisor.py")


@dataclass
class Tree:
    """A part of the stack: one supervised tree of processes."""

    name: str
    process: subprocess.Popen[bytes]
    lifeline: IO[bytes]  # the tree ends when this is closed
    log: Path
    grace_s: float  # what it gets to end by itself

    def check(self) -> None:
        """Raise if it has ended.

        Raises:
            Ended: it has.
        """
        code = self.process.poll()
        if code is not None:
            raise Ended(self.name, code, tail(self.log))

    def stop(self) -> None:
        """End it and all it has started."""
        self.process.terminate()
        try:
            self.process.wait(self.grace_s + 10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.lifeline.close()


@dataclass
class Trees:
    """All parts of one run; on leaving the context they are ended, last started first."""

    run: str
    parts: list[Tree] = field(default_factory=list)
    released: bool = False

    def start(
        self,
        name: str,
        command: list[str],
        *,
        environment: dict[str, str],
        folder: Path,
        grace_s: float,
        output: IO[bytes] | None = None,
    ) -> Tree:
        """Start a part in a session of its own; what it says goes to a log that only we can read.

        Args:
            name: of the part and of its log.
            command: what to run.
            environment: all of it, nothing of ours is added.
            folder: where it runs and where its log is.
            grace_s: seconds that it gets to end by itself when it is stopped.
            output: where its standard output goes; None: into the log.
        """
        log = folder / f"{name}.log"
        with interruption.shielded():
            supervised_end, our_end = os.pipe()
            lifeline = os.fdopen(our_end, "wb", buffering=0)
            file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            supervisor = [sys.executable, "-I", "-S", str(SUPERVISOR), str(supervised_end)]
            process = subprocess.Popen(
                [*supervisor, str(grace_s), "all", *command],
                env=environment,
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=output or file,
                stderr=file,
                pass_fds=[supervised_end],
                start_new_session=True,
            )
            tree = Tree(name, process, lifeline, log, grace_s)
            self.parts.append(tree)
            os.close(file)
            os.close(supervised_end)
        return tree

    def check(self) -> None:
        """Raise if one of the parts has ended.

        Raises:
            Ended: one has.
        """
        for tree in self.parts:
            tree.check()

    def run_to_end(
        self, name: str, command: list[str], *, environment: dict[str, str], folder: Path
    ) -> str:
        """Run a command; return its standard output.

        Raises:
            Ended: its exit code is not 0.
        """
        with tempfile.TemporaryFile() as output:
            tree = self.start(
                name, command, environment=environment, folder=folder, grace_s=2, output=output
            )
            while (code := tree.process.poll()) is None:
                interruption.sleep(0.05)
            with interruption.shielded():
                self.parts.remove(tree)
                tree.lifeline.close()
            if code:
                raise Ended(name, code, tail(tree.log))
            output.seek(0)
            return output.read().decode()

    def release(self) -> None:
        """Let all parts live on without this process."""
        with interruption.shielded():
            for tree in self.parts:
                tree.lifeline.write(b"\n")
            self.released = True

    def __enter__(self) -> Trees:
        return self

    def __exit__(self, *_: object) -> None:
        with interruption.shielded():
            if not self.released:
                for tree in reversed(self.parts):
                    tree.stop()
                end(leftovers(self.run))


def leftovers(run: str) -> list[psutil.Process]:
    """Return the processes that carry the marker of a run, wherever they are now."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get(RUN_MARKER) == run and process.pid != os.getpid():
                found.append(process)
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue  # it ended meanwhile, or it is somebody else's
    return found


def end(processes: list[psutil.Process], grace_s: float = 0) -> None:
    """End processes; if they get time, their roots are asked first, who then ask the others."""
    if grace_s:
        ours = {process.pid for process in processes}
        _signal([each for each in processes if _parent(each) not in ours], signal.SIGTERM)
        _, processes = psutil.wait_procs(processes, grace_s)
    _signal(processes, signal.SIGKILL)
    psutil.wait_procs(processes, 10)


def _parent(process: psutil.Process) -> int | None:
    try:
        return int(process.ppid())
    except psutil.NoSuchProcess:
        return None


def _signal(processes: list[psutil.Process], number: int) -> None:
    for process in processes:
        try:
            process.send_signal(number)
        except psutil.NoSuchProcess:
            continue


def tail(log: Path, lines: int = 15) -> str:
    """Return the last lines of a log."""
    text = log.read_text(errors="replace") if log.exists() else ""
    return "\n".join(text.splitlines()[-lines:])
