"""A file whose bytes are held against the checksums that its inspection kept.

Size and time of change do not tell of a file that was overwritten in place, and an ETag not of a
bit that fell over on the way. Each block is read whole and checked the first time that one of its
bytes is wanted.
"""

from __future__ import annotations

import zlib
from collections import OrderedDict
from threading import Lock

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
        self._kept: OrderedDict[int, bytes] = OrderedDict()
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
            return kept[start - first * BLOCK : stop - first * BLOCK]
        if self._checked[first : last + 1].all():
            return self._file.read(start, stop)
        origin = first * BLOCK
        content = self._file.read(origin, min((last + 1) * BLOCK, self.version.size))
        for number in range(first, last + 1):
            place = (number - first) * BLOCK
            self._check(number, content[place : place + BLOCK])
        return content[start - origin : stop - origin]

    def close(self) -> None:
        """Close the file; a second call does nothing."""
        self._kept.clear()
        self._file.close()

    def for_child(self) -> VersionedFile:
        """Return it for a forked process."""
        return VerifiedFile(self._file.for_child(), self._checksums)

    def _check(self, number: int, block: bytes) -> None:
        if number >= len(self._checksums) or zlib.crc32(block) != self._checksums[number]:
            start = number * BLOCK
            raise BadCalculation(
                self.version.uri,
                f"its bytes {start:,} to {start + len(block):,} are not those that were inspected: "
                "it was overwritten meanwhile, or changed on the way; inspect it again",
            )
        self._checked[number] = True
        with self._lock:
            self._kept[number] = block
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
