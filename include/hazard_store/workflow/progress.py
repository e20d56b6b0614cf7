"""What the verbs tell of their progress."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

OnAdvance = Callable[[int], None]  # told how many more units are done


class Progress(Protocol):
    """Told of progress; `cli.progress` has one for terminals and one for logs."""

    def phase(self, name: str, total: int | None, unit: str) -> None:
        """Start a phase; call again once its total is known.

        Args:
            name: of the phase.
            total: how many units it has; None: not known.
            unit: what is counted, in the singular.
        """

    def advance(self, amount: int) -> None:
        """Add `amount` units to what is done."""

    def done(self, seconds: float) -> None:
        """End the phase."""


class NoProgress:
    """Shows nothing: for callers that do not want to be told."""

    def phase(self, name: str, total: int | None, unit: str) -> None:
        """Show nothing."""

    def advance(self, amount: int) -> None:
        """Show nothing."""

    def done(self, seconds: float) -> None:
        """Show nothing."""
