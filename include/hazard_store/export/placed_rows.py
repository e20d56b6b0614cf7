"""Text files whose rows are written in any order: how long a row is, is known before.

A row begins with a text of its site, and all numbers behind it have the same length, so that each
row has its place in the file from the beginning. Nothing is sorted, and nothing is kept in memory.
"""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterable, Sequence
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

    def of(self, place: int) -> bytes:
        """Return what one row begins with."""
        return self._text[self.ends[place] : self.ends[place + 1]]


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

    def write(self, places: NDArray[np.int64], text: NDArray[np.uint8]) -> None:
        """Write some rows.

        Args:
            places: (n,) their numbers in the file, ascending.
            text: their numbers as text, uint8 (n, 13 * n_values), as `scientific` gives it.
        """
        size = text.shape[1]
        numbers = text.tobytes()
        lines = [
            self._starts.of(place) + numbers[i * size : (i + 1) * size] + LINE_END
            for i, place in enumerate(places.tolist())
        ]
        runs = np.flatnonzero(np.diff(places) != 1) + 1
        file = os.open(self._path, os.O_WRONLY)
        try:
            for first, last in zip([0, *runs], [*runs, len(lines)], strict=True):
                _write_at(file, b"".join(lines[first:last]), self._place(int(places[first])))
        finally:
            os.close(file)

    def _place(self, row: int) -> int:
        return self._head + int(self._starts.ends[row]) + row * self._behind


def _write_at(file: int, content: bytes, place: int) -> None:
    while content:
        written = os.pwrite(file, content, place)
        content, place = content[written:], place + written
