"""Numbers of whole arrays have the text that `%.6E` gives each of them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from hazard_store.export.number_text import WIDTH, scientific


def plainly(values: np.ndarray) -> bytes:
    return b"".join(b",%.6E" % abs(float(value)) for value in values.ravel())


@given(arrays(np.float32, st.integers(1, 40), elements=st.floats(0, 1, width=32)))
@settings(max_examples=300)
def test_probabilities_have_their_text(values: np.ndarray):
    assert plainly(values) == scientific(values).tobytes()


@pytest.mark.parametrize(
    "number",
    [0, -0.0, 1, 0.1, 9.9999995e-1, 9.9999999e-5, 999999.5, 1e30, 2**-126, 2**-149, 2.0**-24],
)
def test_odd_numbers(number: float):
    """Zeros of either sign, what rounds up to the next power of ten, subnormal numbers."""
    values = np.array([number], np.float32)
    assert plainly(values) == scientific(values).tobytes()


def test_halves_are_rounded_as_the_library_rounds_them():
    """All numbers of 24 bits whose seventh digit is followed by nearly a half, or by just one."""
    values = (np.arange(2**23, 2**24, 64) / 2**24).astype(np.float32)
    assert plainly(values) == scientific(values).tobytes()


def test_the_shape_is_kept_but_for_its_last_axis():
    assert (2, 3, 4 * (WIDTH + 1)) == scientific(np.zeros((2, 3, 4), np.float32)).shape
