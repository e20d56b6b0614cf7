"""The values of curves: probabilities, finite, and named where they are not."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hazard_store.calcfile.curves import CurveSet
from hazard_store.errors import BadCalculation
from hazard_store.model import Calculation
from hazard_store.shown import cut

NEGATIVE_ZERO = np.uint32(0x80000000)  # the bits of a float32 -0.0


class CurveChecks:
    """Checks one dataset of curves as its values go by."""

    def __init__(self, calculation: Calculation, curves: CurveSet) -> None:
        self._calculation, self._curves = calculation, curves
        self._std = curves.labels.index("std") if "std" in curves.labels else -1
        self.negative_zeros = 0
        self.all_zero = True

    def add(self, poes: NDArray[np.float32], first: int) -> None:
        """Check values that follow each other in the dataset.

        Args:
            poes: float32 (n,), in the order of the file.
            first: how many values of the dataset precede them.

        Raises:
            BadCalculation: a value is NaN, infinite or not a probability (std: not finite).
        """
        self.negative_zeros += int(np.count_nonzero(poes.view(np.uint32) == NEGATIVE_ZERO))
        self.all_zero = self.all_zero and not poes.any()
        for place in np.flatnonzero(~((poes >= 0) & (poes <= 1))):  # NaN fails both
            sid, row, imt, level = np.unravel_index(first + int(place), self._curves.shape)
            if row != self._std or not np.isfinite(poes[place]):
                self._refuse(int(sid), int(row), int(imt), int(level), float(poes[place]))

    def _refuse(self, sid: int, row: int, imt: int, level: int, value: float) -> None:
        sites, labels = self._calculation.sites, self._curves.labels
        curve = f"statistic {cut(labels[row])}" if labels else f"realisation {row:05d}"
        raise BadCalculation(
            self._calculation.file.uri,
            f"the curve of site {sid} (lat {sites.lat[sid]}, lon {sites.lon[sid]}), {curve}, "
            f"{cut(self._curves.imts[imt])} has the value {value} at level {level}; "
            "a probability lies within 0 to 1",
        )
