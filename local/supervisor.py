"""Runs one command as a tree of processes that ends as one.

    python -I -S supervisor.py LIFELINE GRACE_S main|all COMMAND [ARGUMENT...]

Airflow gives its tasks sessions of their own and orphans its components when it is stopped, so
neither a process group nor a parent's word is enough. This process adopts every orphan of the
tree (it is a "child subreaper"), so it can always name all that is left and end it:

- when the command ends, whatever it left behind is killed;
- SIGTERM is passed on, to the main process only (as Docker does) or to all; what is still there
  after `GRACE_S` seconds is killed;
- LIFELINE is a file descriptor, the reading end of a pipe: when the writing end closes, because
  whoever started the tree is gone, all is killed at once. One byte in it releases the tree, which
  then lives on without its starter. -1: no lifeline;
- should this process be killed itself, the kernel kills the main process.

It uses the standard library alone, for it has to start within milliseconds.
"""

import contextlib
import ctypes
import os
import select
import signal
import sys
import time

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
COMMAND_NOT_FOUND = 127  # what a shell says too


def descendants(root: int) -> list[int]:
    """Return the process ids of the tree under `root`, zombies left out."""
    children: dict[int, list[int]] = {}
    for entry in os.listdir("/proc"):  # noqa: PTH208  (pathlib costs a third of the start time)
        if not entry.isdigit():
            continue
        try:
            with open(f"/proc/{entry}/stat", "rb") as file:  # noqa: PTH123
                state, parent = file.read().rpartition(b")")[2].split()[:2]
        except OSError:
            continue  # it ended meanwhile
        if state not in b"ZX":
            children.setdefault(int(parent), []).append(int(entry))
    found: list[int] = []
    waiting = [root]
    while waiting:
        below = children.get(waiting.pop(), [])
        found += below
        waiting += below
    return found


def send(pids: list[int], number: int) -> None:
    """Send a signal to processes that may have ended meanwhile."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


def start(command: list[str]) -> int:
    """Start the main process, which the kernel kills when this one dies."""
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    supervisor = os.getpid()
    pid = os.fork()
    if pid:
        return pid
    try:
        prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != supervisor:  # it died before the line above
            os._exit(COMMAND_NOT_FOUND)
        for number in (*STOP_SIGNALS, signal.SIGCHLD, signal.SIGPIPE, signal.SIGXFSZ):
            signal.signal(number, signal.SIG_DFL)
        os.execvp(command[0], command)  # noqa: S606
    except OSError as error:
        os.write(2, f"{command[0]}: {error.strerror}\n".encode())
    finally:
        os._exit(COMMAND_NOT_FOUND)


class Tree:
    """The tree under this process: its main process, and whether it is being stopped."""

    def __init__(self, main: int, grace_s: float, stop_all: bool) -> None:
        self.main, self.grace_s, self.stop_all = main, grace_s, stop_all
        self.code: int | None = None  # of the main process, once it has ended
        self.deadline = float("inf")  # when what is left is killed

    def reap(self) -> None:
        """Collect what has ended, adopted orphans included."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            if pid == self.main:
                code = os.waitstatus_to_exitcode(status)
                self.code = code if code >= 0 else 128 - code

    def stop(self) -> None:
        """Ask the tree to end; the second request gives it no more time."""
        self.deadline = 0 if self.deadline < float("inf") else time.monotonic() + self.grace_s
        if self.stop_all:
            send(descendants(os.getpid()), signal.SIGTERM)
        elif self.code is None:
            send([self.main], signal.SIGTERM)

    def over(self) -> bool:
        """Say whether the time of the tree is up."""
        if time.monotonic() >= self.deadline:
            return True
        if self.code is None:
            return False
        return not (self.stop_all and self.deadline < float("inf") and descendants(os.getpid()))

    def kill(self) -> None:
        """End all that is left, and what it may start meanwhile."""
        while left := descendants(os.getpid()):
            send(left, signal.SIGKILL)
            time.sleep(0.01)
            self.reap()
        self.reap()


def supervise(lifeline: int, grace_s: float, stop_all: bool, command: list[str]) -> int:
    """Run the command; return its exit code, 128 + n when signal n ended it."""
    wake, wake_write = os.pipe()
    os.set_blocking(wake, False)
    os.set_blocking(wake_write, False)
    signal.set_wakeup_fd(wake_write)
    for number in (*STOP_SIGNALS, signal.SIGCHLD):
        signal.signal(number, lambda *_: None)  # the wake-up descriptor tells which
    watched = [wake] if lifeline < 0 else [wake, lifeline]
    if lifeline >= 0:
        os.set_inheritable(lifeline, False)
    tree = Tree(start(command), grace_s, stop_all)
    while not tree.over():
        left_s = min(tree.deadline - time.monotonic(), 3600)
        ready, _, _ = select.select(watched, [], [], max(left_s, 0))
        if wake in ready and set(os.read(wake, 4096)) & set(STOP_SIGNALS):
            tree.stop()
        if lifeline in ready:
            if not os.read(lifeline, 1):
                break
            watched.remove(lifeline)
        tree.reap()
    tree.kill()
    return tree.code if tree.code is not None else 128 + signal.SIGKILL


if __name__ == "__main__":
    sys.exit(
        supervise(int(sys.argv[1]), float(sys.argv[2]), sys.argv[3] == "all", sys.argv[4:]),
    )
