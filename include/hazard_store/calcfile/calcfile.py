"""A calculation file, opened for its metadata and for slices of its curves."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from hazard_store.calcfile.chunked import Box, boxes
from hazard_store.calcfile.curves import CurveSet, read_curves
from hazard_store.calcfile.metadata import Contents, read_contents
from hazard_store.calcfile.unpacked import Unpacked, unpack
from hazard_store.files.open import VersionedFile, open_file
from hazard_store.files.verified import VerifiedFile
from hazard_store.model import Calculation, Kind
from hazard_store.settings import Settings


class CalcFile:
    """An open calculation file; every read is of the version in `calculation.file`.

    `curves` may be called from several threads.
    """

    calculation: Calculation

    def __init__(self, file: VersionedFile, contents: Contents) -> None:
        self.calculation = contents.calculation
        self._file, self._contents = file, contents
        self._wanted: NDArray[np.intp] | None = None
        self._kept: dict[Kind, Unpacked] = {}
        self._lock = Lock()

    def curves(self, kind: Kind, sids: NDArray[np.intp]) -> NDArray[np.float32]:
        """Return the curves of some sites.

        Args:
            kind: statistics or realisations.
            sids: (n,) site indices, in any order.

        Returns:
            float32 (n, K, M, L), in the order of `sids`; K statistics or realisations.

        Raises:
            ValueError: the file has no curves of this kind, or no such site.
            FileChanged: the file is no longer the one that was opened.
            BadCalculation: the curves cannot be read.
            TryAgain: the file cannot be reached for now.
        """
        wanted = np.asarray(sids, np.intp)
        n_sites = len(self.calculation.sites)
        if wanted.ndim != 1 or (len(wanted) and not 0 <= wanted.min() <= wanted.max() < n_sites):
            raise ValueError(f"sids must be one-dimensional, within 0 to {n_sites - 1}")
        if kind is Kind.REALISATIONS and self.calculation.realisations_from_mean:
            mean = self.calculation.aggs.index("mean")
            return self.curves(Kind.STATS, wanted)[:, [mean]]
        curves = self._contents.stats if kind is Kind.STATS else self._contents.rlzs
        if curves is None:
            raise ValueError(f"{self.calculation.file.uri} has no curves of kind {kind}")
        return self._read(kind, curves, wanted)

    @property
    def is_packed(self) -> bool:
        """Whether curves have to be unpacked."""
        both = (self._contents.stats, self._contents.rlzs)
        return any(curves is not None and curves.chunks is not None for curves in both)

    def will_read(self, sids: NDArray[np.intp]) -> None:
        """Say which sites will be asked for, so that packed curves of theirs are unpacked once."""
        self._wanted = np.asarray(sids, np.intp)

    def _read(self, kind: Kind, curves: CurveSet, sids: NDArray[np.intp]) -> NDArray[np.float32]:
        """Return the curves of some sites that this file has."""
        unpacked = None
        if curves.chunks is not None:
            of_chunks = partial(boxes, self._file, curves.chunks)
            unpacked = self._unpacked(kind, curves, sids, of_chunks)
        return read_curves(self._file, curves, sids) if unpacked is None else unpacked.read(sids)

    def _unpacked(
        self,
        kind: Kind,
        curves: CurveSet,
        sids: NDArray[np.intp],
        of_chunks: Callable[[NDArray[np.intp]], Iterable[Box]],
    ) -> Unpacked | None:
        """Return the unpacked curves that hold these sites; None where none are to be kept."""
        if self._wanted is None or not len(self._wanted):
            return None
        with self._lock:
            kept = self._kept.get(kind)
            if kept is None:
                uri, shape = self.calculation.file.uri, curves.shape[1:]
                kept = self._kept[kind] = unpack(uri, shape, self._wanted, of_chunks)
        return kept if kept.has(sids) else None

    def close(self) -> None:
        """Close the file; a second call does nothing."""
        while self._kept:
            self._kept.popitem()[1].close()
        self._file.close()

    def __enter__(self) -> CalcFile:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def open_calc(
    uri: str,
    settings: Settings,
    etag: str | None = None,
    checksums: NDArray[np.uint32] | None = None,
    *,
    parent: str | None = None,
    realisations: int | None = None,
) -> CalcFile:
    """Open a calculation file and read its metadata.

    Args:
        uri: a path, `file:///path` or `s3://bucket/key`.
        settings: region and endpoint of S3.
        etag: the version to read; without it the current one is pinned.
        checksums: (n,) of its blocks, as its inspection found them; every byte that is read is held
            against them. None: nobody has kept them.
        parent: URI of the calculation that it continues (`--hc`), where its weights and logic tree
            are. None: `calc_N.hdf5` beside it, as it names it.
        realisations: R where the records have it: a file that continues another one is then opened
            without its parent, with weights that are NaN.

    Raises:
        BadCalculation: it cannot be stored; the reason says what to do.
        FileChanged: it is not the version `etag`.
        NoSuchInput: there is no such file.
        Misconfigured: it may not be read with these settings or credentials.
        TryAgain: it cannot be reached for now.
    """
    file = open_file(uri, settings, etag)
    if checksums is not None:
        file = VerifiedFile(file, checksums)
    try:
        known = checksums is not None
        return CalcFile(file, read_contents(file, settings, parent, realisations, known=known))
    except BaseException:
        file.close()
        raise
