"""A file on its way to a place, in parts: what has arrived before an interruption stays."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from hazard_store.ahead import map_ahead
from hazard_store.files.open import VersionedFile

PART = 8 << 20  # bytes of a part; S3 takes 5 MB or more
MOST_PARTS = 10_000  # that S3 takes
THREADS = 4
AHEAD = 8  # parts in memory at most


class Upload(Protocol):
    """A file that is being put together at its place, and is not seen there yet."""

    def present(self) -> Mapping[int, bytes]:
        """Return the SHA-256 of the parts that are there, by their numbers from 1 on."""

    def put(self, number: int, start: int, content: bytes, sha256: bytes) -> None:
        """Put a part, in the place of one that is there; called from several threads."""

    def complete(self, digests: list[bytes]) -> None:
        """Show the file under its name, if it has these parts and nothing else."""

    def abandon(self) -> None:
        """Take away what is there."""

    def close(self) -> None:
        """Let go of it; what is there stays."""


@dataclass(frozen=True)
class Sent:
    """What was sent."""

    digests: list[bytes]  # SHA-256 of each part
    n_bytes: int  # of the parts that were sent; the others were there


def part_size(size: int) -> int:
    """Return the bytes of a part of a file of some bytes."""
    return max(PART, -(-size // MOST_PARTS))


def digests_of(read: Callable[[int, int], bytes], size: int) -> list[bytes]:
    """Return the SHA-256 of each part.

    Args:
        read: returns the bytes from one place to another.
        size: of all.
    """
    return [hashlib.sha256(read(*span)).digest() for span in _spans(size)]


def send_parts(
    file: VersionedFile, upload: Upload, on_bytes: Callable[[int], None] = lambda _: None
) -> Sent:
    """Send the parts of a file that are not there, or are there with other bytes.

    Args:
        file: what is sent.
        upload: where to.
        on_bytes: told how many more bytes are there.

    Raises:
        FileChanged: the file has changed meanwhile.
        TryAgain: its place does not take it; what is there waits for the next try.
    """
    present = upload.present()
    spans = _spans(file.version.size)

    def put(number: int) -> tuple[bytes, int, int]:
        start, stop = spans[number - 1]
        content = file.read(start, stop)
        sha256 = hashlib.sha256(content).digest()
        if present.get(number) == sha256:
            return sha256, len(content), 0
        upload.put(number, start, content, sha256)
        return sha256, len(content), len(content)

    digests, n_bytes = [], 0
    numbers = range(1, len(spans) + 1)
    for sha256, done, sent in map_ahead(put, numbers, threads=THREADS, ahead=AHEAD, name="parts"):
        digests.append(sha256)
        n_bytes += sent
        on_bytes(done)
    return Sent(digests, n_bytes)


def _spans(size: int) -> list[tuple[int, int]]:
    step = part_size(size)
    return [(start, min(start + step, size)) for start in range(0, size, step)]
