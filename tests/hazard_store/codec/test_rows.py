"""Curves <-> bytes."""

from __future__ import annotations

import struct
import zlib

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from hazard_store import codec
from hazard_store.codec import CodecError, decode, encode, max_encoded_bytes

shapes = st.tuples(st.integers(1, 5), st.integers(1, 4), st.integers(1, 9))
# Every pattern of 32 bits is a float32: NaNs with payloads, infinities, -0.0 and subnormals too.
any_bits = shapes.flatmap(
    lambda shape: arrays(np.uint32, shape, elements=st.integers(0, 2**32 - 1))
)
SPECIAL = np.array(
    [
        0x00000000,
        0x80000000,
        0x00000001,
        0x807FFFFF,
        0x7F800000,
        0xFF800000,
        0x7FC00001,
        0xFFFFFFFF,
    ],
    np.uint32,
).reshape(1, 2, 4)


def curves_like_real_ones(n_rows: int, n_imts: int, n_levels: int) -> np.ndarray:
    levels = np.geomspace(1e-4, 10, n_levels)
    rng = np.random.default_rng(1)
    rate = rng.lognormal(0, 0.3, (n_rows, n_imts, 1)) * 1e-3 * levels**-1.2
    return (1 - np.exp(-rate)).astype(np.float32)


@given(any_bits)
@example(SPECIAL)
def test_every_bit_comes_back(bits: np.ndarray):
    curves = bits.view(np.float32)
    back = decode(encode(curves), *curves.shape[1:])
    assert np.float32 == back.dtype
    assert curves.shape == back.shape
    assert curves.tobytes() == back.tobytes()


@given(any_bits)
def test_a_blob_is_never_larger_than_raw_and_header(bits: np.ndarray):
    curves = bits.view(np.float32)
    assert len(encode(curves)) <= max_encoded_bytes(curves.size)


def test_incompressible_curves_stay_within_the_bound():
    curves = np.random.default_rng(3).integers(0, 2**32, (12, 27, 44), np.uint32).view(np.float32)
    blob = encode(curves)
    assert len(blob) <= max_encoded_bytes(curves.size) == 6 + 4 * curves.size
    assert curves.tobytes() == decode(blob, 27, 44).tobytes()


def test_real_curves_become_smaller():
    curves = curves_like_real_ones(12, 27, 44)
    assert len(encode(curves)) < 0.75 * curves.nbytes


def test_the_same_curves_give_the_same_bytes():
    """In any memory layout: a retry changes nothing."""
    curves = curves_like_real_ones(5, 3, 9)
    transposed = np.asfortranarray(curves)
    strided = np.repeat(curves, 2, axis=0)[::2]
    assert encode(curves) == encode(transposed) == encode(strided) == encode(curves.copy())


@given(any_bits)
@settings(max_examples=25)
def test_every_altered_bit_is_detected(bits: np.ndarray):
    """Any single bit of header or payload."""
    blob = encode(bits.view(np.float32))
    for bit in range(8 * len(blob)):
        altered = bytearray(blob)
        altered[bit // 8] ^= 1 << bit % 8
        with pytest.raises(CodecError):
            decode(bytes(altered), *bits.shape[1:])


@pytest.mark.parametrize("method", [codec.RAW, codec.DELTA_PCODEC])
def test_every_altered_bit_of_both_methods_is_detected(method: int):
    curves = curves_like_real_ones(4, 3, 8)
    if method == codec.RAW:
        rng = np.random.default_rng(5)
        curves = rng.integers(0, 2**32, (1, 2, 3), np.uint32).view(np.float32)
    blob = encode(curves)
    assert method == blob[1]
    for bit in range(8 * len(blob)):
        altered = bytearray(blob)
        altered[bit // 8] ^= 1 << bit % 8
        with pytest.raises(CodecError):
            decode(bytes(altered), *curves.shape[1:])


def test_every_truncation_is_detected():
    curves = curves_like_real_ones(4, 3, 8)
    blob = encode(curves)
    for length in range(len(blob)):
        with pytest.raises(CodecError):
            decode(blob[:length], 3, 8)
    with pytest.raises(CodecError):
        decode(blob + b"\0", 3, 8)


def test_the_shape_must_fit():
    with pytest.raises(CodecError, match="rows"):
        decode(encode(np.zeros((1, 3, 8), np.float32)), 5, 5)


@given(st.binary(max_size=200))
def test_noise_is_refused(noise: bytes):
    with pytest.raises(CodecError):
        decode(noise, 2, 3)


@given(st.binary(max_size=60), st.sampled_from([codec.RAW, codec.DELTA_PCODEC, 2, 255]))
@settings(max_examples=300)
def test_noise_with_a_good_checksum_ends_in_values_or_in_our_error(noise: bytes, method: int):
    """Whatever the payload: never a fault of another kind, and never a panic of the compressor."""
    head = bytes((codec.VERSION, method))
    checksum = zlib.crc32(noise, zlib.crc32(head))
    try:
        back = decode(head + struct.pack("<I", checksum) + noise, 1, 1)
    except CodecError:
        return
    assert back.ndim == 3
