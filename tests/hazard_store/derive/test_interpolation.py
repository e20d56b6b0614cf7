"""Levels at a probability are those of the engine's rule, and each odd answer has its flag."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from hazard_store.derive import FLAGS, Flag, levels_at

LEVELS = [0.01, 0.1, 1.0]


def plainly(curve: NDArray[np.float32], levels: list[float], poe: float) -> float:
    """The rule, a point at a time: log-log, probabilities from 1e-30 on, 0 above the first one.

    With a value that counts as 1e-30 the list holds a double, and its logarithms are doubles.
    """
    logs = np.log([max(p, 1e-30) for p in curve])
    if np.log(poe) > logs[0]:
        return 0.0
    return float(np.exp(np.interp(np.log(poe), logs[::-1], np.log(levels)[::-1])))


curves = st.lists(
    st.one_of(st.just(0.0), st.floats(2.0**-40, 1.0, width=32)), min_size=2, max_size=12
).map(lambda values: sorted(values, reverse=True))
probabilities = st.floats(1e-31, 1.0, exclude_max=True)


@given(st.lists(curves, min_size=1, max_size=4), st.lists(probabilities, min_size=1, max_size=3))
@settings(max_examples=300)
def test_every_level_is_that_of_the_plain_rule(rows: list[list[float]], poes: list[float]):
    """Zeros, flat parts and targets on a point of the curve included, to the last bit."""
    n_levels = min(map(len, rows))
    array = np.array([row[:n_levels] for row in rows], np.float32)
    levels = np.geomspace(0.001, 5, n_levels).tolist()
    targets = [*poes, float(array[0, 0]) or 0.5]
    found, _ = levels_at(array, levels, targets)
    for row, of_row in zip(array, found, strict=True):
        assert [plainly(row, levels, poe) for poe in targets] == of_row.tolist()


def test_a_small_rise_is_read_as_the_engine_reads_it():
    """Curves may rise within rounding."""
    curve = np.array([[0.5, 0.3, 0.30000004, 0.1]], np.float32)
    found, _ = levels_at(curve, [1, 2, 3, 4], [0.2, 0.3, 0.4])
    assert [plainly(curve[0], [1, 2, 3, 4], p) for p in (0.2, 0.3, 0.4)] == found[0].tolist()


@pytest.mark.parametrize(
    ("curve", "poe", "level", "flag"),
    [
        ([0.1, 0.01, 0.001], 0.01, 0.1, None),
        ([0.1, 0.01, 0.001], 0.2, 0.0, Flag.BELOW_RANGE),
        ([0.1, 0.01, 0.001], 1e-4, 1.0, Flag.ABOVE_RANGE),
        ([0.5, 0.25, 0.125], 0.125, 1.0, None),
        ([0.1, 0.01, 0.0], 0.001, 0.10857, Flag.ZERO_TAIL),
        ([0.0, 0.0, 0.0], 0.001, 0.0, Flag.BELOW_RANGE),
    ],
)
def test_what_is_not_between_two_points_has_a_flag(
    curve: list[float], poe: float, level: float, flag: Flag | None
):
    found, flags = levels_at(np.array([curve], np.float32), LEVELS, [poe])
    assert level == pytest.approx(found[0, 0], rel=1e-4)
    assert flag is FLAGS[flags[0, 0]]
