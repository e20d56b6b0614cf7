"""What a long verb shows on stderr: bars on a terminal, plain lines elsewhere."""

from __future__ import annotations

import logging
import sys
import time
from typing import TYPE_CHECKING, ClassVar

from hazard_store.amounts import count
from hazard_store.amounts import seconds as seconds_text

if TYPE_CHECKING:
    from rich.progress import TaskID

log = logging.getLogger("hazard_store")

QUIET_S = 10  # between two plain lines of one phase


def counted(done: int, total: int | None, unit: str) -> str:
    """Return how much of a phase is done; nothing is said of a total that is not known.

    >>> counted(3, 34, "item"), counted(1, None, "item"), counted(0, None, "item")
    ('3 of 34 items', '1 item', '')
    """
    if total is None:
        return count(done, unit) if done else ""
    return f"{done:,} of {count(total, unit)}"


class ProgressLines:
    """A line when a phase begins, now and then within it, and when it ends."""

    def __init__(self) -> None:
        self._name, self._unit, self._done, self._said = "", "", 0, 0.0
        self._total: int | None = None

    def __enter__(self) -> ProgressLines:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def phase(self, name: str, total: int | None, unit: str) -> None:
        """Begin a phase, or learn its total."""
        if total and (name, total) != (self._name, self._total):
            log.info("%s: %s", name, count(total, unit))
        self._name, self._total, self._unit, self._done = name, total, unit, 0
        self._said = time.monotonic()

    def advance(self, amount: int) -> None:
        """Count."""
        self._done += amount
        if time.monotonic() - self._said >= QUIET_S:
            self._said = time.monotonic()
            log.info("%s: %s", self._name, counted(self._done, self._total, self._unit))

    def done(self, seconds: float) -> None:
        """End the phase."""
        if self._name and self._total != 0:
            log.info("%s: done in %s", self._name, seconds_text(seconds))
        self._name, self._total = "", None


class ProgressBars(ProgressLines):
    """Progress bars."""

    def __init__(self) -> None:
        from rich.console import Console  # only bars need it
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        super().__init__()
        self._progress = Progress(
            TextColumn("{task.description:>13}"),
            BarColumn(),
            TextColumn("{task.fields[counted]}"),
            TimeRemainingColumn(elapsed_when_finished=True),
            console=Console(stderr=True),
        )
        self._task: TaskID | None = None

    def __enter__(self) -> ProgressBars:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def phase(self, name: str, total: int | None, unit: str) -> None:
        """Begin a phase, or learn its total."""
        if name != self._name or self._task is None:
            self._task = self._progress.add_task(name, total=total or None, counted="")
            self._done = 0
        self._name, self._total, self._unit = name, total, unit
        self._progress.update(self._task, total=total or None)
        self.advance(0)

    def advance(self, amount: int) -> None:
        """Count."""
        self._done += amount
        if self._task is not None:
            text = counted(self._done, self._total, self._unit)
            self._progress.update(self._task, completed=self._done, counted=text)

    def done(self, seconds: float) -> None:
        """End the phase."""
        if self._task is not None:
            full = max(self._done, self._total or 1)  # the bar; what was counted stays as it is
            self._progress.update(self._task, total=full, completed=full)
        self._name, self._task = "", None


class PredecessorLines(ProgressLines):
    """The predecessor's lines, on stdout as it printed them."""

    _V2: ClassVar = {"stats": " (V2)", "realisations": " (V2)"}

    def phase(self, name: str, total: int | None, unit: str) -> None:
        """Say that saving begins."""
        if name in ("meta", "stats", "realisations") and not (
            name == "realisations" and total == 0
        ):
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
