"""Counts, seconds and dollars as people read them."""

from __future__ import annotations

import pytest

from hazard_store.amounts import count, dollars, seconds


@pytest.mark.parametrize(
    ("expected", "found"),
    [
        ("1 chunk", count(1, "chunk")),
        ("2 chunks", count(2, "chunk")),
        ("0 sites", count(0, "site")),
        ("1 write unit", count(1.0, "write unit")),
        ("1 write unit", count(0.6, "write unit")),
        ("12,000 retries", count(12000, "retry")),
        ("0 s", seconds(0)),
        ("< 1 s", seconds(0.001)),
        ("< 1 s", seconds(0.999)),
        ("1 s", seconds(1)),
        ("1,234 s", seconds(1234)),
        ("$0", dollars(0)),
        ("< $0.01", dollars(1e-9)),
        ("< $0.01", dollars(0.0099)),
        ("$0.01", dollars(0.01)),
        ("$1,234.57", dollars(1234.567)),
    ],
)
def test_amounts(expected: str, found: str):
    assert expected == found
