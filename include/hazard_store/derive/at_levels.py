"""Probabilities at other levels than those of a curve: straight lines in log-log, as for maps."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray


def poes_at(levels: ArrayLike, imls: ArrayLike, poes: ArrayLike) -> NDArray[np.float64]:
    """Return the probabilities with which some levels are exceeded.

    Args:
        levels: (n,) in the unit of `imls`.
        imls: (L,) levels of the curve, ascending.
        poes: (L,) its probabilities.

    Returns:
        (n,); NaN beyond the levels of the curve, and between a probability above zero and zero.
    """
    wanted, known = np.asarray(levels, np.float64), np.asarray(imls, np.float64)
    given = np.asarray(poes, np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.where(given > 0, np.log(given), np.nan)
        found = np.exp(np.interp(np.log(wanted), np.log(known), logs, left=np.nan, right=np.nan))
    right = np.clip(np.searchsorted(known, wanted), 0, len(known) - 1)
    same = known[right] == wanted
    return np.where(same, given[right], found)  # a level of its own needs no rule
