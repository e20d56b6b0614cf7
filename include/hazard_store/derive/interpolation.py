"""Levels at a probability, as the engine makes its hazard maps: straight lines in log-log.

Source: OpenQuake engine 3.26, `openquake.hazardlib.map_array.compute_hazard_maps`, by its results.
Where the probability is above that of the lowest level the answer is 0, and below that of the
highest it is that level; a probability of zero counts as 1e-30. So three kinds of answers are not
between two points of the curve, and each has its flag.
"""

from __future__ import annotations

from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray

EPSILON = 1e-30


class Flag(StrEnum):
    """Why a level is not one between two points of its curve."""

    BELOW_RANGE = "below_range"  # less than the lowest level: 0 stands for it
    ABOVE_RANGE = "above_range"  # more than the highest: that one stands for it
    ZERO_TAIL = "zero_tail"  # between the last probability above zero and zero


FLAGS: tuple[Flag | None, ...] = (None, *Flag)  # by their numbers in `levels_at`


def levels_at(
    curves: NDArray[np.float32], imls: ArrayLike, poes: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.uint8]]:
    """Return the levels that are exceeded with some probabilities.

    Args:
        curves: float32 (n, L), probabilities of exceedance, not rising with the level.
        imls: (L,) levels, ascending, in the IMT's unit.
        poes: (P,) probabilities in the investigation time of the curves.

    Returns:
        levels, float64 (n, P), in the unit of `imls`; and the number in `FLAGS` of each, (n, P).
    """
    levels, targets = np.asarray(imls, np.float64), np.asarray(poes, np.float64)
    falling = _log_curves(curves)
    with np.errstate(divide="ignore"):
        log_levels = np.log(levels)[::-1]
    log_targets = np.log(targets)
    found = np.exp(_interpolated(log_targets, falling[:, ::-1], log_levels))
    flags = np.zeros(found.shape, np.uint8)
    # The last level with a probability above zero; where all are zero, all is below the range.
    last = np.max(np.where(curves > 0, np.arange(curves.shape[1]), 0), axis=1)
    least = np.take_along_axis(falling, last[:, None], axis=1)
    flags[log_targets < least] = FLAGS.index(Flag.ZERO_TAIL)
    ends = falling[:, -1:]
    flags[(log_targets < ends)] = FLAGS.index(Flag.ABOVE_RANGE)
    above = log_targets > falling[:, :1]
    found[above] = 0.0
    flags[above] = FLAGS.index(Flag.BELOW_RANGE)
    return found, flags


def levels_of_measures(
    curves: NDArray[np.float32], levels: NDArray[np.float64], poes: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.uint8]]:
    """Return the same of curves of several measures, each with levels of its own.

    Args:
        curves: float32 (n, K, M, L).
        levels: (M, L).
        poes: (P,).

    Returns:
        levels, float64 (n, K, M, P); and their numbers in `FLAGS`.
    """
    n, k, m, n_levels = curves.shape
    shape = (n, k, m, np.size(poes))
    found, flags = np.empty(shape), np.empty(shape, np.uint8)
    for number, imls in enumerate(levels):
        of_measure = levels_at(curves[:, :, number].reshape(n * k, n_levels), imls, poes)
        found[:, :, number], flags[:, :, number] = (x.reshape(n, k, -1) for x in of_measure)
    return found, flags


def _log_curves(curves: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the logarithms of curves, (n, L), to the last bit of the engine's.

    It takes those of a curve in single precision, unless a value of the curve counts as 1e-30: that
    number is a double, and makes all of them doubles.
    """
    logs = np.log(np.maximum(curves.astype(np.float64), EPSILON))
    single = (curves >= np.float32(EPSILON)).all(axis=1)
    logs[single] = np.log(np.asarray(curves[single], np.float32))
    return logs


def _interpolated(
    at: NDArray[np.float64], xp: NDArray[np.float64], fp: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return `np.interp` of each row, (n, P), to the last bit: for many rows at once.

    Args:
        at: (P,) where.
        xp: (n, L) ascending in each row.
        fp: (L,).
    """
    rising = (np.diff(xp, axis=1) >= 0).all(axis=1)
    found = np.empty((len(xp), len(at)))
    for p, x in enumerate(at):
        j = (xp <= x).sum(axis=1) - 1
        left = np.clip(j, 0, max(xp.shape[1] - 2, 0))
        right = np.minimum(left + 1, xp.shape[1] - 1)
        x0, x1 = (np.take_along_axis(xp, i[:, None], axis=1)[:, 0] for i in (left, right))
        with np.errstate(divide="ignore", invalid="ignore"):
            between = (fp[right] - fp[left]) / (x1 - x0) * (x - x0) + fp[left]
        ends = (j < 0) | (j == xp.shape[1] - 1) | (x0 == x)
        found[:, p] = np.where(ends, fp[np.clip(j, 0, None)], between)
    for n in np.flatnonzero(~rising):  # rises within rounding: as the library searches them
        found[n] = np.interp(at, xp[n], fp)
    return found
