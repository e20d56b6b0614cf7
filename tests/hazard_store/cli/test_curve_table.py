"""Curves as text: what a terminal shows, what a pipe gets, and when each begins."""

from __future__ import annotations

from collections.abc import Iterator

import click
import numpy as np
import pytest

from hazard_store.cli.curve_table import MAX_LINES, print_across, print_rows
from hazard_store.query import StatsCurve

LEVELS = np.array([0.01, 0.1, 1.0])


def curves(n_sites: int = 1, aggs: tuple[str, ...] = ("mean", "0.5")) -> Iterator[StatsCurve]:
    for number in range(n_sites):
        for agg in aggs:
            for imt in ("PGA", "PGV"):
                poes = np.float32([0.5, 0.25, 0.0]) / (1 + number)
                place = ("A", f"[{number}.000~0.000]", float(number), 0.0, 400.0)
                unit = "g" if imt == "PGA" else "cm/s"
                yield StatsCurve(*place, agg, imt, LEVELS, poes, 50.0, unit)


def test_a_terminal_shows_curves_across_and_levels_downwards(capsys: pytest.CaptureFixture[str]):
    print_across(curves(2), 80)
    blocks = capsys.readouterr().out.strip().split("\n\n")
    assert 4 == len(blocks)
    title, header, *rows = blocks[3].splitlines()
    assert "[1.000~0.000], vs30 400: PGV (cm/s), probabilities in 50 years" == title
    assert ["level", "mean", "0.5"] == header.split()
    assert [["0.01", "0.25", "0.25"], ["0.1", "0.125", "0.125"], ["1", "0", "0"]] == [
        row.split() for row in rows
    ]


def test_no_line_is_wider_than_the_terminal(capsys: pytest.CaptureFixture[str]):
    for width in (40, 80, 200):
        print_across(curves(1, tuple(f"0.{n}" for n in range(30))), width)
        lines = capsys.readouterr().out.splitlines()
        assert max(len(line) for line in lines if "level" in line) <= width
        assert 30 == sum(len(line.split()) - 1 for line in lines if "level" in line) / 2


def test_a_long_table_is_refused_before_anything_is_shown(capsys: pytest.CaptureFixture[str]):
    taken = 0

    def endless() -> Iterator[StatsCurve]:
        nonlocal taken
        for curve in curves(100_000):
            taken += 1
            yield curve

    with pytest.raises(click.UsageError, match="--format csv"):
        print_across(endless(), 80)
    assert "" == capsys.readouterr().out
    assert taken < MAX_LINES


def test_a_pipe_gets_each_line_as_it_comes(capsys: pytest.CaptureFixture[str]):
    said: list[int] = []

    def watched() -> Iterator[StatsCurve]:
        for curve in curves(3):
            said.append(len(capsys.readouterr().out))
            yield curve

    print_rows(watched())
    assert all(said)
    rest = capsys.readouterr().out.splitlines()
    assert ["[2.000~0.000]", "400", "0.5", "PGV", "0.01", "0.166667"] == rest[0].split()
