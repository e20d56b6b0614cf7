"""The weights of the realisations by intensity measure, out of the calculation's records."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from hazard_store.errors import NoSuchCurve
from hazard_store.model import imts_with_weights
from hazard_store.query.opened import OpenCalculation
from hazard_store.records.parts import LOGIC_TREE, REALISATIONS


def weights_of(calculation: OpenCalculation, imts: list[int]) -> NDArray[np.float64]:
    """Return the weights of the R realisations, (M, R).

    Where branches of the ground-motion logic tree have weights for single measures, a realisation's
    weight for one of these is its own times the ratio of the branches' weights.

    Args:
        calculation: whose.
        imts: ordinals of the measures, M of them.

    Raises:
        NoSuchCurve: there are such weights, and not for this measure, or the tree was sampled.
        CorruptItem: a record is missing or altered.
    """
    parts, stored = calculation.store.parts(calculation.head.storage_id), calculation.head
    tree, realisations = parts.get_json(LOGIC_TREE), parts.get_json(REALISATIONS)
    if tree is None or realisations is None:
        missing = REALISATIONS if realisations is None else LOGIC_TREE
        raise parts.broken(missing, "missing record")
    weights = np.array(realisations["weights"], np.float64)
    branches = tree["gsim_branches"]
    with_own = imts_with_weights(branches)
    if not with_own:
        return np.broadcast_to(weights, (len(imts), len(weights)))
    names = [stored.calculation.imts[m] for m in imts]
    for name in names:
        if name not in with_own or realisations["paths"] is None:
            known = (
                f"weights for {', '.join(with_own)} alone"
                if realisations["paths"]
                else ("a sampled logic tree, whose weights by measure are not kept")
            )
            raise NoSuchCurve(calculation.calc_id, "weights of the realisations for", name, known)
    return np.stack([weights * _ratio(branches, name, len(weights)) for name in names])


def _ratio(branches: list[dict[str, Any]], imt: str, n_rlzs: int) -> NDArray[np.float64]:
    """Return the weight for a measure over the weight for all, of each realisation, (R,).

    Source models vary slowest, then one branch of each tectonic region type.
    """
    by_trt: dict[str, list[dict[str, Any]]] = {}
    for branch in branches:
        by_trt.setdefault(branch["trt"], []).append(branch)
    ratio = np.ones(1)
    for of_trt in by_trt.values():
        own = np.array([branch[imt] for branch in of_trt])
        common = np.array([branch["weight"] for branch in of_trt])
        each = np.divide(own, common, out=np.zeros_like(own), where=common > 0)
        ratio = np.outer(ratio, each).ravel()
    return np.tile(ratio, n_rlzs // len(ratio))
