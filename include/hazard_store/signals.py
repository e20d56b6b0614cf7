"""SIGTERM and Ctrl-C end the work at the next safe point, with the exit code for "try again"."""

from __future__ import annotations

import signal
from types import FrameType

from hazard_store.errors import Stopped


def stop_on_signals() -> None:
    """From now on SIGTERM and SIGINT raise `Stopped` in the main thread, once."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _stop)


def _stop(number: int, _frame: FrameType | None) -> None:
    for other in (signal.SIGTERM, signal.SIGINT):
        signal.signal(other, signal.SIG_IGN)  # the clean-up is not to be interrupted again
    raise Stopped(signal.Signals(number).name, "told to stop; a resume writes what is missing")
