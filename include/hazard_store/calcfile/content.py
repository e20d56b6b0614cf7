"""The digests of a calculation's content, made as its curves go by."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hazard_store.calcfile.chunked import Box, Chunks
from hazard_store.calcfile.curves import CurveSet
from hazard_store.calcfile.metadata import Contents
from hazard_store.calcfile.unpacked import Unpacked
from hazard_store.identity import SiteDigests, content_digests
from hazard_store.model import ContentDigests, Kind

AT_ONCE = 8 << 20  # bytes of whole sites that are read back, unless one has more


class ContentPass:
    """Takes all curves of a file, those of each dataset in order."""

    def __init__(self, contents: Contents) -> None:
        calculation, stats, rlzs = contents.calculation, contents.stats, contents.rlzs
        self._calculation, self._uri = calculation, calculation.file.uri
        self._digests: dict[Kind, tuple[CurveSet, SiteDigests]] = {}
        if stats is not None:
            self._digests[Kind.STATS] = stats, SiteDigests(stats.shape[0], stats.site_bytes)
        if rlzs is not None:
            self._digests[Kind.REALISATIONS] = rlzs, SiteDigests(rlzs.shape[0], rlzs.site_bytes)
        elif stats is not None and calculation.realisations_from_mean:
            row = stats.site_bytes // stats.shape[1]
            mean = calculation.aggs.index("mean") * row
            of_mean = SiteDigests(stats.shape[0], stats.site_bytes, slice(mean, mean + row))
            self._digests[Kind.REALISATIONS] = stats, of_mean
        self._slab: Unpacked | None = None  # the sites of which parts have gone by

    def add_bytes(self, curves: CurveSet, content: bytes | memoryview) -> None:
        """Take the next bytes of a dataset, as they are without filters."""
        for of, digests in self._digests.values():
            if of is curves:
                digests.add(content)

    def add_box(self, curves: CurveSet, chunks: Chunks, box: Box) -> None:
        """Take the next chunk of a dataset; parts of sites wait on disk until those are whole.

        Raises:
            TryAgain: there is no room on disk.
        """
        if chunks.grid[1:] == (1, 1, 1):
            self.add_bytes(curves, _bytes(box.poes))
            return
        sids = np.arange(box.origin[0], box.origin[0] + len(box.poes))
        if self._slab is None:
            self._slab = Unpacked(self._uri, chunks.shape[1:], sids)
        self._slab.put(box)
        ends = zip(box.origin[1:], box.poes.shape[1:], chunks.shape[1:], strict=True)
        if all(start + length == whole for start, length, whole in ends):
            step = max(1, AT_ONCE // curves.site_bytes)
            for first in range(0, len(sids), step):
                self.add_bytes(curves, _bytes(self._slab.read(sids[first : first + step])))
            self._slab.close()
            self._slab = None

    def digests(self) -> ContentDigests:
        """Return the digests, when all has gone by."""
        made = {kind: digests.all() for kind, (_, digests) in self._digests.items()}
        return content_digests(self._calculation, made)


def _bytes(poes: NDArray[np.float32]) -> memoryview:
    return np.ascontiguousarray(poes).reshape(-1).view(np.uint8).data
