"""What the verbs tell of their progress."""

from __future__ import annotations

from typing import Protocol


class Screen(Protocol):
    """Told of progress; `cli.screen` has one for terminals and one for logs."""

    def phase(self, name: str, total: int, unit: str) -> None:
        """A phase begins that has so much to do; again with the total where it was not known."""

    def advance(self, amount: int) -> None:
        """So much more is done."""

    def done(self, seconds: float) -> None:
        """The phase has ended well."""
