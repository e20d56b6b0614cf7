"""A versioned file as the seekable file object that h5py wants."""

from __future__ import annotations

import io
import struct
from functools import lru_cache
from typing import Any

from hazard_store.errors import HazardStoreError
from hazard_store.files.open import VersionedFile

PAGE = 256 << 10  # bytes of one request: opening takes one to three (benchmarks/read_s3.py)
PAGES = 64  # kept at once
HEAP = b"GCOL\x01\0\0\0"  # how a collection of strings begins in HDF5
HEAP_OBJECT = struct.Struct("<HHIQ")  # index, references, reserved, length


class FileObject(io.RawIOBase):
    """A file object over a versioned file.

    HDF5 reads bits back and forth, so whole pages are fetched and kept.

    h5py may swallow what a read raises: `error` keeps the first of ours for the caller.
    """

    def __init__(self, file: VersionedFile) -> None:
        super().__init__()
        self._file, self._size, self._position = file, file.version.size, 0
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
        start = self._position
        found = self.peek_at(start, start + len(buffer))
        buffer[: len(found)] = found
        self._position += len(found)
        if found.startswith(HEAP):
            self._check_heap(start)
        return len(found)

    def peek_at(self, start: int, stop: int) -> bytes:
        """Return the bytes from `start` to `stop`, fewer at the end of the file."""
        stop = min(stop, self._size)
        numbers = range(start // PAGE, -(-stop // PAGE)) if start < stop else range(0)
        pages = [
            self._page(number)[max(0, start - number * PAGE) : stop - number * PAGE]
            for number in numbers
        ]
        return pages[0] if len(pages) == 1 else b"".join(pages)

    def _fetch(self, number: int) -> bytes:
        """Return a page; after a failure nothing is asked for any more."""
        try:
            if self.error is not None:
                raise self.error
            return self._file.read(number * PAGE, min((number + 1) * PAGE, self._size))
        except HazardStoreError as error:
            self.error = error
            raise OSError(str(error)) from error

    def _check_heap(self, start: int) -> None:
        """Refuse a collection of strings in which HDF5 would turn round for ever.

        HDF5 walks through it by the lengths of its objects. Where a copy lost bytes these are 0,
        and it stays where it is.
        """
        (length,) = struct.unpack("<Q", self.peek_at(start + 8, start + 16).ljust(8, b"\0"))
        heap = self.peek_at(start, start + min(length, self._size))
        place = 16
        while place + HEAP_OBJECT.size <= len(heap):
            index, _, _, size = HEAP_OBJECT.unpack_from(heap, place)
            step = size if index == 0 else HEAP_OBJECT.size + -(-size // 8) * 8
            if not 0 < step <= len(heap) - place:
                raise OSError(f"a collection of strings is damaged at byte {start + place}")
            place += step
