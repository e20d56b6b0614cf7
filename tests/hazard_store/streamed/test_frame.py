"""A frame is unpacked bit for bit, and nothing else is taken for one."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from hazard_store.streamed.frame import unpack_frame
from tests.support.streams import frame_bytes

SHAPE = (2, 3, 5)
BITS = st.one_of(
    st.sampled_from([0, 0x80000000, 0x7FC00001, 0x3F800000, 1]), st.integers(0, 2**32 - 1)
)


def curves_of(bits: list[int]) -> NDArray[np.float32]:
    return np.array(bits, "<u4").view("<f4").reshape(SHAPE)


@given(st.lists(BITS, min_size=30, max_size=30))
def test_every_bit_comes_back(bits: list[int]):
    """Minus zeros and NaNs too."""
    curves = curves_of(bits)
    found = unpack_frame(frame_bytes(curves), SHAPE)
    assert (SHAPE, np.float32) == (found.shape, found.dtype)
    assert curves.tobytes() == found.tobytes()


def test_curves_without_hazard_are_a_few_bytes():
    none = np.zeros((12, 27, 44), np.float32)
    frame = frame_bytes(none)
    assert len(frame) < 50
    assert not unpack_frame(frame, none.shape).any()


FRAME = frame_bytes(curves_of([0, 1065353216, 2, *range(1000, 1027)]))


@pytest.mark.parametrize(
    ("frame", "shape"),
    [
        (b"", SHAPE),
        (b"\x00\x00\x00\x00", SHAPE),
        (FRAME[:-1], SHAPE),
        (FRAME + b"abc", SHAPE),
        (b"\xff\xff\xff\xff" + FRAME[4:], SHAPE),
        (FRAME, (2, 3, 6)),
        (FRAME, (2, 3, 4)),
        (FRAME, (1, 1, 1)),
    ],
)
def test_what_is_no_frame_of_this_shape_is_refused(frame: bytes, shape: tuple[int, int, int]):
    with pytest.raises(ValueError, match=r"its|it has"):
        unpack_frame(frame, shape)


def test_no_altered_byte_of_the_packed_part_is_overlooked():
    """What follows it is held by the checksum that stands beside the frame."""
    seeded = random.Random(1)
    packed = int.from_bytes(FRAME[:4], "little")
    for place in range(4 + packed):
        altered = bytearray(FRAME)
        altered[place] ^= seeded.randint(1, 255)
        try:
            found = unpack_frame(bytes(altered), SHAPE)
        except ValueError:
            continue
        assert found.tobytes() == unpack_frame(FRAME, SHAPE).tobytes()
