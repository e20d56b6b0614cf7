"""Curves of neighbouring sites, and columns of the sites, <-> bytes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from hazard_store.codec import (
    BLOCK_VERSION,
    RAW,
    CodecError,
    blocks,
    decode_block,
    decode_column,
    encode_block,
    encode_column,
    max_encoded_bytes,
)
from hazard_store.codec.frame import framed

# Every pattern of 32 bits is a float32: NaNs with payloads, infinities, -0.0 and subnormals too.
any_bits = st.tuples(st.integers(1, 6), st.integers(1, 9)).flatmap(
    lambda shape: arrays(np.uint32, shape, elements=st.integers(0, 2**32 - 1))
)
SPECIAL = np.array(
    [[0, 0x80000000, 1, 0x807FFFFF], [0x7F800000, 0xFF800000, 0x7FC00001, 2**32 - 1]]
)
any_column = st.one_of(
    arrays(np.uint32, st.integers(1, 9)),
    arrays(np.float64, st.integers(1, 9)),  # NaN and infinities among them
)


def neighbours(n_sites: int, n_levels: int, step: float = 0.001) -> np.ndarray:
    """Return curves that differ the less, the smaller the step from site to site."""
    rate = (
        np.exp(step * np.arange(n_sites))[:, None] * 1e-3 * np.geomspace(1e-4, 10, n_levels) ** -1.2
    )
    return (1 - np.exp(-rate)).astype(np.float32)


@given(any_bits)
@example(SPECIAL.astype(np.uint32))
def test_every_bit_of_a_block_comes_back(bits: np.ndarray):
    curves = bits.view(np.float32)
    back = decode_block(encode_block(curves), curves.shape[1])
    assert np.float32 == back.dtype
    assert curves.shape == back.shape
    assert curves.tobytes() == back.tobytes()
    assert len(encode_block(curves)) <= max_encoded_bytes(curves.size)


@given(any_column)
@example(np.array([0, 2**32 - 1], np.uint32))
def test_every_bit_of_a_column_comes_back(column: np.ndarray):
    blob = encode_column(column)
    assert column.tobytes() == decode_column(blob, column.dtype).tobytes()
    assert len(blob) <= 6 + column.nbytes


def noise() -> np.ndarray:
    return np.random.default_rng(5).integers(0, 2**32, (3, 4), np.uint32).view(np.float32)


OF_METHODS = {
    RAW: noise(),
    blocks.ALONG_LEVELS: np.random.default_rng(1).permutation(neighbours(40, 20, 1.0)),
    blocks.ALONG_SITES: neighbours(60, 20),
}


@pytest.mark.parametrize("method", OF_METHODS)
def test_every_method_is_taken_where_it_is_the_smallest(method: int):
    curves = OF_METHODS[method]
    blob = encode_block(curves)
    assert (BLOCK_VERSION, method) == (blob[0], blob[1])
    assert curves.tobytes() == decode_block(blob, curves.shape[1]).tobytes()


@pytest.mark.parametrize("blob", [encode_block(noise()), encode_block(neighbours(5, 8))])
def test_every_altered_bit_and_every_truncation_is_detected(blob: bytes):
    for bit in range(8 * len(blob)):
        altered = bytearray(blob)
        altered[bit // 8] ^= 1 << bit % 8
        with pytest.raises(CodecError):
            decode_block(bytes(altered), 4)
    for length in range(len(blob)):
        with pytest.raises(CodecError):
            decode_block(blob[:length], 4)


def test_the_number_of_levels_must_fit():
    with pytest.raises(CodecError, match="are not curves of 5 levels"):
        decode_block(encode_block(np.zeros((2, 4), np.float32)), 5)
    with pytest.raises(CodecError, match="0 values"):
        decode_block(framed(BLOCK_VERSION, RAW, b""), 5)


def test_a_column_of_another_type_is_refused():
    blob = encode_column(np.arange(100, dtype=np.uint32))
    assert blocks.COLUMN == blob[1]
    with pytest.raises(CodecError, match="is not of float64"):
        decode_column(blob, "<f8")
    with pytest.raises(CodecError, match="not whole"):
        decode_column(framed(BLOCK_VERSION, RAW, b"1234567"), "<f8")


def test_the_same_curves_give_the_same_bytes():
    """In any memory layout: a retry changes nothing."""
    curves = neighbours(9, 7)
    assert (
        encode_block(curves)
        == encode_block(np.asfortranarray(curves))
        == encode_block(np.repeat(curves, 2, axis=0)[::2])
    )
    column = np.arange(7.0)
    assert encode_column(column) == encode_column(np.repeat(column, 2)[::2])


def test_neighbours_and_a_grid_become_much_smaller():
    assert len(encode_block(neighbours(500, 30))) < 0.5 * 4 * 500 * 30
    grid = np.round(np.repeat(np.arange(-47, -34, 0.1), 10), 1)
    assert len(encode_column(grid)) < 0.2 * grid.nbytes


@given(st.binary(max_size=60), st.integers(0, 4))
@settings(max_examples=200)
def test_noise_with_a_good_checksum_ends_in_values_or_in_our_error(payload: bytes, method: int):
    """Whatever the payload: never a fault of another kind, and never a panic of the compressor."""
    blob = framed(BLOCK_VERSION, method, payload)
    for read in (lambda: decode_block(blob, 2), lambda: decode_column(blob, "<u4")):
        try:
            found = read()
        except CodecError:
            continue
        assert found.size * 4 >= 0
