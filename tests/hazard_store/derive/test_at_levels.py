"""Probabilities at other levels: straight lines in log-log, and nothing beyond the curve."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hazard_store.derive.at_levels import poes_at

IMLS = np.array([0.01, 0.1, 1.0])


def test_a_power_law_is_met_exactly():
    assert poes_at([0.02, 0.5], IMLS, 0.001 / IMLS) == pytest.approx([0.05, 0.002])


def test_levels_of_its_own_are_left_as_they_are():
    poes = np.array([0.9, 0.3, 0.0], np.float32)
    assert poes.astype(float).tolist() == poes_at(IMLS, IMLS, poes).tolist()


def test_beyond_the_curve_and_before_zero_there_is_nothing():
    found = poes_at([0.001, 0.5, 2.0], IMLS, [0.9, 0.3, 0.0])
    assert np.isnan(found).all()


@given(st.lists(st.floats(1e-9, 1), min_size=3, max_size=3), st.floats(0.01, 1))
def test_it_lies_between_its_neighbours(poes: list[float], level: float):
    falling = sorted(poes, reverse=True)
    (found,) = poes_at([level], IMLS, falling)
    j = int(np.searchsorted(IMLS, level))
    low, high = falling[j], falling[max(j - 1, 0)]
    assert low * (1 - 1e-9) <= found <= high * (1 + 1e-9)
