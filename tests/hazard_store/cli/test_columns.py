"""Columns of text: aligned, wrapped between words, whole where nothing ends a line."""

from __future__ import annotations

import pytest

from hazard_store.cli.columns import in_columns, short_date, short_time, under_heading


def test_a_first_cell_without_place_has_a_line_of_its_own():
    rows = [("abc", "1", "x"), ("a-very-long-name", "22", "y")]
    assert ["name  n   z", "abc   1   x", "a-very-long-name", "      22  y"] == list(
        in_columns(("name", "n", "z"), rows, 14)
    )
    assert [
        "name              n   z",
        "abc               1   x",
        "a-very-long-name  22  y",
    ] == list(in_columns(("name", "n", "z"), rows, None))


def test_texts_are_wrapped_between_words_and_indented():
    entries = [("one", "alpha beta gamma delta epsilon zeta eta theta"), ("two", "x" * 60)]
    assert [
        "Heading",
        "  one   alpha beta gamma delta epsilon zeta eta",
        "        theta",
        f"  two   {'x' * 60}",
    ] == list(under_heading("Heading", entries, 4, 50))
    assert f"  one   {entries[0][1]}" in list(under_heading("Heading", entries, 4, None))
    assert [] == list(under_heading("Heading", [], 4, 50))


@pytest.mark.parametrize(
    ("text", "time", "date"),
    [
        ("2026-11-26T04:32:34.412+00:00", "2026-11-26 04:32", "2026-11-26"),
        ("2026-11-26 04:32:34", "2026-11-26 04:32", "2026-11-26"),
        ("some day", "some day", "some day"),
        ("2026\x1b[2K", "2026\\x1b[2K", "2026\\x1b[2K"),
    ],
)
def test_times_are_short(text: str, time: str, date: str):
    assert (time, date) == (short_time(text), short_date(text))
