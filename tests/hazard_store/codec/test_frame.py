"""The frame of a blob: what is whole, what is damaged, and what a newer release has made."""

from __future__ import annotations

import pickle
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hazard_store import codec
from hazard_store.codec import CodecError, frame
from hazard_store.codec.frame import framed, opened

READERS = [
    lambda blob: codec.decode(blob, 2, 3),
    lambda blob: codec.decode_block(blob, 3),
    lambda blob: codec.decode_column(blob, "<f8"),
]


@given(st.integers(0, frame.NEWEST), st.integers(0, 255), st.binary(max_size=50))
def test_what_was_framed_is_opened(version: int, method: int, payload: bytes):
    blob = framed(version, method, payload)
    assert (method, payload) == opened(blob, version, (method,))
    with pytest.raises(CodecError, match="is not known here"):
        opened(blob, version, (method + 1,))


def test_a_frame_is_as_it_is_documented():
    checksum = struct.pack("<I", zlib.crc32(b"\x02\x07payload"))
    assert b"\x02\x07" + checksum + b"payload" == framed(2, 7, b"payload")


@pytest.mark.parametrize("read", READERS)
def test_a_newer_version_is_not_guessed_at(read):
    """It is whole, so it is told from one that is damaged, whoever reads it."""
    newer = framed(codec.NEWEST + 1, 7, b"payload")
    with pytest.raises(codec.NewerCodec, match="version 3"):
        read(newer)
    with pytest.raises(CodecError, match="checksum"):
        read(newer[:-1])
    assert not issubclass(codec.NewerCodec, CodecError)


def test_what_is_known_or_damaged_is_told_without_reading_it():
    codec.require_known(framed(codec.NEWEST, 9, b"payload"))
    newer = framed(codec.NEWEST + 1, 7, b"payload")
    with pytest.raises(codec.NewerCodec):
        codec.require_known(newer)
    for damaged in (newer[:-1], newer + b"x", b"", b"\xff"):
        codec.require_known(damaged)


@pytest.mark.parametrize("read", READERS)
def test_a_damaged_version_byte_is_damage(read):
    """Whatever version it says then."""
    for blob in (
        codec.encode(np.zeros((1, 2, 3), np.float32)),
        codec.encode_block(np.zeros((2, 3), np.float32)),
        codec.encode_column(np.arange(4.0)),
    ):
        for version in set(range(256)) - {blob[0]}:
            with pytest.raises(CodecError, match="checksum"):
                read(bytes([version]) + blob[1:])


def test_a_blob_of_another_kind_is_refused():
    with pytest.raises(CodecError, match="is not for this"):
        codec.decode(codec.encode_block(np.zeros((2, 3), np.float32)), 2, 3)
    with pytest.raises(CodecError, match="is not for this"):
        codec.decode_block(codec.encode(np.zeros((1, 2, 3), np.float32)), 3)


def test_what_is_shorter_than_its_header_is_refused():
    for length in range(frame.HEADER.size):
        with pytest.raises(CodecError, match="shorter"):
            opened(framed(1, 0, b"")[:length], 1, (0,))


def test_the_error_of_a_newer_version_comes_back_from_another_process():
    error = codec.NewerCodec(9)
    again = pickle.loads(pickle.dumps(error))
    assert (9, str(error)) == (again.version, str(again))
