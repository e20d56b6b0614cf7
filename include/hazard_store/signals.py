"""SIGTERM and Ctrl-C end the work at the next safe point, with the exit code for "try again"."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

from hazard_store.errors import EX_TEMPFAIL


class Interrupted(SystemExit):
    """We were told to stop. No `Exception`: libraries catch those, and would try again."""

    def __init__(self, name: str) -> None:
        super().__init__(EX_TEMPFAIL)
        self.name = name

    def __str__(self) -> str:
        return f"{self.name}: told to stop; a resume writes what is missing"


@dataclass
class _Deferral:
    """Whether signals are deferred, and which one waits."""

    active: bool = False
    waiting: str = ""

    def raise_waiting(self) -> None:
        name, self.waiting = self.waiting, ""
        if name:
            raise Interrupted(name)


_deferral = _Deferral()


@contextmanager
def deferred() -> Iterator[None]:
    """Defer SIGTERM and SIGINT to the end of the block, or to the next `allowed()`.

    For work whose books a signal would leave half written: a thread that was started and not yet
    noted, a request that was sent and not yet counted.
    """
    if not _in_main_thread():
        yield
        return
    _deferral.active = True
    try:
        yield
    finally:
        _deferral.active = False
        _deferral.raise_waiting()


@contextmanager
def allowed() -> Iterator[None]:
    """Raise a signal at once in this part of a `deferred` block, one that waits too."""
    was = _deferral.active and _in_main_thread()
    if not was:
        yield
        return
    _deferral.active = False
    try:
        _deferral.raise_waiting()
        yield
    finally:
        _deferral.active = was


def _in_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()


def stop_on_signals() -> None:
    """Make SIGTERM and SIGINT raise `Interrupted` in the main thread, once."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _stop)


def end_with_parent() -> None:
    """End this worker process when its parent has died: nobody else would end it."""
    parent = multiprocessing.parent_process()

    def wait() -> None:
        if parent is not None:
            parent.join()
            os._exit(EX_TEMPFAIL)

    threading.Thread(target=wait, name="parent", daemon=True).start()


def _stop(number: int, _frame: FrameType | None) -> None:
    for other in (signal.SIGTERM, signal.SIGINT):
        signal.signal(other, signal.SIG_IGN)  # the clean-up is not to be interrupted again
    _deferral.waiting = signal.Signals(number).name
    if not _deferral.active:
        _deferral.raise_waiting()
