"""A complete stream, read as a calculation file is: `CalcFile` over a head and chunk files."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from hazard_store.calcfile.calcfile import CalcFile
from hazard_store.calcfile.chunked import Box
from hazard_store.calcfile.curves import CurveSet
from hazard_store.calcfile.metadata import Contents, read_contents
from hazard_store.errors import BadCalculation
from hazard_store.files.open import VersionedFile
from hazard_store.model import Kind
from hazard_store.settings import Settings
from hazard_store.streamed.stream import Stream


def open_head(stream: Stream, settings: Settings) -> tuple[VersionedFile, Contents]:
    """Open the head of a stream; its calculation has the version of the manifest.

    Raises:
        BadCalculation: it cannot be stored, or is not the head that was sent.
    """
    manifest, uri = stream.manifest, stream.version.uri
    file = stream.open(manifest.head.name)
    try:
        manifest.head.require(file.version.uri, file.read(0, file.version.size))
        contents = read_contents(file, settings, given=manifest.kinds)
    except BaseException:
        file.close()
        raise
    shapes = {
        curves.name: curves.shape
        for curves in (contents.stats, contents.rlzs)
        if curves is not None and curves.written
    }
    if shapes != {kind: (manifest.n_sites, *shape) for kind, shape in manifest.kinds.items()}:
        file.close()
        raise BadCalculation(uri, "it describes other curves than the head of its stream")
    calculation = replace(contents.calculation, file=stream.version)
    return file, replace(contents, calculation=calculation)


class StreamFile(CalcFile):
    """The calculation of a stream that has ended well."""

    def __init__(self, stream: Stream, settings: Settings) -> None:
        """Open it.

        Args:
            stream: of which all chunks have arrived.
            settings: region and endpoint of S3.

        Raises:
            StreamEnded: it has not ended well.
            BadCalculation: a site is missing from its chunks, or is in two.
        """
        end = stream.complete()
        super().__init__(*open_head(stream, settings))
        self._stream = stream
        n_sites = len(self.calculation.sites)
        self._chunk_of: NDArray[np.intp] = np.full(n_sites, -1, np.intp)
        self._place_of: NDArray[np.intp] = np.zeros(n_sites, np.intp)
        try:
            for number in range(len(end.chunks)):
                with closing(stream.chunk(number)) as chunk:
                    if (self._chunk_of[chunk.sids] >= 0).any():
                        raise BadCalculation(stream.version.uri, "two of its chunks share a site")
                    self._chunk_of[chunk.sids] = number
                    self._place_of[chunk.sids] = np.arange(len(chunk.sids))
            if (missing := np.flatnonzero(self._chunk_of < 0)).size:
                raise BadCalculation(
                    stream.version.uri, f"none of its chunks has the site {missing[0]}"
                )
        except BaseException:
            self.close()
            raise

    @property
    def is_packed(self) -> bool:
        """Curves of a stream always have to be unpacked."""
        return True

    def _read(self, kind: Kind, curves: CurveSet, sids: NDArray[np.intp]) -> NDArray[np.float32]:
        def boxes(wanted: NDArray[np.intp]) -> Iterator[Box]:
            return self._boxes(curves.name, wanted)

        unpacked = self._unpacked(kind, curves, sids, boxes)
        if unpacked is not None:
            return unpacked.read(sids)
        found = np.empty((len(sids), *curves.shape[1:]), np.float32)
        for box in boxes(np.unique(sids)):
            found[sids == box.origin[0]] = box.poes[0]
        return found

    def _boxes(self, name: str, sids: NDArray[np.intp]) -> Iterator[Box]:
        """Yield the curves of some sites, chunk by chunk."""
        of_chunk = self._chunk_of[sids]
        for number in np.unique(of_chunk):
            with closing(self._stream.chunk(int(number))) as chunk:
                yield from chunk.boxes(name, np.sort(self._place_of[sids[of_chunk == number]]))
