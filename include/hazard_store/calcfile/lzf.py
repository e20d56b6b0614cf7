"""Chunks that h5py packed with LZF: unpacked by h5py itself, in memory.

LZF makes of three bytes at most 264, so a bound on the chunk bounds what it takes.
"""

from __future__ import annotations

import threading

import h5py
import numpy as np
from numpy.typing import NDArray

LZF = 32000  # HDF5's number of the filter
MAX_CHUNK_BYTES = 4 << 20  # h5py chooses at most 1 MB

_lock = threading.Lock()


def is_h5py_pipeline(filters: tuple[int, ...]) -> bool:
    """Tell whether these are LZF and its companions in the order in which h5py applies them."""
    with _memory() as h5:
        return filters == _filters(_dataset(h5, (1, 1, 1, 1), filters))


def unpack_lzf(
    packed: bytes, chunk: tuple[int, int, int, int], filters: tuple[int, ...]
) -> NDArray[np.float32] | None:
    """Return the values, float32 of its shape, of a chunk to which all filters were applied.

    None where the bytes are not that.
    """
    with _lock, _memory() as h5:
        dataset = _dataset(h5, chunk, filters)
        dataset.id.write_direct_chunk((0, 0, 0, 0), packed)
        try:
            found: NDArray[np.float32] = dataset[()]
        except OSError:
            return None
    return found


def _memory() -> h5py.File:
    return h5py.File("chunk", "w", driver="core", backing_store=False)


def _dataset(
    h5: h5py.File, chunk: tuple[int, int, int, int], filters: tuple[int, ...]
) -> h5py.Dataset:
    return h5.create_dataset(
        "chunk",
        shape=chunk,
        chunks=chunk,
        dtype="<f4",
        compression="lzf",
        shuffle=2 in filters,
        fletcher32=3 in filters,
    )


def _filters(dataset: h5py.Dataset) -> tuple[int, ...]:
    properties = dataset.id.get_create_plist()
    return tuple(properties.get_filter(i)[0] for i in range(properties.get_nfilters()))
