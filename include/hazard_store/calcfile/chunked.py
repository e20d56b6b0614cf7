"""Curves that HDF5 keeps in chunks: where each lies, and how one is unpacked within bounds.

HDF5's own unpacking makes its buffer as large as the packed bytes say, whatever the chunk's shape
is; here a chunk can become what its shape says, and no more.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from math import prod

import h5py
import numpy as np
from numpy.typing import NDArray

from hazard_store.ahead import map_ahead
from hazard_store.calcfile.fletcher import fletcher32
from hazard_store.calcfile.lzf import LZF, is_h5py_pipeline, unpack_lzf
from hazard_store.calcfile.lzf import MAX_CHUNK_BYTES as MAX_LZF_BYTES
from hazard_store.errors import BadCalculation
from hazard_store.files.open import VersionedFile

DEFLATE, SHUFFLE, FLETCHER = 1, 2, 3  # HDF5's numbers of its filters
MAX_CHUNK_BYTES = 256 << 20
MANY_CHUNKS, MANY_CHUNK_BYTES = 8000, 4 << 10  # more chunks than that hold at least so much each:
# finding, reading and checking one takes 0.1 ms, whatever is in it
MAX_GROWTH, MAX_OVERHEAD = 1.1, 256  # of a chunk that cannot be packed
MAX_RATIO, LARGE_RATIO, LARGE_BYTES = 1000, 200, 1_000_000_000  # unpacked to stored
AHEAD_BYTES = 64 << 20  # of chunks that are unpacked before they are asked for
REPACK = "repack it with `h5repack -l CONTI -f NONE IN.hdf5 OUT.hdf5`"
ITEM = 4  # bytes of a value

Grid = tuple[int, int, int, int]
Bytes = bytes | memoryview


@dataclass(frozen=True)
class Chunks:
    """The chunks of one dataset (N, K, M, L), in the order of the grid, levels fastest."""

    shape: Grid  # of the dataset
    chunk: Grid  # the shape of a chunk; those at the edges hold more than the dataset
    filters: tuple[int, ...]  # in the order in which they were applied
    offsets: NDArray[np.uint64]  # (n,) first byte in the file
    sizes: NDArray[np.uint64]  # (n,) bytes in the file
    skipped: NDArray[np.uint32]  # (n,) a bit for each filter that was not applied

    @property
    def grid(self) -> Grid:
        """How many chunks there are along each axis."""
        return grid_of(self.shape, self.chunk)

    @property
    def chunk_bytes(self) -> int:
        """Bytes of an unpacked chunk."""
        return prod(self.chunk) * ITEM


def grid_of(shape: Grid, chunk: Grid) -> Grid:
    """Return how many chunks there are along each axis."""
    n, k, m, levels = (-(-a // b) for a, b in zip(shape, chunk, strict=True))
    return n, k, m, levels


@dataclass(frozen=True)
class Box:
    """An unpacked chunk without what lies beyond the dataset: values, and where they begin."""

    origin: Grid
    poes: NDArray[np.float32]  # (n, k, m, l)


def find_chunks(uri: str, dataset: h5py.Dataset, file_size: int) -> Chunks:
    """Return where the chunks of a dataset lie; reads nothing of them.

    Raises:
        BadCalculation: chunks are missing, too large, or packed in a way that is not read here.
    """
    name = dataset.name.strip("/")
    filters = _filters_of(uri, name, dataset)
    shape: Grid = tuple(map(int, dataset.shape))  # type: ignore[assignment]
    chunk: Grid = tuple(map(int, dataset.chunks))  # type: ignore[assignment]
    chunk_bytes, unpacked = prod(chunk) * ITEM, prod(shape) * ITEM
    most = MAX_LZF_BYTES if LZF in filters else MAX_CHUNK_BYTES
    if chunk_bytes > most:
        raise BadCalculation(
            uri,
            f"its {name} has chunks of {chunk_bytes:,} bytes, and at most {most:,} are read: "
            f"{REPACK}",
        )
    expected = prod(grid_of(shape, chunk))
    if expected > MANY_CHUNKS + unpacked // MANY_CHUNK_BYTES:
        raise BadCalculation(
            uri,
            f"its {name} is cut into {expected:,} chunks of {chunk_bytes:,} bytes, which take too "
            f"long to read: {REPACK}",
        )
    written = dataset.id.get_num_chunks()
    if written != expected:
        raise BadCalculation(
            uri,
            f"{expected - written:,} of the {expected:,} chunks of its {name} were never written; "
            "run the calculation again, or copy it again",
        )
    table = _table_of(dataset, shape, chunk)
    if not np.array_equal(table[:, 0], np.arange(expected)):
        raise BadCalculation(uri, f"the chunks of its {name} overlap; copy it again")
    _check_sizes(uri, name, table, chunk_bytes, unpacked, file_size)
    skipped = table[:, 3].astype(np.uint32)
    return Chunks(shape, chunk, filters, table[:, 1], table[:, 2], skipped)


def _filters_of(uri: str, name: str, dataset: h5py.Dataset) -> tuple[int, ...]:
    """Return the filters of a dataset, in the order in which they were applied."""
    properties = dataset.id.get_create_plist()
    filters = tuple(properties.get_filter(i)[0] for i in range(properties.get_nfilters()))
    known = set(filters) <= {DEFLATE, SHUFFLE, FLETCHER} and len(set(filters)) == len(filters)
    if not known and not (LZF in filters and is_h5py_pipeline(filters)):
        named = ", ".join(
            properties.get_filter(i)[3].decode("ascii", "replace") or str(number)
            for i, number in enumerate(filters)
        )
        raise BadCalculation(
            uri, f"its {name} is packed with {named}, which is not read here: {REPACK}"
        )
    return filters


def _table_of(dataset: h5py.Dataset, shape: Grid, chunk: Grid) -> NDArray[np.uint64]:
    """Return (n, 4): number in the grid, first byte, bytes and skipped filters of each chunk."""
    grid, found = grid_of(shape, chunk), []

    def note(info: h5py.h5d.StoreInfo) -> None:
        place = tuple(o // c for o, c in zip(info.chunk_offset, chunk, strict=True))
        number = int(np.ravel_multi_index(place, grid))
        found.append((number, info.byte_offset, info.size, info.filter_mask))

    dataset.id.chunk_iter(note)
    found.sort()
    return np.array(found, np.uint64).reshape(-1, 4)


def _check_sizes(
    uri: str,
    name: str,
    table: NDArray[np.uint64],
    chunk_bytes: int,
    unpacked: int,
    file_size: int,
) -> None:
    """Refuse chunks that cannot be what their shape says."""
    offsets, sizes = table[:, 1], table[:, 2]
    if (offsets + sizes > file_size).any() or (sizes > file_size).any():
        raise BadCalculation(uri, f"its {name} goes beyond the end of the file; copy it again")
    if (sizes > chunk_bytes * MAX_GROWTH + MAX_OVERHEAD).any():
        raise BadCalculation(uri, f"a chunk of its {name} is larger packed than not; copy it again")
    stored = int(sizes.sum())
    if unpacked > MAX_RATIO * stored or (
        unpacked > LARGE_RATIO * stored and unpacked > LARGE_BYTES
    ):
        raise BadCalculation(
            uri,
            f"its {name} is packed {unpacked // max(1, stored):,}-fold, to {stored:,} bytes for "
            f"{unpacked:,}, which no hazard curves are; copy it again",
        )


def boxes(
    file: VersionedFile, chunks: Chunks, sids: NDArray[np.intp] | None = None
) -> Iterator[Box]:
    """Yield chunks, unpacked once each, in the order of the grid.

    Args:
        file: its bytes.
        chunks: of one dataset.
        sids: (n,) sites: those chunks that have one of them; None: all.

    Raises:
        BadCalculation: a chunk is not what its shape says.
    """

    def unpacked(place: tuple[int, ...]) -> Box:
        return _box(file, chunks, place)

    grid = chunks.grid
    rows = range(grid[0]) if sids is None else np.unique(sids // chunks.chunk[0]).tolist()
    places = product(rows, *(range(length) for length in grid[1:]))
    ahead = min(4, AHEAD_BYTES // chunks.chunk_bytes)
    if not ahead:
        return map(unpacked, places)
    return map_ahead(unpacked, places, threads=2, ahead=ahead, name="chunks")


def _box(file: VersionedFile, chunks: Chunks, place: tuple[int, ...]) -> Box:
    number = int(np.ravel_multi_index(place, chunks.grid))
    start, size = int(chunks.offsets[number]), int(chunks.sizes[number])
    packed = file.read(start, start + size)
    poes = _unpacked(packed, chunks, int(chunks.skipped[number]))
    if poes is None:
        raise BadCalculation(
            file.version.uri,
            f"the chunk of its curves at byte {start:,} cannot be unpacked: it is damaged; copy "
            "the file again",
        )
    origin: Grid = tuple(p * c for p, c in zip(place, chunks.chunk, strict=True))  # type: ignore[assignment]
    inside = tuple(slice(0, s - o) for s, o in zip(chunks.shape, origin, strict=True))
    return Box(origin, poes[inside])


def _unpacked(packed: bytes, chunks: Chunks, skipped: int) -> NDArray[np.float32] | None:
    """Return a chunk's values, float32 of its shape; None where the bytes are not that."""
    if LZF in chunks.filters and not skipped:
        return unpack_lzf(packed, chunks.chunk, chunks.filters)
    content: Bytes | None = packed
    for index, number in reversed(list(enumerate(chunks.filters))):
        if content is not None and not skipped >> index & 1:
            content = _UNDO[number](content, chunks.chunk_bytes)
    if content is None or len(content) != chunks.chunk_bytes:
        return None
    return np.frombuffer(content, "<f4").reshape(chunks.chunk)


def _check(content: Bytes, _: int) -> Bytes | None:
    """Return what a checksum follows, where it is right."""
    told, stored = content[:-ITEM], int.from_bytes(content[-ITEM:], "little")
    return told if len(content) >= ITEM and fletcher32(bytes(told)) == stored else None


def _inflate(content: Bytes, size: int) -> Bytes | None:
    """Return what was deflated, at most a chunk and a checksum."""
    inflate = zlib.decompressobj()
    try:
        found = inflate.decompress(content, size + ITEM + 1)
    except zlib.error:
        return None
    return found if inflate.eof else None


def _unshuffle(content: Bytes, _: int) -> Bytes | None:
    """Return values of which the first bytes came first, then the second ..."""
    if len(content) % ITEM:
        return None
    planes = np.frombuffer(content, np.uint8).reshape(ITEM, -1)
    values = np.empty((planes.shape[1], ITEM), np.uint8)
    for place, plane in enumerate(planes):  # a quarter of the time of a transposed copy
        values[:, place] = plane
    return values.reshape(-1).data  # no copy: a chunk may be large


_UNDO = {FLETCHER: _check, DEFLATE: _inflate, SHUFFLE: _unshuffle}
