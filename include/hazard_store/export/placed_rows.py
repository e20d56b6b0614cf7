"""Text files whose rows are written in any order: how long a row is, is known before.

A row begins with a text of its site, and all numbers behind it have the same length, so that each
row has its place in the file from the beginning. Nothing is sorted, and nothing is kept in memory.
"""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hazard_store.export.number_text import WIDTH

LINE_END = b"\r\n"


def csv_line(cells: Sequence[object]) -> bytes:
    """Return a line of CSV, its end included."""
    text = io.StringIO()
    csv.writer(text).writerow(cells)
    return text.getvalue().encode()


class RowStarts:
    """What each row begins with."""

    def __init__(self, rows: Iterable[Sequence[object]]) -> None:
        """Take the first cells of all rows, in the order of the file."""
        lines = [csv_line(cells)[: -len(LINE_END)] for cells in rows]
        self.ends = np.cumsum([0, *map(len, lines)])
        self._text = b"".join(lines)

    def at(self, places: NDArray[np.int64]) -> list[RowRun]:
        """Return some rows as runs of neighbours.

        Args:
            places: (n,) their numbers in the file, ascending.
        """
        borders = zip(self.ends[places].tolist(), self.ends[places + 1].tolist(), strict=True)
        lines = [self._text[first:last] for first, last in borders]
        runs = np.flatnonzero(np.diff(places) != 1) + 1
        return [
            RowRun(int(places[first]), first, lines[first:last])
            for first, last in zip([0, *runs.tolist()], [*runs.tolist(), len(lines)], strict=True)
        ]


@dataclass(frozen=True)
class RowRun:
    """Rows one behind the other, in a file and among those that are written with them."""

    place: int  # number of the first in the file
    number: int  # among those that are written
    starts: list[bytes]


class PlacedRows:
    """A file of rows of numbers; it is open only while something is written."""

    def __init__(self, path: Path, head: bytes, starts: RowStarts, n_values: int) -> None:
        """Make the file, with its head.

        Args:
            path: of the new file.
            head: lines before the rows.
            starts: what each row begins with.
            n_values: how many numbers a row has.
        """
        self._path, self._head, self._starts = path, len(head), starts
        self._behind = (WIDTH + 1) * n_values + len(LINE_END)  # the start of a row
        path.write_bytes(head)
        os.truncate(path, self._place(len(starts.ends) - 1))

    def write(self, runs: Sequence[RowRun], text: NDArray[np.uint8]) -> None:
        """Write some rows.

        Args:
            runs: as the file's `RowStarts` gives them; the same for many files.
            text: the numbers of these rows, uint8 (n, 13 * n_values), as `scientific` gives it.
        """
        size, numbers = text.shape[1], text.tobytes()
        file = os.open(self._path, os.O_WRONLY)
        try:
            for run in runs:
                parts = [LINE_END] * (3 * len(run.starts))
                parts[::3] = run.starts
                first, last = run.number * size, (run.number + len(run.starts)) * size
                parts[1::3] = [numbers[i : i + size] for i in range(first, last, size)]
                _write_at(file, b"".join(parts), self._place(run.place))
        finally:
            os.close(file)

    def _place(self, row: int) -> int:
        return self._head + int(self._starts.ends[row]) + row * self._behind


def _write_at(file: int, content: bytes, place: int) -> None:
    while content:
        written = os.pwrite(file, content, place)
        content, place = content[written:], place + written
