"""One time base for probabilities: exceedances are a Poisson process."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray


def poes_in(poes: ArrayLike, years: float, wanted_years: float) -> NDArray[np.float64]:
    """Return probabilities of exceedance in one time as those in another.

    A probability of 1 tells nothing of a shorter time, since all that is large has become 1: it is
    NaN there. Of a mean over realisations this is the mean no more, though close to it where
    probabilities are small; a quantile stays that quantile.

    Args:
        poes: (...) in `years`.
        years: what they are of.
        wanted_years: what they are to be of.

    >>> poes_in([0.1, 0.0], 50, 1).round(6).tolist()
    [0.002105, 0.0]
    """
    given = np.asarray(poes, np.float64)
    if years == wanted_years:
        return given
    with np.errstate(divide="ignore"):
        found = -np.expm1(wanted_years / years * np.log1p(-given))
    if wanted_years < years:
        found = np.where(given < 1, found, np.nan)
    return np.asarray(found)
