"""Statistics of realisations, by the engine's rules: the weighted mean, and weighted quantiles.

Source: OpenQuake engine 3.26, `openquake.hazardlib.stats`, by its results. A quantile is read off
the straight lines between the sorted values at their cumulated weights, so with few realisations it
is not the one that a step function would give; of equal values the lighter ones count first.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hazard_store.errors import BadParameter


def mean_of(curves: NDArray[np.float32], weights: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return the mean over realisations.

    Args:
        curves: float32 (n, R, M, L).
        weights: (R,) or, where each IMT has its own, (M, R); each sums to 1.

    Returns:
        float32 (n, M, L).
    """
    of_imts = _of_imts(weights, curves.shape[2])
    mean = np.einsum("mr,nrml->nml", of_imts, curves.astype(np.float64))
    found: NDArray[np.float32] = (mean / of_imts.sum(axis=1)[:, None]).astype(np.float32)
    return found


def quantile_of(
    curves: NDArray[np.float32], weights: NDArray[np.float64], quantile: float
) -> NDArray[np.float32]:
    """Return a quantile over realisations; arguments and shape as those of `mean_of`.

    Raises:
        BadParameter: the quantile is not between 0 and 1.
    """
    if not 0 <= quantile <= 1:
        raise BadParameter("agg", f"{quantile:g} is no quantile from 0 to 1")
    of_imts = _of_imts(weights, curves.shape[2])
    by_row = np.broadcast_to(of_imts.T[None, :, :, None], curves.shape)
    order = np.lexsort((by_row, curves), axis=1)  # of equal values the lighter ones come first
    values = np.take_along_axis(curves, order, axis=1).astype(np.float64)
    reached = np.cumsum(np.take_along_axis(by_row, order, axis=1), axis=1)
    upper = np.clip((reached < quantile).sum(axis=1, keepdims=True), 0, curves.shape[1] - 1)
    lower = np.maximum(upper - 1, 0)
    here, before = (np.take_along_axis(values, i, axis=1)[:, 0] for i in (upper, lower))
    at, from_ = (np.take_along_axis(reached, i, axis=1)[:, 0] for i in (upper, lower))
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(at > from_, (quantile - from_) / (at - from_), 0.0)
    inside = (upper[:, 0] > 0) & (quantile < at)
    found = np.where(inside, before + (here - before) * share, here)
    return found.astype(np.float32)


def _of_imts(weights: NDArray[np.float64], n_imts: int) -> NDArray[np.float64]:
    """Return the weights of each IMT, (M, R)."""
    return weights if weights.ndim == 2 else np.broadcast_to(weights, (n_imts, len(weights)))
