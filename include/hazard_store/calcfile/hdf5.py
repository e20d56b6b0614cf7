"""HDF5 over the bytes of a source; the one place where its errors become ours.

One way for local and remote files: no file locks, which read-only mounts refuse, and one behaviour.
h5py is only open while metadata is read: left open at exit, its file-object driver crashes Python.
"""

from __future__ import annotations

import io
import re
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

import h5py
import numpy as np

from hazard_store.calcfile.local import BEING_WRITTEN
from hazard_store.calcfile.source import Source
from hazard_store.errors import BadCalculation, HazardStoreError

SIGNATURE = b"\x89HDF\r\n\x1a\n"
PAGE = 256 << 10  # bytes of one request: opening takes one to three (benchmarks/read_s3.py)
PAGES = 64  # kept at once
MAX_ELEMENTS = 20_000_000  # of one metadata array: more is a damaged header, not a calculation
UNREADABLE = (
    OSError,
    KeyError,
    ValueError,
    TypeError,
    RuntimeError,
    AttributeError,
    IndexError,
    OverflowError,
    MemoryError,
    SyntaxError,
    struct.error,
)


class SourceFile(io.RawIOBase):
    """A source as the seekable file that h5py asks for.

    HDF5 reads its metadata in small bits, back and forth: whole pages are fetched and kept.
    h5py may swallow what a read raises: `error` keeps the first of ours for the caller.
    """

    def __init__(self, source: Source) -> None:
        super().__init__()
        self._source, self._size, self._position = source, source.version.size, 0
        self._page = lru_cache(PAGES)(self._fetch)
        self.error: HazardStoreError | None = None

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def seekable(self) -> bool:
        """Say that it can be read at any place."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move to a place and return it."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}
        self._position = base[whence] + offset
        return self._position

    def tell(self) -> int:
        """Return the place."""
        return self._position

    def readinto(self, buffer: Any) -> int:
        """Fill a buffer from the place on, all of it: h5py takes a short read for a whole one."""
        count = max(0, min(len(buffer), self._size - self._position))
        done = 0
        while done < count:
            number, start = divmod(self._position, PAGE)
            part = self._page(number)[start : start + count - done]
            buffer[done : done + len(part)] = part
            done += len(part)
            self._position += len(part)
        return done

    def _fetch(self, number: int) -> bytes:
        """Return a page; after a failure nothing is asked for any more."""
        try:
            if self.error is not None:
                raise self.error
            return self._source.read(number * PAGE, min((number + 1) * PAGE, self._size))
        except HazardStoreError as error:
            self.error = error
            raise OSError(str(error)) from error


@contextmanager
def hdf5_file(source: Source) -> Iterator[h5py.File]:
    """Open a source as HDF5; within the block whatever h5py raises becomes BadCalculation.

    Raises:
        BadCalculation: not HDF5, truncated, being written or damaged.
    """
    raw = SourceFile(source)
    try:
        _check_superblock(source.version.uri, raw)
        with h5py.File(raw, "r") as h5:
            yield h5
    except HazardStoreError:
        if raw.error is not None:
            raise raw.error from None
        raise
    except UNREADABLE as error:
        if raw.error is not None:
            raise raw.error from None
        raise BadCalculation(source.version.uri, _reason(error)) from error
    if raw.error is not None:
        raise raw.error


def _check_superblock(uri: str, raw: SourceFile) -> None:
    """Look at the first bytes: HDF5 leaves out its own check of these flags for file objects."""
    start = raw.read(12) or b""
    if not start:
        raise BadCalculation(uri, "it is empty; copy it again")
    if not start.startswith(SIGNATURE) or len(start) < 12:
        raise BadCalculation(uri, "it is not an HDF5 file; name a calc_N.hdf5 of the engine")
    version, flags = start[8], start[11]
    if version >= 3 and flags:
        raise BadCalculation(uri, BEING_WRITTEN)


def _reason(error: BaseException) -> str:
    text = " ".join(str(error).split())
    cut = re.search(r"truncated file: eof = (\d+).* stored_eof = (\d+)", text)
    if cut:
        return f"it is truncated: {cut[1]} of {cut[2]} bytes are there; copy it again"
    return f"its HDF5 structure is damaged ({type(error).__name__}: {text[:200]}); copy it again"


def member(uri: str, group: h5py.Group, name: str) -> Any:
    """Return a dataset or group by name, or None; a link into another file is refused."""
    link = group.get(name, getlink=True)
    if link is None:
        return None
    if not isinstance(link, h5py.HardLink):
        raise BadCalculation(uri, f"its {name} is a link, which the engine never writes")
    return group[name]


def values(uri: str, dataset: Any, name: str) -> Any:
    """Return a metadata dataset as an array, if it has a plausible size and is in this file."""
    if not isinstance(dataset, h5py.Dataset):
        raise BadCalculation(uri, f"its {name} is not a dataset, so the engine did not write it")
    if dataset.is_virtual or dataset.external:
        raise BadCalculation(uri, f"its {name} lies in another file, which the engine never does")
    if dataset.size is None or dataset.size > MAX_ELEMENTS:
        raise BadCalculation(uri, f"its {name} has the impossible shape {dataset.shape}")
    return dataset[()]


def text(value: Any) -> str:
    """Return a string of the file, which h5py gives as bytes or str."""
    return value.decode() if isinstance(value, bytes) else str(value)


def plain(value: Any) -> Any:
    """Return a value of the file as str, float, int or bool."""
    if isinstance(value, bytes):
        return value.decode()
    return value.item() if isinstance(value, np.generic) else value
