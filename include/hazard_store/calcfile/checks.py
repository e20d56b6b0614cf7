"""The values of curves: probabilities that fall with the level, and named where they do not."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hazard_store.calcfile.curves import CurveSet
from hazard_store.errors import BadCalculation
from hazard_store.model import Calculation
from hazard_store.shown import cut

NEGATIVE_ZERO = np.uint32(0x80000000)  # the bits of a float32 -0.0
RISE = 1e-5  # of a value to the next level that rounding may explain, relative


@dataclass(frozen=True)
class Block:
    """Some curves of a dataset, or the part of each that one chunk has."""

    poes: NDArray[np.float32]  # (n, l)
    curves: NDArray[np.intp]  # (n,) the number of each curve: (sid * K + row) * M + imt
    level: int = 0  # the first of the l levels
    before: NDArray[np.float32] | None = None  # (n,) the values at the level before that


class CurveChecks:
    """Checks one dataset of curves as its values go by.

    Attributes:
        negative_zeros: how many values are -0.0.
        rises: curves that rise by less than rounding explains.
    """

    def __init__(self, calculation: Calculation, curves: CurveSet) -> None:
        self._calculation, self._curves = calculation, curves
        self._n_rows, self._n_imts = curves.shape[1:3]
        self._std = curves.labels.index("std") if "std" in curves.labels else -1
        levels = calculation.levels
        self._ascends: NDArray[np.bool_] = np.all(levels[:, 1:] > levels[:, :-1], axis=1)  # (M,)
        self.negative_zeros = 0
        self.rises = 0

    def add(self, block: Block) -> None:
        """Check some curves.

        Raises:
            BadCalculation: a value is NaN, infinite or not a probability (std: not finite), or a
                curve rises with its level.
        """
        poes = block.poes
        self.negative_zeros += int(np.count_nonzero(poes.view(np.uint32) == NEGATIVE_ZERO))
        falls = poes[:, 1:] <= poes[:, :-1]  # false for NaN too
        # Where curves fall, their first and last values bound the others.
        bounded = (poes[:, 0] <= 1) & (poes[:, -1] >= 0)
        if block.before is not None:
            bounded &= poes[:, 0] <= block.before
        is_std = np.zeros(len(poes), bool)
        if self._std >= 0:
            is_std = block.curves // self._n_imts % self._n_rows == self._std
            bounded[is_std] = np.isfinite(poes[is_std]).all(axis=1)
            falls[is_std] = True
        if bounded.all() and falls.all():
            return
        probable = (poes >= 0) & (poes <= 1)  # NaN is neither
        well = np.where(is_std[:, None], np.isfinite(poes), probable)
        for curve, level in np.argwhere(~well):
            self._refuse_value(
                int(block.curves[curve]),
                block.level + int(level),
                float(poes[curve, level]),
                bool(is_std[curve]),
            )
        self._check_rises(block, falls, is_std)

    def _check_rises(
        self, block: Block, falls: NDArray[np.bool_], is_std: NDArray[np.bool_]
    ) -> None:
        before = block.poes[:, :1] if block.before is None else block.before[:, None]
        ahead = np.concatenate([before, block.poes[:, :-1]], axis=1)
        rises = np.concatenate([block.poes[:, :1] > before, ~falls], axis=1)
        rises &= ~is_std[:, None]
        rises &= self._ascends[block.curves % self._n_imts][:, None]
        self.rises += int(rises.any(axis=1).sum())
        steep = block.poes > ahead * np.float64(1 + RISE)
        for curve, level in np.argwhere(rises & steep):
            self._refuse_rise(
                int(block.curves[curve]),
                block.level + int(level),
                float(ahead[curve, level]),
                float(block.poes[curve, level]),
            )

    def _refuse_value(self, number: int, level: int, value: float, is_std: bool) -> None:
        right = "a deviation is finite" if is_std else "a probability lies within 0 to 1"
        raise BadCalculation(
            self._calculation.file.uri,
            f"the curve of {self._name(number)} has the value {value} at level {level}; {right}",
        )

    def _refuse_rise(self, number: int, level: int, below: float, above: float) -> None:
        raise BadCalculation(
            self._calculation.file.uri,
            f"the curve of {self._name(number)} rises from {below:g} to {above:g} at level "
            f"{level}, and exceeding a higher level is never more probable: copy the file "
            "again, or run the calculation again",
        )

    def _name(self, number: int) -> str:
        sites, labels = self._calculation.sites, self._curves.labels
        sid, row, imt = np.unravel_index(number, self._curves.shape[:3])
        curve = f"statistic {cut(labels[row])}" if labels else f"realisation {row:05d}"
        return (
            f"site {sid} (lat {sites.lat[sid]}, lon {sites.lon[sid]}), {curve}, "
            f"{cut(self._curves.imts[imt])}"
        )
