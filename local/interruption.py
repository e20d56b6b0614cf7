"""Ctrl-C and SIGTERM: honoured at once, at any moment, yet never halfway through a start or stop.

`install` is the first thing the program does, so this module imports next to nothing.
"""

from __future__ import annotations

import os
import re
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager

EXIT_CODE = 130  # what a shell reports for Ctrl-C
NAP_S = 0.2


class Interrupted(BaseException):
    """The user, or the system, wants us to stop."""


_asked = False  # somebody wants us to stop
_shields = 0  # how many sections that must not be cut are being run


_make: int | None = None  # the process id of the make that waits for us


def install() -> None:
    """Take over the signals."""
    global _make
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _handle)
    if "MAKELEVEL" in os.environ and _catches_ctrl_c(os.getppid()):
        _make = os.getppid()


def _handle(*_: object) -> None:
    global _asked
    first, _asked = not _asked, True
    if first and not _shields:
        raise Interrupted


def check() -> None:
    """Stop here if that was asked for: an exception from a handler can get lost in a callback."""
    if not _shields and (_asked or _make_was_interrupted()):
        raise Interrupted


def _make_was_interrupted() -> bool:
    """Say whether make got a SIGINT that we did not.

    From a terminal both get it. When it is sent to make alone, make says nothing and waits for us,
    but stops catching the signal. When make has been killed, somebody else is our parent.
    """
    return _make is not None and (os.getppid() != _make or not _catches_ctrl_c(_make))


def _catches_ctrl_c(pid: int) -> bool:
    """Say whether a process handles SIGINT by itself."""
    try:
        with open(f"/proc/{pid}/status") as file:  # noqa: PTH123
            caught = re.search(r"^SigCgt:\s*([0-9a-f]+)$", file.read(), re.MULTILINE)
    except OSError:
        return False
    return bool(caught and int(caught[1], 16) >> (signal.SIGINT - 1) & 1)


@contextmanager
def shielded() -> Iterator[None]:
    """Put off the interruption until the section is over."""
    global _shields
    _shields += 1
    try:
        yield
    finally:
        _shields -= 1
    check()


def sleep(seconds: float) -> None:
    """Sleep in short naps, so that a lost interruption is noticed soon."""
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        check()
        time.sleep(min(left, NAP_S))
    check()
