"""Version 1: the curves of some rows of one site.

Methods: 0 raw, 1 pcodec of differences.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pcodec import ChunkConfig, DeltaSpec, ModeSpec, standalone

from hazard_store.codec.frame import RAW, CodecError, decompressed, framed, opened

VERSION = 1
DELTA_PCODEC = 1

# Measured (benchmarks/codec.py): level 8 saves another 1 % and costs half the speed.
PCODEC = ChunkConfig(
    compression_level=6, delta_spec=DeltaSpec.no_op(), mode_spec=ModeSpec.classic()
)


def encode(curves: NDArray[np.float32]) -> bytes:
    """Pack the curves of some rows.

    Args:
        curves: float32 (K, M, L), K consecutive rows of one site.
    """
    bits = bits_of(curves)
    payload, method = standalone.simple_compress(deltas(curves).ravel(), PCODEC), DELTA_PCODEC
    if len(payload) >= bits.nbytes:
        payload, method = bits.tobytes(), RAW
    return framed(VERSION, method, payload)


def decode(blob: bytes, n_imts: int, n_levels: int) -> NDArray[np.float32]:
    """Unpack what `encode` packed.

    Returns:
        float32 (K, M, L); K follows from the blob.

    Raises:
        CodecError: the blob was altered or cut short.
        NewerCodec: a newer release made it.
    """
    return decode_rows([blob], n_imts, n_levels)[0]


def decode_rows(
    blobs: Sequence[bytes], n_imts: int, n_levels: int, imts: Sequence[int] | None = None
) -> list[NDArray[np.float32]]:
    """Unpack several blobs at once: summing up is cheap for many and dear for each.

    Args:
        blobs: what `encode` packed.
        n_imts: M.
        n_levels: L.
        imts: ordinals of the IMTs that are wanted, m of them; None: all.

    Returns:
        float32 (K, m, L) of each.

    Raises:
        CodecError, NewerCodec: as `decode`, of any of them.
    """
    chosen: Any = slice(None) if imts is None else list(imts)
    found: list[NDArray[np.float32]] = []
    packed: list[NDArray[np.uint32]] = []
    places: list[int] = []
    for blob in blobs:
        method, payload = opened(blob, VERSION, (RAW, DELTA_PCODEC))
        bits = _bits_in(method, payload)
        if bits.size == 0 or bits.size % (n_imts * n_levels):
            raise CodecError(f"{bits.size} values are not rows of {n_imts} x {n_levels}")
        bits = bits.reshape(-1, n_imts, n_levels)
        if method == DELTA_PCODEC:
            places.append(len(found))
            packed.append(bits)
        found.append(bits[:, chosen].view("<f4"))
    if packed:
        curves, first = _summed(packed, imts), 0
        for place, bits in zip(places, packed, strict=True):
            found[place] = curves[first : first + len(bits)]
            first += len(bits)
    return found


def _summed(
    packed: Sequence[NDArray[np.uint32]], imts: Sequence[int] | None
) -> NDArray[np.float32]:
    """Undo `deltas` of rows of several blobs, for some IMTs; those behind the last need no sums."""
    last = None if imts is None else max(imts, default=0) + 1
    bits = np.concatenate([each[:, :last] for each in packed])
    sums = np.cumsum(bits, axis=1, dtype="u4")
    if imts is not None:
        sums = sums[:, list(imts)]
    sums = np.cumsum(sums, axis=2, dtype="u4")
    return sums.view("<f4").astype(np.float32, copy=False)


def holds(blob: bytes, curves: NDArray[np.float32], their_deltas: NDArray[np.uint32]) -> bool:
    """Tell whether a blob holds these curves, bit for bit; cheaper than unpacking it.

    Args:
        blob: what `encode` packed.
        curves: float32 (K, M, L).
        their_deltas: uint32 (K, M, L), the `deltas` of the curves.

    Raises:
        CodecError, NewerCodec: as `decode`.
    """
    method, payload = opened(blob, VERSION, (RAW, DELTA_PCODEC))
    if method == RAW:
        return payload == bits_of(curves).tobytes()
    return np.array_equal(decompressed(payload, np.uint32), their_deltas.ravel())


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
    along_levels = differences(bits_of(curves), axis=2)
    return differences(along_levels, axis=1)


def differences(bits: NDArray[np.uint32], axis: int) -> NDArray[np.uint32]:
    """Return each number less the one before it along an axis, modulo 2**32; the first as it is."""
    found = bits.copy()
    before = [slice(None)] * bits.ndim
    behind = list(before)
    before[axis], behind[axis] = slice(None, -1), slice(1, None)
    found[tuple(behind)] -= bits[tuple(before)]
    return found


def bits_of(curves: NDArray[np.float32]) -> NDArray[np.uint32]:
    """Return the bits of floats as whole numbers."""
    return np.ascontiguousarray(curves, dtype="<f4").view("<u4")


def _bits_in(method: int, payload: bytes) -> NDArray[np.uint32]:
    if method == RAW:
        if len(payload) % 4:
            raise CodecError("its payload is not whole")
        return np.frombuffer(payload, "<u4")
    return decompressed(payload, np.uint32).astype("<u4", copy=False)
