"""The frame of a blob: six bytes of header and a payload.

::

    0      version of the encoded bytes
    1      method, as the version has it; 0 is raw in all
    2..5   CRC-32 of version, method and payload, little-endian
    6..    payload

The frame is the same in every version, so that what a newer release has written is told from what
is damaged. Any change of the bytes that are made, a new release of the compressor included, is a
new version; golden files hold that line.
"""

from __future__ import annotations

import struct
import zlib

import numpy as np
from numpy.typing import DTypeLike, NDArray
from pcodec import standalone

NEWEST = 2  # the highest version that is known here
RAW = 0
HEADER = struct.Struct("<BBI")


class CodecError(ValueError):
    """The bytes are not a blob of ours, or not whole."""


class NewerCodec(ValueError):
    """The bytes are whole, and of a version that only a newer release knows."""

    def __init__(self, version: int) -> None:
        super().__init__(version)  # keeps the error picklable
        self.version = version

    def __str__(self) -> str:
        return f"codec version {self.version}; this release knows those up to {NEWEST}"


def max_encoded_bytes(n_values: int) -> int:
    """Return the most bytes that so many 32-bit values can take."""
    return HEADER.size + 4 * n_values


def framed(version: int, method: int, payload: bytes) -> bytes:
    """Return a payload in its frame."""
    return bytes(HEADER.pack(version, method, _checksum(version, method, payload)) + payload)


def require_known(blob: bytes) -> None:
    """Refuse what is whole and was made by a newer release; what is damaged may pass.

    Raises:
        NewerCodec: a newer release made it.
    """
    if len(blob) < HEADER.size:
        return
    found, method, checksum = HEADER.unpack_from(blob)
    if found > NEWEST and _checksum(found, method, blob[HEADER.size :]) == checksum:
        raise NewerCodec(found)


def opened(blob: bytes, version: int, methods: tuple[int, ...]) -> tuple[int, bytes]:
    """Return method and payload of a blob that is whole and of a version.

    Raises:
        CodecError: it was altered, cut short, or is of another version.
        NewerCodec: a newer release made it.
    """
    if len(blob) < HEADER.size:
        raise CodecError("shorter than its header")
    found, method, checksum = HEADER.unpack_from(blob)
    payload = blob[HEADER.size :]
    if _checksum(found, method, payload) != checksum:
        raise CodecError("the checksum does not match")
    if found > NEWEST:
        raise NewerCodec(found)
    if found != version:
        raise CodecError(f"codec version {found} is not for this")
    if method not in methods:
        raise CodecError(f"method {method} is not known here")
    return method, payload


def _checksum(version: int, method: int, payload: bytes) -> int:
    return zlib.crc32(payload, zlib.crc32(bytes((version, method))))


def decompressed(payload: bytes, dtype: DTypeLike) -> NDArray[np.generic]:
    """Return the numbers that pcodec packed.

    Raises:
        CodecError: they are none, or of another type.
    """
    try:
        found = standalone.simple_decompress(payload)
    except RuntimeError as error:
        raise CodecError(str(error)) from error
    if found is None or found.dtype != np.dtype(dtype):
        raise CodecError(f"its payload is not of {np.dtype(dtype)}")
    return np.asarray(found)
