"""Version 2: one statistic and one IMT at neighbouring sites, and columns of the sites themselves.

Methods: 0 raw, 1 pcodec of differences along levels, 2 along levels and then along sites,
3 pcodec of a column. Which of 1 and 2 is smaller depends on how near the sites are to each other.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import DTypeLike, NDArray
from pcodec import ChunkConfig, standalone

from hazard_store.codec.frame import RAW, CodecError, decompressed, framed, opened
from hazard_store.codec.rows import PCODEC, bits_of, differences

BLOCK_VERSION = 2
ALONG_LEVELS, ALONG_SITES, COLUMN = 1, 2, 3
_COLUMN_PCODEC = ChunkConfig()  # which finds grids of coordinates by itself


def encode_block(curves: NDArray[np.float32]) -> bytes:
    """Pack one curve at each of some sites.

    Args:
        curves: float32 (n, L), n neighbouring sites.
    """
    bits = bits_of(curves)
    along_levels = differences(bits, axis=1)
    packed = {
        ALONG_LEVELS: standalone.simple_compress(along_levels.ravel(), PCODEC),
        ALONG_SITES: standalone.simple_compress(differences(along_levels, axis=0).ravel(), PCODEC),
    }
    method = min(packed, key=lambda each: len(packed[each]))
    if len(packed[method]) >= bits.nbytes:
        return framed(BLOCK_VERSION, RAW, bits.tobytes())
    return framed(BLOCK_VERSION, method, packed[method])


def decode_block(blob: bytes, n_levels: int) -> NDArray[np.float32]:
    """Unpack what `encode_block` packed.

    Returns:
        float32 (n, L); n follows from the blob.

    Raises:
        CodecError: the blob was altered or cut short.
        NewerCodec: a newer release made it.
    """
    method, payload = opened(blob, BLOCK_VERSION, (RAW, ALONG_LEVELS, ALONG_SITES))
    bits = _raw(payload, "<u4") if method == RAW else decompressed(payload, np.uint32)
    if bits.size == 0 or bits.size % n_levels:
        raise CodecError(f"{bits.size} values are not curves of {n_levels} levels")
    bits = bits.reshape(-1, n_levels)
    if method == ALONG_SITES:
        bits = np.cumsum(bits, axis=0, dtype="u4")
    if method != RAW:
        bits = np.cumsum(bits, axis=1, dtype="u4")
    return bits.view("<f4").astype(np.float32, copy=False)


def encode_column(numbers: NDArray[np.generic]) -> bytes:
    """Pack numbers of sites: coordinates (float64), ordinals (uint32). (n,)."""
    numbers = np.ascontiguousarray(numbers)
    payload = standalone.simple_compress(numbers, _COLUMN_PCODEC)
    if len(payload) >= numbers.nbytes:
        return framed(BLOCK_VERSION, RAW, numbers.tobytes())
    return framed(BLOCK_VERSION, COLUMN, payload)


def decode_column(blob: bytes, dtype: DTypeLike) -> NDArray[np.generic]:
    """Unpack what `encode_column` packed, (n,).

    Raises:
        CodecError, NewerCodec: as `decode_block`.
    """
    method, payload = opened(blob, BLOCK_VERSION, (RAW, COLUMN))
    return _raw(payload, dtype) if method == RAW else decompressed(payload, dtype)


def _raw(payload: bytes, dtype: DTypeLike) -> NDArray[np.generic]:
    if len(payload) % np.dtype(dtype).itemsize:
        raise CodecError("its payload is not whole")
    return np.frombuffer(payload, dtype)
