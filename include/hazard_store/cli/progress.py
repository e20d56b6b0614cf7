"""What a long verb shows on stderr: bars on a terminal, plain lines elsewhere."""

from __future__ import annotations

import logging
import sys
import time
from types import TracebackType
from typing import ClassVar

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)

log = logging.getLogger("hazard_store")

QUIET_S = 10  # between two plain lines of one phase


class ProgressLines:
    """A line when a phase begins, now and then within it, and when it ends."""

    def __init__(self) -> None:
        self._name, self._total, self._unit, self._done, self._said = "", 0, "", 0, 0.0

    def __enter__(self) -> ProgressLines:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        return None

    def phase(self, name: str, total: int, unit: str) -> None:
        """Begin a phase, or learn its total."""
        if name != self._name or not self._total:
            log.info("%s: %s %s", name, total or "some", unit)
        self._name, self._total, self._unit, self._done = name, total, unit, 0
        self._said = time.monotonic()

    def advance(self, amount: int) -> None:
        """Count."""
        self._done += amount
        if time.monotonic() - self._said >= QUIET_S:
            self._said = time.monotonic()
            log.info("%s: %s of %s %s", self._name, self._done, self._total, self._unit)

    def done(self, seconds: float) -> None:
        """End the phase."""
        log.info("%s: done in %.2f s", self._name, seconds)
        self._name = ""


class ProgressBars(ProgressLines):
    """Progress bars."""

    def __init__(self) -> None:
        super().__init__()
        self._progress = Progress(
            TextColumn("{task.description:>13}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[unit]}"),
            TimeRemainingColumn(elapsed_when_finished=True),
            console=Console(stderr=True),
        )
        self._task: TaskID | None = None

    def __enter__(self) -> ProgressBars:
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._progress.stop()

    def phase(self, name: str, total: int, unit: str) -> None:
        """Begin a phase, or learn its total."""
        if name == self._name and self._task is not None:
            self._progress.update(self._task, total=total)
            return
        self._name = name
        self._task = self._progress.add_task(name, total=total or None, unit=unit)

    def advance(self, amount: int) -> None:
        """Count."""
        if self._task is not None:
            self._progress.advance(self._task, amount)

    def done(self, seconds: float) -> None:
        """End the phase."""
        if self._task is not None:
            task = self._progress.tasks[self._task]
            total = task.total or max(task.completed, 1)
            self._progress.update(self._task, total=total, completed=total)
        self._name, self._task = "", None


class PredecessorLines(ProgressLines):
    """The predecessor's lines, on stdout as it printed them."""

    _V2: ClassVar = {"stats": " (V2)", "realisations": " (V2)"}

    def phase(self, name: str, total: int, unit: str) -> None:
        """Say that saving begins."""
        if name in ("meta", "stats", "realisations") and not (name == "realisations" and not total):
            print(f"Begin saving {name}{self._V2.get(name, '')}", flush=True)
            self._name = name
        else:
            self._name = ""

    def advance(self, amount: int) -> None:
        """Nothing: the predecessor did not count."""

    def done(self, seconds: float) -> None:
        """Say that it is done."""
        if self._name:
            print(f"Done saving {self._name}, took {seconds:.5f} secs", flush=True)


def progress_for_people() -> ProgressLines:
    """Return bars where stderr is a terminal, else plain lines."""
    return ProgressBars() if sys.stderr.isatty() else ProgressLines()
