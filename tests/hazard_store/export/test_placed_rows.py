"""Rows stand in their order, in whatever order they are written."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hazard_store.export.number_text import scientific
from hazard_store.export.placed_rows import PlacedRows, RowStarts, csv_line

ROWS = [["1", "-0.5"], ["a,b", "12.25000"], ['"', ""], ["x", "y"]]
VALUES = np.array([[0.1, 1], [0, 0.5], [1e-9, 2e-30], [0.25, 0.125]], np.float32)


@pytest.mark.parametrize("order", [[0, 1, 2, 3], [3, 1, 0, 2], [2, 3, 0, 1]])
@pytest.mark.parametrize("at_once", [1, 2, 4])
def test_every_order_of_writing_makes_the_same_file(tmp_path: Path, order: list[int], at_once: int):
    starts = RowStarts(ROWS)
    file = PlacedRows(tmp_path / "a.csv", b"head\r\n", starts, 2)
    for start in range(0, len(order), at_once):
        places = np.sort(order[start : start + at_once])
        file.write(starts.at(places, 2), scientific(VALUES[places]))
    rows = zip(ROWS, VALUES, strict=True)
    lines = [csv_line([*row, *(f"{value:.6E}" for value in of_row)]) for row, of_row in rows]
    assert b"head\r\n" + b"".join(lines) == (tmp_path / "a.csv").read_bytes()


def test_no_rows_are_a_head_alone(tmp_path: Path):
    PlacedRows(tmp_path / "a.csv", b"head\r\n", RowStarts([]), 2)
    assert b"head\r\n" == (tmp_path / "a.csv").read_bytes()
