"""A frame of a chunk file: the curves of one site, packed by docs/reference/stream-format.md."""

from __future__ import annotations

import zlib
from math import prod

import numpy as np
from numpy.typing import NDArray

SIZE_BYTES = 4  # of the number that says how large the packed part is
LOW_BYTES = 3  # of a value, which do not compress


def unpack_frame(frame: bytes, shape: tuple[int, ...]) -> NDArray[np.float32]:
    """Unpack a frame bit for bit.

    Args:
        frame: of one site.
        shape: (K, M, L) of its curves.

    Returns:
        float32 of this shape.

    Raises:
        ValueError: it is no frame of this shape.
    """
    n_values = prod(shape)
    n_mask = -(-n_values // 8)
    packed = int.from_bytes(frame[:SIZE_BYTES], "little")
    inflate = zlib.decompressobj()
    try:
        raw = inflate.decompress(frame[SIZE_BYTES : SIZE_BYTES + packed], n_mask + n_values + 1)
    except zlib.error as error:
        raise ValueError("its packed part is damaged") from error
    low = np.frombuffer(frame, np.uint8)[SIZE_BYTES + packed :]
    n_kept = len(raw) - n_mask
    if not inflate.eof or inflate.unused_data or n_kept < 0 or len(low) != LOW_BYTES * n_kept:
        raise ValueError("its parts are of other sizes")
    mask = np.unpackbits(np.frombuffer(raw, np.uint8, n_mask), count=n_values).view(np.bool_)
    if np.count_nonzero(mask) != n_kept:
        raise ValueError("it has more values than it says, or fewer")
    kept = np.empty((n_kept, LOW_BYTES + 1), np.uint8)
    kept[:, LOW_BYTES] = np.frombuffer(raw, np.uint8, offset=n_mask)
    for place in range(LOW_BYTES):  # faster than all three at once
        kept[:, place] = low[place::LOW_BYTES]
    values = np.zeros(n_values, "<f4")
    values[mask] = kept.reshape(-1).view("<f4")
    return values.reshape(shape)
