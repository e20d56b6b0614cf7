"""Prints tables that can go into docs/ as they are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any


def print_markdown(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Print a Markdown table."""
    print("| " + " | ".join(header) + " |")
    print("|" + "---|" * len(header))
    for row in rows:
        print("| " + " | ".join(str(cell) for cell in row) + " |")
