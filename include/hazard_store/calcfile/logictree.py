"""Logic tree, realisations and their weights, as far as the file tells without the engine."""

from __future__ import annotations

from itertools import product
from math import prod
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from hazard_store.calcfile.hdf5 import member, plain, values
from hazard_store.errors import BadCalculation
from hazard_store.limits import MAX_REALISATIONS
from hazard_store.model import LogicTree

WEIGHT_TOLERANCE = 1e-6  # float32 weights of a product of a few branches


def read_logic_tree(uri: str, h5: h5py.File, parameters: dict[str, Any]) -> LogicTree:
    """Return the logic tree with the weights of the R realisations.

    Raises:
        BadCalculation: no weights, impossible ones, or too many realisations.
    """
    weights = _weights(uri, h5)
    tree = member(uri, h5, "full_lt")
    sampled = parameters.get("number_of_logic_tree_samples", 0)
    if tree is None:
        return LogicTree([], [], weights, None, int(sampled))
    num_samples = int(tree.attrs.get("num_samples", sampled))
    source_models = _rows(uri, tree, "sm_data")
    gsim_branches = _rows(uri, tree, "gsim_lt")
    return LogicTree(
        source_branches=_rows(uri, tree, "source_model_lt"),
        gsim_branches=gsim_branches,
        weights=weights,
        paths=None if num_samples else _paths(source_models, gsim_branches, weights),
        num_samples=num_samples,
    )


def _weights(uri: str, h5: h5py.File) -> NDArray[np.float64]:
    dataset = member(uri, h5, "weights")
    if dataset is None:
        raise BadCalculation(uri, "it has no weights of realisations; the calculation did not end")
    stored = values(uri, dataset, "weights")
    if stored.dtype.names:
        stored = stored["weight"]
    if stored.ndim == 2:  # IMT-dependent weights: one column per IMT, then the branch's own
        stored = stored[:, -1]
    if stored.ndim != 1 or not len(stored):
        raise BadCalculation(uri, f"its weights have the shape {stored.shape}, not one per branch")
    if len(stored) > MAX_REALISATIONS:
        raise BadCalculation(
            uri, f"it has {len(stored)} realisations, more than the {MAX_REALISATIONS} of our keys"
        )
    weights: NDArray[np.float64] = stored.astype(np.float64)
    bad = np.flatnonzero(~(np.isfinite(weights) & (weights >= 0)))
    if len(bad):
        raise BadCalculation(uri, f"realisation {bad[0]} has the weight {weights[bad[0]]}")
    return weights


def _rows(uri: str, tree: h5py.Group, name: str) -> list[dict[str, Any]]:
    """Return a table as plain dictionaries, in the order of the file."""
    dataset = member(uri, tree, name)
    if dataset is None:
        return []
    table = values(uri, dataset, f"full_lt/{name}")
    return [{key: plain(row[key]) for key in table.dtype.names} for row in table]


def _paths(
    source_models: list[dict[str, Any]],
    gsim_branches: list[dict[str, Any]],
    weights: NDArray[np.float64],
) -> list[str] | None:
    """Return one path per realisation, such as `b1~gA0_gB1`.

    The engine enumerates source models slowest, then one branch for each tectonic region type.
    None where that does not rebuild the stored weights: the order would be a guess.
    """
    by_trt: dict[str, list[dict[str, Any]]] = {}
    for branch in gsim_branches:
        by_trt.setdefault(branch["trt"], []).append(branch)
    axes = [source_models, *by_trt.values()]
    if prod(len(axis) for axis in axes) != len(weights):
        return None
    paths, rebuilt = [], []
    for source_model, *gsims in product(*axes):
        paths.append(f"{source_model['path']}~{'_'.join(gsim['branch'] for gsim in gsims)}")
        rebuilt.append(source_model["weight"] * prod(gsim["weight"] for gsim in gsims))
    return paths if np.allclose(rebuilt, weights, rtol=0, atol=WEIGHT_TOLERANCE) else None
