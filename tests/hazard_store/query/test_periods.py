"""Measures by their period."""

from __future__ import annotations

from pathlib import Path

import pytest

from hazard_store.errors import BadParameter, NoSuchCurve
from hazard_store.query import imts_around
from hazard_store.store import Store
from tests.support.calc_factory import make_calc
from tests.support.loading import stored

IMTS = ("SA(1.0)", "PGV", "PGA", "SA(0.25)")


@pytest.fixture
def at(store: Store, tmp_path: Path) -> Store:
    """A calculation whose measures are not in order."""
    stored(store, make_calc(tmp_path / "c.hdf5", n=1, r=1, imts=IMTS).path)
    return store


@pytest.mark.parametrize(
    ("period", "imts"),
    [
        (0.0, ("PGA",)),
        (0.25, ("SA(0.25)",)),
        (0.1, ("PGA", "SA(0.25)")),
        (0.5, ("SA(0.25)", "SA(1.0)")),
        (1.0, ("SA(1.0)",)),
    ],
)
def test_the_measure_itself_or_the_two_around_it(at: Store, period: float, imts: tuple[str, ...]):
    assert imts == imts_around("A", period, store=at)


def test_what_lies_outside(at: Store):
    with pytest.raises(
        NoSuchCurve, match=r"around the period 2 s; it has PGA, SA\(0.25\), SA\(1.0\)"
    ):
        imts_around("A", 2, store=at)
    for period in (-1.0, float("nan")):
        with pytest.raises(BadParameter, match="below 0"):
            imts_around("A", period, store=at)
