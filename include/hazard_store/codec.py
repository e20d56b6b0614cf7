"""Curves <-> bytes, without loss: every float32 comes back bit for bit (docs/reference/codec.md).

A blob is six bytes of header and a payload::

    0      version of the encoded bytes, 1
    1      method: 0 raw, 1 pcodec of deltas
    2..5   CRC-32 of version, method and payload, little-endian
    6..    payload

Any change of the bytes that `encode` makes, a new release of the compressor included, is a new
version; golden files hold that line.
"""

from __future__ import annotations

import struct
import zlib

import numpy as np
from numpy.typing import NDArray
from pcodec import ChunkConfig, DeltaSpec, ModeSpec, standalone

VERSION = 1
RAW, DELTA_PCODEC = 0, 1
HEADER = struct.Struct("<BBI")

# Measured (benchmarks/codec.py): level 8 saves another 1 % and costs half the speed.
_PCODEC = ChunkConfig(
    compression_level=6, delta_spec=DeltaSpec.no_op(), mode_spec=ModeSpec.classic()
)


class CodecError(ValueError):
    """The bytes are not a blob of ours, or not whole."""


def max_encoded_bytes(n_values: int) -> int:
    """Return the most bytes that `encode` can make of so many values."""
    return HEADER.size + 4 * n_values


def encode(curves: NDArray[np.float32]) -> bytes:
    """Pack the curves of some rows.

    Args:
        curves: float32 (K, M, L), K consecutive rows of one site.
    """
    bits = _bits(curves)
    payload, method = standalone.simple_compress(deltas(curves).ravel(), _PCODEC), DELTA_PCODEC
    if len(payload) >= bits.nbytes:
        payload, method = bits.tobytes(), RAW
    return bytes(HEADER.pack(VERSION, method, _checksum(method, payload)) + payload)


def decode(blob: bytes, n_imts: int, n_levels: int) -> NDArray[np.float32]:
    """Unpack what `encode` packed.

    Returns:
        float32 (K, M, L); K follows from the blob.

    Raises:
        CodecError: the blob was altered, cut short, or made by a newer version.
    """
    method, payload = _open(blob)
    if method == RAW:
        if len(payload) % 4:
            raise CodecError("its payload is not whole")
        bits = np.frombuffer(payload, "<u4")
    else:
        bits = _decompress(payload)
    if bits.size == 0 or bits.size % (n_imts * n_levels):
        raise CodecError(f"{bits.size} values are not rows of {n_imts} x {n_levels}")
    bits = bits.reshape(-1, n_imts, n_levels)
    if method == DELTA_PCODEC:
        bits = np.cumsum(np.cumsum(bits, axis=1, dtype="u4"), axis=2, dtype="u4")
    return bits.view("<f4").astype(np.float32, copy=False)


def holds(blob: bytes, curves: NDArray[np.float32], their_deltas: NDArray[np.uint32]) -> bool:
    """Tell whether a blob holds these curves, bit for bit; cheaper than unpacking it.

    Args:
        blob: what `encode` packed.
        curves: float32 (K, M, L).
        their_deltas: uint32 (K, M, L), the `deltas` of the curves.

    Raises:
        CodecError: the blob was altered, cut short, or made by a newer version.
    """
    method, payload = _open(blob)
    if method == RAW:
        return payload == _bits(curves).tobytes()
    return np.array_equal(_decompress(payload), their_deltas.ravel())


def deltas(curves: NDArray[np.float32]) -> NDArray[np.uint32]:
    """Return what is compressed: differences of the float bits along levels, then along IMTs.

    Curves fall slowly with the level and look alike from one IMT to the next, and so do the bits
    of floats of one sign; the differences, modulo 2**32, are small numbers, which pcodec packs
    tightly.

    Args:
        curves: float32 (K, M, L), any rows; each row is on its own.

    Returns:
        uint32 (K, M, L).
    """
    bits = _bits(curves)
    along_levels = bits.copy()
    along_levels[:, :, 1:] -= bits[:, :, :-1]
    along_imts = along_levels.copy()
    along_imts[:, 1:] -= along_levels[:, :-1]
    return along_imts


def _bits(curves: NDArray[np.float32]) -> NDArray[np.uint32]:
    return np.ascontiguousarray(curves, dtype="<f4").view("<u4")


def _open(blob: bytes) -> tuple[int, bytes]:
    """Return method and payload of a blob that is whole."""
    if len(blob) < HEADER.size:
        raise CodecError("shorter than its header")
    version, method, checksum = HEADER.unpack_from(blob)
    payload = blob[HEADER.size :]
    if version != VERSION:
        raise CodecError(f"codec version {version} is not known here")
    if _checksum(method, payload) != checksum:
        raise CodecError("the checksum does not match")
    if method not in (RAW, DELTA_PCODEC):
        raise CodecError(f"method {method} is not known here")
    return method, payload


def _checksum(method: int, payload: bytes) -> int:
    return zlib.crc32(payload, zlib.crc32(bytes((VERSION, method))))


def _decompress(payload: bytes) -> NDArray[np.uint32]:
    try:
        bits = standalone.simple_decompress(payload)
    except RuntimeError as error:
        raise CodecError(str(error)) from error
    if bits is None or bits.dtype != np.uint32:
        raise CodecError("its payload is not of 32-bit integers")
    return np.asarray(bits, "<u4")
