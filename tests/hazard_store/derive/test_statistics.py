"""Mean and quantiles of realisations are those of the engine's rules."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hazard_store.derive import mean_of, quantile_of
from hazard_store.errors import BadParameter


def plainly(quantile: float, values: list[float], weights: list[float]) -> float:
    """Sort by value, and equal ones by weight; read off the cumulated weights."""
    pairs = sorted(zip(values, weights, strict=True))
    return float(np.interp(quantile, np.cumsum([w for _, w in pairs]), [v for v, _ in pairs]))


@given(
    st.lists(
        st.tuples(st.integers(0, 4).map(lambda n: n / 4), st.integers(1, 9)), min_size=1, max_size=7
    ),
    st.floats(0, 1),
)
@settings(max_examples=300)
def test_a_quantile_is_that_of_the_plain_rule(pairs: list[tuple[float, int]], quantile: float):
    """Equal values included, where the order of the weights matters."""
    values = [value for value, _ in pairs]
    weights = np.array([weight for _, weight in pairs], float) / sum(w for _, w in pairs)
    curves = np.array(values, np.float32).reshape(1, -1, 1, 1)
    found = quantile_of(curves, weights, quantile)
    assert plainly(quantile, values, weights.tolist()) == pytest.approx(found[0, 0, 0], abs=1e-7)


def test_known_quantiles():
    """Those of the engine's own documentation."""
    values = np.float32([0.15, 0.25, 0.3, 0.4, 0.5, 0.6, 0.75, 0.8, 0.9]).reshape(1, 9, 1, 1)
    assert 0.76 == pytest.approx(quantile_of(values, np.full(9, 1 / 9), 0.8)[0, 0, 0])


def test_each_imt_may_have_weights_of_its_own():
    curves = np.random.default_rng(0).random((3, 4, 2, 5)).astype(np.float32)
    weights = np.array([[0.1, 0.2, 0.3, 0.4], [0.7, 0.1, 0.1, 0.1]])
    both = (mean_of(curves, weights), quantile_of(curves, weights, 0.5))
    for m in range(2):
        alone = curves[:, :, [m]]
        expected = (mean_of(alone, weights[m]), quantile_of(alone, weights[m], 0.5))
        for of_both, of_one in zip(both, expected, strict=True):
            assert np.array_equal(of_both[:, [m]], of_one)
    assert np.allclose(both[0][:, 0], np.tensordot(curves[:, :, 0], weights[0], (1, 0)))


@pytest.mark.parametrize("quantile", [-0.1, 1.1, float("nan")])
def test_what_is_no_quantile_is_refused(quantile: float):
    with pytest.raises(BadParameter, match="quantile"):
        quantile_of(np.zeros((1, 1, 1, 1), np.float32), np.ones(1), quantile)
