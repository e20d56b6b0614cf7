"""A file's bytes in order, in blocks of one size, read a little ahead."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from hazard_store.ahead import map_ahead
from hazard_store.files.open import VersionedFile

BLOCK = 8 << 20  # bytes
AHEAD = 4  # blocks under way at once: a single S3 connection is slower than the digest


@dataclass(frozen=True)
class Piece:
    """A run of bytes, perhaps of a dataset."""

    start: int
    stop: int
    name: str | None = None  # of the dataset that the bytes belong to
    values_before: int = 0  # values of the dataset that come before the piece
    unit: int = 4  # bytes that are not to be cut apart


def blocks(file: VersionedFile, pieces: Iterable[Piece]) -> Iterator[tuple[Piece, bytes]]:
    """Yield the bytes of the pieces, cut into blocks; at most `AHEAD` + 1 blocks are in memory."""

    def read(piece: Piece) -> tuple[Piece, bytes]:
        return piece, file.read(piece.start, piece.stop)

    return map_ahead(read, _cut(pieces), threads=AHEAD, ahead=AHEAD + 1, name="blocks")


def _cut(pieces: Iterable[Piece]) -> Iterator[Piece]:
    for piece in pieces:
        step = max(1, BLOCK // piece.unit) * piece.unit
        for start in range(piece.start, piece.stop, step):
            stop = min(start + step, piece.stop)
            yield Piece(start, stop, piece.name, (start - piece.start) // 4, piece.unit)
