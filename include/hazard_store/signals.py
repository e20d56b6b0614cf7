"""SIGTERM and Ctrl-C end the work at the next safe point, with the exit code for "try again"."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from types import FrameType

from hazard_store.errors import EX_TEMPFAIL


class Interrupted(SystemExit):
    """We were told to stop. No `Exception`: libraries catch those, and would try again."""

    def __init__(self, name: str) -> None:
        super().__init__(EX_TEMPFAIL)
        self.name = name

    def __str__(self) -> str:
        return f"{self.name}: told to stop; a resume writes what is missing"


def stop_on_signals() -> None:
    """From now on SIGTERM and SIGINT raise `Interrupted` in the main thread, once."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _stop)


def end_with_parent() -> None:
    """From now on this worker process ends when its parent has died: nobody else would end it."""
    parent = multiprocessing.parent_process()

    def wait() -> None:
        if parent is not None:
            parent.join()
            os._exit(EX_TEMPFAIL)

    threading.Thread(target=wait, name="parent", daemon=True).start()


def _stop(number: int, _frame: FrameType | None) -> None:
    for other in (signal.SIGTERM, signal.SIGINT):
        signal.signal(other, signal.SIG_IGN)  # the clean-up is not to be interrupted again
    raise Interrupted(signal.Signals(number).name)
