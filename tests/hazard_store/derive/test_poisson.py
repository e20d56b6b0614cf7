"""One time base: the Poisson rule and its ends."""

from __future__ import annotations

import math

import numpy as np
import pytest

from hazard_store.derive.poisson import poes_in


def test_rates_stay_the_same():
    poes = np.array([1e-9, 1e-4, 0.1, 0.9])
    for years in (1, 50, 475.5):
        found = poes_in(poes, 50, years)
        assert -np.log1p(-found) / years == pytest.approx(-np.log1p(-poes) / 50)
    assert 0.1 == pytest.approx(poes_in(poes_in([0.1], 50, 1), 1, 50)[0])


def test_ends():
    """Certainty in 50 years tells nothing of one year; in 100 years it is certain still."""
    assert [0.0] == poes_in([0.0], 50, 1).tolist()
    assert math.isnan(poes_in([1.0], 50, 1)[0])
    assert [1.0] == poes_in([1.0], 50, 100).tolist()


def test_the_same_time_changes_no_bit():
    poes = np.array([0.1, 1.0, 1e-30], np.float32)
    assert poes.astype(float).tolist() == poes_in(poes, 50, 50).tolist()
