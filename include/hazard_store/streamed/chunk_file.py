"""A chunk of curves that an engine handed over: its sites, and a packed frame for each of them."""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, ValidationError

from hazard_store.calcfile.chunked import Box
from hazard_store.errors import BadCalculation, NewerRelease
from hazard_store.files.open import VersionedFile
from hazard_store.streamed.documents import FORMAT, Manifest
from hazard_store.streamed.frame import unpack_frame

MAGIC = b"HSCHUNK1"
PREAMBLE = struct.Struct("<8sII")  # magic, bytes of the header, CRC-32 of the header
MAX_HEADER = 64 << 20
MAX_GAP = 1 << 20  # bytes between two frames that cost less to read than another request
MAX_SPAN = 8 << 20
DAMAGED = "it is damaged, or was altered: stream the calculation again"


class _Kind(BaseModel):
    shape: tuple[int, int, int]  # K, M, L
    frames: list[tuple[int, int, int]]  # of each site: offset behind the header, size, CRC-32


class _Header(BaseModel):
    model_config = ConfigDict(extra="ignore")

    format: int
    calc_id: str
    run: str
    number: int
    sids: list[int]
    kinds: dict[str, _Kind]


class ChunkFile:
    """One open chunk file.

    Attributes:
        sids: (n,) its sites.
    """

    def __init__(self, file: VersionedFile, number: int, manifest: Manifest) -> None:
        """Read its header.

        Args:
            file: the bytes.
            number: of the chunk.
            manifest: of its stream.

        Raises:
            BadCalculation: it is damaged, or of another stream.
            NewerRelease: its format is not known here.
        """
        self._file = file
        header = self._header()
        if header.format > FORMAT:
            uri = file.version.uri
            raise NewerRelease(uri, f"format {header.format}", FORMAT, "hazard-store-stream")
        self._kinds: Mapping[str, _Kind] = header.kinds
        self.sids: NDArray[np.intp] = np.array(header.sids, np.intp)
        shapes = {kind: each.shape for kind, each in header.kinds.items()}
        same = (header.calc_id, header.run, header.number, shapes) == (
            manifest.calc_id,
            manifest.run,
            number,
            manifest.kinds,
        )
        n = len(self.sids)
        of_sites = all(len(each.frames) == n for each in header.kinds.values())
        within = n and 0 <= self.sids.min() <= self.sids.max() < manifest.n_sites
        if not (same and of_sites and within and len(np.unique(self.sids)) == n):
            raise BadCalculation(file.version.uri, "it is not a chunk of its stream")

    def boxes(self, kind: str, places: NDArray[np.intp]) -> Iterator[Box]:
        """Yield the curves of some sites, each a box of its own.

        Args:
            kind: `hcurves-rlzs` or `hcurves-stats`.
            places: (n,) which of the chunk's sites; ascending.

        Raises:
            BadCalculation: a frame is damaged.
        """
        of_kind = self._kinds[kind]
        frames = [of_kind.frames[place] for place in places]
        first = 0
        for last in range(1, len(frames) + 1):
            start = frames[first][0]
            stop = sum(frames[last - 1][:2])
            if last < len(frames):
                ahead, size, _ = frames[last]
                if 0 <= ahead - stop <= MAX_GAP and ahead + size - start <= MAX_SPAN:
                    continue
            span = self._file.read(self._begin + start, self._begin + stop)
            for place, (offset, size, crc) in zip(
                places[first:last], frames[first:last], strict=True
            ):
                frame = span[offset - start : offset - start + size]
                poes = self._unpacked(frame, crc, of_kind.shape)
                yield Box((int(self.sids[place]), 0, 0, 0), poes[None])
            first = last

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _header(self) -> _Header:
        file = self._file
        if file.version.size < PREAMBLE.size:
            raise BadCalculation(file.version.uri, DAMAGED)
        magic, size, crc = PREAMBLE.unpack(file.read(0, PREAMBLE.size))
        self._begin = PREAMBLE.size + size
        if magic != MAGIC or size > MAX_HEADER or self._begin > file.version.size:
            raise BadCalculation(file.version.uri, DAMAGED)
        text = file.read(PREAMBLE.size, self._begin)
        if zlib.crc32(text) != crc:
            raise BadCalculation(file.version.uri, DAMAGED)
        try:
            return _Header.model_validate(json.loads(text))
        except (ValueError, ValidationError) as error:
            raise BadCalculation(file.version.uri, DAMAGED) from error

    def _unpacked(self, frame: bytes, crc: int, shape: tuple[int, int, int]) -> NDArray[np.float32]:
        try:
            if zlib.crc32(frame) != crc:
                raise ValueError("another checksum")
            return unpack_frame(frame, shape)
        except ValueError as error:
            raise BadCalculation(self._file.version.uri, DAMAGED) from error
