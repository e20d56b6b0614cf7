"""Tables of figures: printed as Markdown that can go into docs/ as it is, saved as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click

from benchmarks.support.machine import describe_machine

JSON_OPTION = click.option(
    "--json",
    "json_path",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Save the table here too.",
)


@dataclass(frozen=True)
class Table:
    """The figures of one benchmark.

    Attributes:
        title: one sentence: what is measured, of what.
        header: the columns.
        rows: cells, as many as columns; numbers are printed as they are.
        notes: sentences below the table: what a reader must know to trust the figures.
        machine: where they were measured.
    """

    title: str
    header: Sequence[str]
    rows: Sequence[Sequence[Any]]
    notes: Sequence[str] = ()
    machine: str = field(default_factory=describe_machine)

    def print(self) -> None:
        """Print title, machine, table and notes as Markdown."""
        print(f"{self.title} {self.machine}\n", flush=True)
        print_markdown(self.header, self.rows)
        for note in self.notes:
            print(f"\n{note}")

    def save(self, path: Path) -> None:
        """Save as one JSON document."""
        content = {
            "title": self.title,
            "machine": self.machine,
            "header": list(self.header),
            "rows": [list(row) for row in self.rows],
            "notes": list(self.notes),
        }
        path.write_text(json.dumps(content, indent=1, default=str) + "\n")

    def show(self, json_path: Path | None) -> None:
        """Print, and save where a path is given: the end of every benchmark's `main`."""
        self.print()
        if json_path is not None:
            self.save(json_path)


def print_markdown(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Print a Markdown table."""
    print("| " + " | ".join(header) + " |")
    print("|" + "---|" * len(header))
    for row in rows:
        print("| " + " | ".join(str(cell) for cell in row) + " |")
