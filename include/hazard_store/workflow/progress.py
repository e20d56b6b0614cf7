"""What the verbs tell of their progress."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

OnAdvance = Callable[[int], None]  # told how many more units are done


class Progress(Protocol):
    """Told of progress; `cli.progress` has one for terminals and one for logs."""

    def phase(self, name: str, total: int, unit: str) -> None:
        """Start a phase of `total` units; call again once the total is known."""

    def advance(self, amount: int) -> None:
        """Add `amount` units to what is done."""

    def done(self, seconds: float) -> None:
        """End the phase."""
