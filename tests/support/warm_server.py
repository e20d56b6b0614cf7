"""Starts `hazard-store` by a fork of a process that has imported it already.

    python warm_server.py NAME

A small container spends most of its time on the start of Python. A caller connects to the abstract
socket of that name, hands over standard streams, arguments, environment and folder, and is told
the exit code. What it sends later is a signal for the process; when it is gone, that is killed.
"""

from __future__ import annotations

import json
import os
import selectors
import signal
import socket
import sys
from contextlib import suppress
from typing import Any

import hazard_store.cli.main
import hazard_store.query
import hazard_store.workflow.load

STREAMS = 3


def main(name: str) -> None:
    """Serve until the process is ended."""
    wake, wake_write = os.pipe()
    os.set_blocking(wake, False)
    os.set_blocking(wake_write, False)
    signal.set_wakeup_fd(wake_write)
    signal.signal(signal.SIGCHLD, lambda *_: None)  # the wake-up descriptor tells
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(f"\0{name}")
    listener.listen()
    callers: dict[int, socket.socket] = {}  # by process
    selector = selectors.DefaultSelector()
    selector.register(listener, selectors.EVENT_READ)
    selector.register(wake, selectors.EVENT_READ)
    while True:
        for key, _ in selector.select():
            if key.fileobj is wake:
                with suppress(BlockingIOError):
                    os.read(wake, 4096)
            elif key.fileobj is listener:
                caller, _ = listener.accept()
                if pid := forked(caller):
                    callers[pid] = caller
                    selector.register(caller, selectors.EVENT_READ, pid)
            else:
                pass_on(key.data, callers[key.data], selector)
        for pid, code in ended():
            caller = callers.pop(pid)
            with suppress(OSError):
                caller.sendall(json.dumps(code).encode())
            with suppress(KeyError):
                selector.unregister(caller)
            caller.close()


def forked(caller: socket.socket) -> int | None:
    """Start what a caller wants; return its process. None: it only asked whether we are here."""
    head, streams, _, _ = socket.recv_fds(caller, 8, STREAMS)
    if not head:
        caller.close()
        return None
    size, text = int.from_bytes(head, "big"), b""
    while len(text) < size:
        text += caller.recv(size - len(text))
    pid = os.fork()
    if not pid:
        become(json.loads(text), streams)
    os.setpgid(pid, pid)
    for stream in streams:
        os.close(stream)
    return pid


def become(request: dict[str, Any], streams: list[int]) -> None:
    """Run the command in this process, which is a fresh fork, as if it had just been started."""
    os.setpgid(0, 0)
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
    os.closerange(STREAMS, 1024)
    os.environ.clear()
    os.environ.update(request["environment"])
    os.chdir(request["folder"])
    sys.argv = ["hazard-store", *request["arguments"]]
    hazard_store.cli.main.main()


def pass_on(pid: int, caller: socket.socket, selector: selectors.BaseSelector) -> None:
    """Send a caller's signal; end the process when the caller is gone."""
    number = caller.recv(1)
    if number:
        os.kill(pid, number[0])
    else:
        selector.unregister(caller)
        os.killpg(pid, signal.SIGKILL)


def ended() -> list[tuple[int, int]]:
    """Return the processes that have ended, with their exit codes."""
    found = []
    with suppress(ChildProcessError):
        while (one := os.waitpid(-1, os.WNOHANG))[0]:
            found.append((one[0], os.waitstatus_to_exitcode(one[1])))
    return found


if __name__ == "__main__":
    main(sys.argv[1])
