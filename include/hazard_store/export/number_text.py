"""Numbers as text, as `%.6E` writes them: whole arrays at once, every text of the same length."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

WIDTH = 12  # characters of `%.6E` from 0 up to 9.999999E+99
DIGITS = 6  # behind the point
LEAST = np.float32(2.0**-126)  # what is less is subnormal: powers of ten are no table for it
NEAR_A_HALF = 1e-6  # of the last digit: products in float64 are a thousand times closer

# By a float32's exponent bits: the decimal exponent of the least number that has them, and the
# least number with the next decimal exponent.
_EXPONENTS = np.floor(np.log10(2.0 ** (np.arange(256) - 127.0))).astype(np.int64)
_NEXT = np.array([float(f"1e{e + 1}") for e in _EXPONENTS])
_OFFSET = 50  # of decimal exponents in the tables
_SCALES = np.array([float(f"1e{DIGITS - e}") for e in range(-_OFFSET, _OFFSET)])
_THREE = np.array([f"{i // 100}.{i % 100:02d}" for i in range(1000)], "S4").view(np.uint32)
_FOUR = np.array([f"{i:04d}" for i in range(10_000)], "S4").view(np.uint32)
_POWERS = np.array([f"E{e:+03d}" for e in range(-_OFFSET, _OFFSET)], "S4").view(np.uint32)
_FIELDS = np.dtype([("comma", "S1"), ("three", "u4"), ("four", "u4"), ("power", "u4")])


def scientific(values: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Return the text of numbers, each behind a comma: `,1.234567E-03`.

    Args:
        values: float32 (..., L), not negative; -0.0 is written as 0.

    Returns:
        ASCII, uint8 (..., 13 * L).
    """
    flat = np.ascontiguousarray(values, np.float32).reshape(-1)
    bits = flat.view(np.uint32) >> 23 & 0xFF
    numbers = flat.astype(np.float64)
    exponents = _EXPONENTS[bits] + (numbers >= _NEXT[bits])
    scaled = numbers * _SCALES[exponents + _OFFSET]
    whole = np.floor(scaled)
    rest = scaled - whole
    digits = whole.astype(np.uint32) + (rest > 0.5)
    over = digits >= 10_000_000
    digits[over] = 1_000_000
    exponents[over] += 1
    zero = flat == 0
    exponents[zero] = digits[zero] = 0
    text = np.empty(flat.shape, _FIELDS)
    text["comma"] = b","
    text["three"] = _THREE[digits // 10_000]
    text["four"] = _FOUR[digits % 10_000]
    text["power"] = _POWERS[exponents + _OFFSET]
    unsure = (np.abs(rest - 0.5) < NEAR_A_HALF) | (np.abs(flat) < LEAST) & ~zero
    for i in np.flatnonzero(unsure):
        text[i] = np.frombuffer(b",%.6E" % flat[i], _FIELDS)[0]
    shape = (*values.shape[:-1], values.shape[-1] * (WIDTH + 1))
    return text.view(np.uint8).reshape(shape)
