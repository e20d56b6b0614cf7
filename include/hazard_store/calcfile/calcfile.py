"""A calculation file, opened for its metadata and for slices of its curves."""

from __future__ import annotations

from types import TracebackType

import numpy as np
from numpy.typing import NDArray

from hazard_store.calcfile.curves import read_curves
from hazard_store.calcfile.metadata import Contents, read_contents
from hazard_store.files.open import VersionedFile, open_file
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
        return read_curves(self._file, curves, wanted)

    def close(self) -> None:
        """Close the file; a second call does nothing."""
        self._file.close()

    def __enter__(self) -> CalcFile:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def open_calc(uri: str, settings: Settings, etag: str | None = None) -> CalcFile:
    """Open a calculation file and read its metadata.

    Args:
        uri: a path, `file:///path` or `s3://bucket/key`.
        settings: region and endpoint of S3.
        etag: the version to read; without it the current one is pinned.

    Raises:
        BadCalculation: it cannot be stored; the reason says what to do.
        FileChanged: it is not the version `etag`.
        NoSuchInput: there is no such file.
        Misconfigured: it may not be read with these settings or credentials.
        TryAgain: it cannot be reached for now.
    """
    file = open_file(uri, settings, etag)
    try:
        return CalcFile(file, read_contents(file))
    except BaseException:
        file.close()
        raise
