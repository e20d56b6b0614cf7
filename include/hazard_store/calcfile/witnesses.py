"""Whether statistics and realisations of a file bear each other out.

A copy that was interrupted, or a disk that was full, leaves a file of full size whose end is zeros.
Zero is also what hazard far from all sources is, so each dataset is held against the other: the
mean is zero exactly where every realisation with weight is.

What tells nothing: the engine's `std` is zero where realisations agree, its `max` was seen above
zero at a site without hazard, and a low quantile is zero where few branches have hazard.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hazard_store.calcfile.checks import Block
from hazard_store.calcfile.curves import CurveSet
from hazard_store.errors import BadCalculation
from hazard_store.model import Calculation
from hazard_store.shown import cut

LEAST = 1e-30  # weight x probability: less may be lost in a float32 mean
MEAN, QUANTILE, REALISATION, WEIGHED, OTHER = 1, 2, 4, 8, 16  # what is above zero
SILENT = ("std", "max")  # statistics that tell nothing


class Witnesses:
    """Notes at which (site, IMT) each dataset has hazard: a byte for each."""

    def __init__(
        self, calculation: Calculation, stats: CurveSet | None, rlzs: CurveSet | None
    ) -> None:
        self._calculation, self._stats, self._rlzs = calculation, stats, rlzs
        self._n_imts = len(calculation.imts)
        self._seen = np.zeros(len(calculation.sites) * self._n_imts, np.uint8)
        self._stat_bits = np.array([_bit_of(agg) for agg in calculation.aggs], np.uint8)
        self._weights = _weights(calculation)

    def add(self, curves: CurveSet, block: Block) -> None:
        """Note where some curves are above zero; they fall, so their first value tells."""
        if block.level:
            return
        first = block.poes[:, 0]
        above = np.flatnonzero(first > 0)
        numbers = block.curves[above]
        place = numbers // (curves.shape[1] * self._n_imts) * self._n_imts + numbers % self._n_imts
        row = numbers // self._n_imts % curves.shape[1]
        if curves is self._stats:
            for bit in np.unique(self._stat_bits):
                self._seen[place[self._stat_bits[row] == bit]] |= bit
            return
        self._seen[place] |= np.uint8(REALISATION)
        weighed = self._weights[row, numbers % self._n_imts] * first[above] > LEAST
        self._seen[place[weighed]] |= np.uint8(WEIGHED)

    def check(self) -> tuple[str, ...]:
        """Hold what was noted against each other; return what the user should know.

        Raises:
            BadCalculation: one dataset has hazard where the other has none.
        """
        both = self._rlzs is not None and self._stats is not None
        mean = "mean" in self._calculation.aggs
        if both and mean:
            self._refuse(MEAN, REALISATION, "the mean is above zero where every realisation is 0")
            self._refuse(WEIGHED, MEAN, "realisations are above zero where their mean is 0")
        if mean:
            self._refuse(QUANTILE, MEAN, "a quantile is above zero where the mean is 0")
        if both:
            self._refuse(
                QUANTILE, REALISATION, "a quantile is above zero where every realisation is 0"
            )
        if not self._seen.any():
            return ("Every curve is zero at every level: no source is near any site.",)
        return () if both and mean else self._tail_note()

    def _refuse(self, has: int, has_not: int, what: str) -> None:
        seen = self._seen
        odd: NDArray[np.intp] = np.flatnonzero((seen & has > 0) & (seen & has_not == 0))
        if not odd.size:
            return
        sid, imt = divmod(int(odd[0]), self._n_imts)
        sites = self._calculation.sites
        more = len(np.unique(odd // self._n_imts)) - 1
        raise BadCalculation(
            self._calculation.file.uri,
            f"{what}: site {sid} (lat {sites.lat[sid]}, lon {sites.lon[sid]}), "
            f"{cut(self._calculation.imts[imt])}"
            + (f", and {more:,} more of its sites" if more else "")
            + ". Part of the curves never arrived: copy the file again, or run it again",
        )

    def _tail_note(self) -> tuple[str, ...]:
        """Return a note where the last sites are zero and nothing else tells whether they are."""
        by_site: NDArray[np.bool_] = self._seen.reshape(-1, self._n_imts).max(axis=1) > 0
        last = int(np.flatnonzero(by_site)[-1])
        n_zero = len(by_site) - 1 - last
        if not n_zero:
            return ()
        curves = self._rlzs or self._stats
        place = ""
        if curves is not None and curves.offset is not None:
            place = f", from byte {curves.offset + (last + 1) * curves.site_bytes:,} on"
        sites = "last site is" if n_zero == 1 else f"last {n_zero:,} sites are"
        return (
            f"All curves of the {sites} zero{place}. This cannot be told from zero hazard: it may "
            "be a copy whose end never arrived, and the file has nothing to compare with.",
        )


def _weights(calculation: Calculation) -> NDArray[np.float64]:
    """Return the weights (R, M) of realisations that must show in the mean; 0: nobody knows."""
    tree = calculation.logic_tree
    shape = len(tree.weights), len(calculation.imts)
    if not tree.weights_by_imt:
        return np.broadcast_to(tree.weights[:, None], shape)
    unknown = np.zeros(shape[0])
    by_imt = tree.weights_by_imt
    return np.stack([by_imt.get(imt, unknown) for imt in calculation.imts], axis=1)


def _bit_of(agg: str) -> int:
    if agg == "mean":
        return MEAN
    return OTHER if agg in SILENT else QUANTILE
