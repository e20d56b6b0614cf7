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
        self._text = np.frombuffer(b"".join(lines), np.uint8)

    def at(self, places: NDArray[np.int64], n_values: int) -> list[RowRun]:
        """Return some rows as runs of neighbours, to be filled with numbers.

        Args:
            places: (n,) their numbers in the file, ascending.
            n_values: how many numbers a row has.
        """
        firsts, lengths = self.ends[places], np.diff(self.ends)[places]
        cuts = np.flatnonzero((np.diff(places) != 1) | (np.diff(lengths) != 0)) + 1
        runs = []
        for start, stop in zip([0, *cuts.tolist()], [*cuts.tolist(), len(places)], strict=True):
            length = int(lengths[start])
            begins = self._text[firsts[start] : firsts[start] + (stop - start) * length]
            rows = np.empty((stop - start, length + _behind(n_values)), np.uint8)
            rows[:, :length] = begins.reshape(-1, length)
            rows[:, -len(LINE_END) :] = np.frombuffer(LINE_END, np.uint8)
            runs.append(RowRun(int(places[start]), start, rows, rows[:, length : -len(LINE_END)]))
        return runs


@dataclass(frozen=True, eq=False)
class RowRun:
    """Rows of the same length, one behind the other, in a file and among those that are written."""

    place: int  # number of the first in the file
    start: int  # among those that are written
    rows: NDArray[np.uint8]  # (n, length)
    numbers: NDArray[np.uint8]  # (n, 13 * n_values), the part of them that each file fills anew


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
        self._path, self._head = str(path), len(head)
        self._starts, self._n_values = starts, n_values
        path.write_bytes(head)
        os.truncate(path, self._place(len(starts.ends) - 1))

    def write(self, runs: Sequence[RowRun], text: NDArray[np.uint8]) -> None:
        """Write some rows.

        Args:
            runs: as the file's `RowStarts` gives them; the same for many files.
            text: the numbers of these rows, uint8 (n, 13 * n_values), as `scientific` gives it.
        """
        file = os.open(self._path, os.O_WRONLY)
        try:
            for run in runs:
                run.numbers[...] = text[run.start : run.start + len(run.rows)]
                _write_at(file, run.rows.data.cast("B"), self._place(run.place))
        finally:
            os.close(file)

    def _place(self, row: int) -> int:
        return self._head + int(self._starts.ends[row]) + row * _behind(self._n_values)


def _behind(n_values: int) -> int:
    """Return the length of a row behind its start."""
    return (WIDTH + 1) * n_values + len(LINE_END)


def _write_at(file: int, content: memoryview, place: int) -> None:
    while content:
        written = os.pwrite(file, content, place)
        content, place = content[written:], place + written
