"""A temporary file of the curves of some sites, unpacked once each, to be read in any order."""

from __future__ import annotations

import mmap
import os
import tempfile
from collections.abc import Callable, Iterable
from math import prod

import numpy as np
from numpy.typing import NDArray

from hazard_store.calcfile.chunked import ITEM, Box
from hazard_store.errors import TryAgain

SLAB_SITES = 1 << 12  # of one box that are copied before pages may be given back
RESIDENT = 64 << 20  # bytes of the file that are kept in memory at most
PAGE = 4096


def unpack(
    uri: str,
    shape: tuple[int, ...],
    sids: NDArray[np.intp],
    boxes: Callable[[NDArray[np.intp]], Iterable[Box]],
) -> Unpacked:
    """Unpack each chunk that holds one of some sites, once.

    Args:
        uri: of the calculation file.
        shape: (K, M, L) of a site.
        sids: (n,) the sites.
        boxes: gives the chunks that hold some sites, unpacked.

    Raises:
        TryAgain: there is no room for them.
        BadCalculation: a chunk is damaged.
    """
    unpacked = Unpacked(uri, shape, sids)
    try:
        for box in boxes(np.unique(sids)):
            unpacked.put(box)
    except BaseException:
        unpacked.close()
        raise
    return unpacked


class Unpacked:
    """The curves of some sites of one dataset, in a file of the system's temporary folder."""

    def __init__(self, uri: str, shape: tuple[int, ...], sids: NDArray[np.intp]) -> None:
        """Make room for the curves, which `put` fills in.

        Args:
            uri: of the calculation file.
            shape: (K, M, L) of a site.
            sids: (n,) the sites.

        Raises:
            TryAgain: there is no room for them.
        """
        self._sids = np.unique(sids)
        self._resident = 0
        n_sites, *curves = len(self._sids), *shape
        size = n_sites * prod(curves) * ITEM
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - open until `close`
        try:
            self._reserve(uri, size)
            self._map = mmap.mmap(self._file.fileno(), size)
            self._curves = np.frombuffer(self._map, "<f4").reshape(n_sites, *curves)
        except BaseException:
            self._file.close()
            raise

    def put(self, box: Box) -> None:
        """Take what a chunk has of the sites."""
        start, k, m, levels = box.origin
        n, n_k, n_m, n_levels = box.poes.shape
        first, last = np.searchsorted(self._sids, [start, start + n])
        whole = box.poes.shape[1:] == self._curves.shape[1:]  # then its pages follow each other
        of_curve = n_levels * ITEM if whole else max(PAGE, n_levels * ITEM)
        for slab in range(int(first), int(last), SLAB_SITES):
            stop = min(slab + SLAB_SITES, int(last))
            of_box = self._sids[slab:stop] - start
            all_of_it = len(of_box) == n  # then they are not picked out, which copies them
            self._curves[slab:stop, k : k + n_k, m : m + n_m, levels : levels + n_levels] = (
                box.poes if all_of_it else box.poes[of_box]
            )
            self._touched((stop - slab) * n_k * n_m * of_curve)

    def read(self, sids: NDArray[np.intp]) -> NDArray[np.float32]:
        """Return the curves of some of the sites, float32 (n, K, M, L), in the order of `sids`."""
        found: NDArray[np.float32] = self._curves[np.searchsorted(self._sids, sids)]
        self._touched(found.nbytes)
        return found

    def has(self, sids: NDArray[np.intp]) -> bool:
        """Tell whether all these sites are among those that were unpacked."""
        return bool(np.isin(sids, self._sids).all())

    def close(self) -> None:
        """Delete the file."""
        del self._curves
        self._map.close()
        self._file.close()

    def _reserve(self, uri: str, size: int) -> None:
        try:
            os.posix_fallocate(self._file.fileno(), 0, size)
        except OSError as error:
            raise TryAgain(
                uri,
                f"its packed curves take {size:,} bytes in {tempfile.gettempdir()}, where there is "
                f"no room ({error.strerror}): make room, or set TMPDIR",
            ) from error

    def _touched(self, n_bytes: int) -> None:
        """Count pages that were looked at; let the kernel take many back: the file has them."""
        self._resident += n_bytes
        if self._resident > RESIDENT:
            self._map.madvise(mmap.MADV_DONTNEED)
            self._resident = 0
