"""Logic tree, realisations and their weights, as far as the file tells without the engine."""

from __future__ import annotations

from itertools import product
from math import isfinite, prod
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from hazard_store.calcfile.hdf5 import member, plain, values
from hazard_store.errors import BadCalculation
from hazard_store.limits import MAX_REALISATIONS
from hazard_store.model import LogicTree, imts_with_weights
from hazard_store.shown import cut, is_text, quoted

WEIGHT_TOLERANCE = 1e-6  # float32 weights of a product of a few branches
SUM_TOLERANCE = 1e-3  # from 1, of the weights of all realisations; engine files: below 1e-6


Row = dict[str, Any]


def read_logic_tree(
    uri: str,
    h5: h5py.File,
    parameters: dict[str, Any],
    weights: NDArray[np.float64] | None = None,
) -> LogicTree:
    """Return the logic tree with the weights of the R realisations.

    Args:
        uri: of the file.
        h5: the open file.
        parameters: of its job.
        weights: (R,) where they are in another file; None: in this one.

    Raises:
        BadCalculation: no weights, impossible ones, or too many realisations.
    """
    if weights is None:
        weights = read_weights(uri, h5)
    tree = member(uri, h5, "full_lt")
    sampled = parameters.get("number_of_logic_tree_samples", 0)
    if tree is None:
        return LogicTree([], [], weights, None, int(sampled))
    num_samples = int(tree.attrs.get("num_samples", sampled))
    source_models = _rows(uri, tree, "sm_data")
    gsim_branches = _rows(uri, tree, "gsim_lt")
    rebuilt = None if num_samples else _rebuilt(source_models, gsim_branches, weights)
    names = imts_with_weights(gsim_branches)
    by_imt = dict.fromkeys(names, np.zeros(len(weights)))  # unknown: they ask for nothing
    if rebuilt is not None:
        by_imt = {name: _product(rebuilt, name) for name in names}
    return LogicTree(
        source_branches=_rows(uri, tree, "source_model_lt"),
        gsim_branches=gsim_branches,
        weights=weights,
        paths=None if rebuilt is None else [_path(branches) for branches in rebuilt],
        num_samples=num_samples,
        weights_by_imt=by_imt,
    )


def read_weights(uri: str, h5: h5py.File) -> NDArray[np.float64]:
    """Return (R,) weights.

    Raises:
        BadCalculation: there are none, impossible ones, or too many.
    """
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
    if stored.dtype.kind not in "fiu":
        raise BadCalculation(uri, f"its weights are {stored.dtype}, not numbers; copy it again")
    weights: NDArray[np.float64] = stored.astype(np.float64)
    bad = np.flatnonzero(~(np.isfinite(weights) & (weights >= 0)))
    if len(bad):
        raise BadCalculation(uri, f"realisation {bad[0]} has the weight {weights[bad[0]]}")
    if abs(weights.sum() - 1) > SUM_TOLERANCE:
        raise BadCalculation(
            uri,
            f"the weights of its realisations add up to {weights.sum():g}, not to 1: part of them "
            "never arrived; copy it again",
        )
    return weights


def _rows(uri: str, tree: h5py.Group, name: str) -> list[Row]:
    """Return a table as plain dictionaries, in the order of the file."""
    dataset = member(uri, tree, name)
    if dataset is None:
        return []
    table = values(uri, dataset, f"full_lt/{name}")
    rows = [{key: plain(row[key]) for key in table.dtype.names} for row in table]
    for row in rows:
        for key, value in row.items():
            if not isinstance(value, str | int | float) or not _is_stored(value):
                raise BadCalculation(
                    uri, f"its full_lt/{name} has {quoted(value)} as {cut(key)}; copy it again"
                )
    return rows


def _is_stored(value: str | float) -> bool:
    """Tell whether JSON and UTF-8 can hold a value: no NaN, no half of a surrogate pair."""
    return is_text(value) if isinstance(value, str) else isfinite(value)


def _rebuilt(
    source_models: list[Row], gsim_branches: list[Row], weights: NDArray[np.float64]
) -> list[tuple[Row, ...]] | None:
    """Return the branches of each realisation: of the source model, then of each region type.

    The engine enumerates source models slowest, then one branch for each tectonic region type.
    None where that does not rebuild the stored weights: the order would be a guess.
    """
    by_trt: dict[str, list[Row]] = {}
    for branch in gsim_branches:
        by_trt.setdefault(branch["trt"], []).append(branch)
    axes = [source_models, *by_trt.values()]
    if prod(len(axis) for axis in axes) != len(weights):
        return None
    found = list(product(*axes))
    if not np.allclose(_product(found, "weight"), weights, rtol=0, atol=WEIGHT_TOLERANCE):
        return None
    return found


def _product(realisations: list[tuple[Row, ...]], column: str) -> NDArray[np.float64]:
    """Return (R,) weights: those of the source models times a column of the gsim branches."""
    return np.array(
        [
            source_model["weight"] * prod(gsim[column] for gsim in gsims)
            for source_model, *gsims in realisations
        ]
    )


def _path(branches: tuple[Row, ...]) -> str:
    """Return the path of a realisation, such as `b1~gA0_gB1`."""
    source_model, *gsims = branches
    return f"{source_model['path']}~{'_'.join(gsim['branch'] for gsim in gsims)}"
