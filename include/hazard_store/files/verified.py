"""A file whose bytes are held against the checksums that its inspection kept.

Size and time of change do not tell of a file that was overwritten in place, and an ETag not of a
bit that fell over on the way. Each block is read whole and checked the first time that one of its
bytes is wanted.
"""

from __future__ import annotations

import zlib
from collections import OrderedDict
from threading import Lock
from typing import NoReturn

import numpy as np
from numpy.typing import NDArray

from hazard_store.errors import BadCalculation
from hazard_store.files.open import VersionedFile

BLOCK = 1 << 20  # bytes of the file that share a checksum; stored checksums depend on it
KEPT = 8  # blocks: neighbours are often wanted next


class Checksums:
    """Makes the checksums of a file whose bytes pass by in order."""

    def __init__(self) -> None:
        self._done: list[int] = []
        self._crc, self._left = 0, BLOCK

    def add(self, content: bytes) -> None:
        """Take the next bytes."""
        rest = memoryview(content)
        while len(rest):
            part, rest = rest[: self._left], rest[self._left :]
            self._crc = zlib.crc32(part, self._crc)
            self._left -= len(part)
            if not self._left:
                self._done.append(self._crc)
                self._crc, self._left = 0, BLOCK

    def all(self) -> NDArray[np.uint32]:
        """Return (n,) CRC-32 of the file's blocks; the last may be short."""
        rest = [] if self._left == BLOCK else [self._crc]
        return np.array(self._done + rest, np.uint32)


class VerifiedFile:
    """A versioned file of which no byte is given that its inspection did not see."""

    def __init__(self, file: VersionedFile, checksums: NDArray[np.uint32]) -> None:
        self._file, self._checksums = file, checksums
        self.version = file.version
        self._checked = np.zeros(len(checksums), bool)
        self._kept: OrderedDict[int, memoryview] = OrderedDict()
        self._lock = Lock()

    def read(self, start: int, stop: int) -> bytes:
        """Return the bytes `start` to `stop`.

        Raises:
            BadCalculation: they are not those that were inspected.
        """
        if start >= stop:
            return b""
        first, last = start // BLOCK, (stop - 1) // BLOCK
        if first == last and (kept := self._kept.get(first)) is not None:
            return bytes(kept[start - first * BLOCK : stop - first * BLOCK])
        if self._checked[first : last + 1].all():
            return self._file.read(start, stop)
        content = self._read_blocks(first, last)
        if any(self._is_other(number, content, first) for number in range(first, last + 1)):
            content = self._read_blocks(first, last)  # a bit may have fallen over on the way
            for number in range(first, last + 1):
                if self._is_other(number, content, first):
                    self._refuse(number)
        self._keep(first, last, content)
        return bytes(content[start - first * BLOCK : stop - first * BLOCK])

    def close(self) -> None:
        """Close the file; a second call does nothing."""
        self._kept.clear()
        self._file.close()

    def for_child(self) -> VersionedFile:
        """Return it for a forked process."""
        return VerifiedFile(self._file.for_child(), self._checksums)

    def _read_blocks(self, first: int, last: int) -> memoryview:
        stop = min((last + 1) * BLOCK, self.version.size)
        return memoryview(self._file.read(first * BLOCK, stop))

    def _is_other(self, number: int, content: memoryview, first: int) -> bool:
        """Tell whether a block is not the one that was inspected."""
        block = content[(number - first) * BLOCK : (number - first + 1) * BLOCK]
        return number >= len(self._checksums) or zlib.crc32(block) != self._checksums[number]

    def _refuse(self, number: int) -> NoReturn:
        start, stop = number * BLOCK, min((number + 1) * BLOCK, self.version.size)
        raise BadCalculation(
            self.version.uri,
            f"its bytes {start:,} to {stop:,} are not those that were inspected: it was "
            "overwritten meanwhile, or changed on the way; store it anew",
        )

    def _keep(self, first: int, last: int, content: memoryview) -> None:
        """Note that blocks are right; keep the last of them."""
        self._checked[first : last + 1] = True
        with self._lock:
            for number in range(max(first, last + 1 - KEPT), last + 1):
                self._kept[number] = content[(number - first) * BLOCK :][:BLOCK]
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
