"""The job's parameters, as the engine left them in the file."""

from __future__ import annotations

import ast
import json
from math import inf
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from hazard_store.calcfile.hdf5 import member, text, values
from hazard_store.errors import BadCalculation
from hazard_store.shown import cut

STORED_MODES = ("classical", "event_based")
FIRST_MODE = "preclassical"
FIRST_RUN = "the curves are in the calculation that continues it (--hc), store that one"


def read_parameters(uri: str, h5: h5py.File) -> dict[str, Any]:
    """Return the parameters of a calculation that can be stored.

    Defaults are not in the file: any of them may be missing.

    Raises:
        BadCalculation: not a calculation of the engine, or of a mode that is not stored.
    """
    parameters = all_parameters(uri, h5)
    mode = parameters.get("calculation_mode")
    if mode not in STORED_MODES:
        only = (
            f"its calculation_mode is {cut(mode)}, only {' and '.join(STORED_MODES)} can be stored"
        )
        raise BadCalculation(uri, f"{only}: {FIRST_RUN}" if mode == FIRST_MODE else only)
    return parameters


def all_parameters(uri: str, h5: h5py.File) -> dict[str, Any]:
    """Return the parameters of a calculation, whatever its mode.

    Raises:
        BadCalculation: not a calculation of the engine.
    """
    dataset = member(uri, h5, "oqparam")
    if dataset is None:
        raise BadCalculation(uri, "it has no oqparam, so it is not a calculation of OpenQuake")
    stored = values(uri, dataset, "oqparam")
    return dict(json.loads(text(stored)) if dataset.shape == () else _from_table(stored))


def _from_table(rows: NDArray[Any]) -> dict[str, Any]:
    """Return the parameters of engine 3.11: names with dots are the keys of a dictionary."""
    parameters: dict[str, Any] = {}
    for row in rows:
        name, dot, key = text(row["par_name"]).partition(".")
        value = _literal(text(row["par_value"]))
        if dot:
            parameters.setdefault(name, {})[key] = value
        else:
            parameters[name] = value
    return parameters


def _literal(value: str) -> Any:
    try:
        return ast.literal_eval(value)
    except (ValueError, SyntaxError):
        return value


def levels_of(
    uri: str, parameters: dict[str, Any], imts: tuple[str, ...], n_levels: int
) -> NDArray[np.float64]:
    """Return the levels of each IMT.

    Returns:
        float64 (M, L), in the IMT's unit: those of the rock, or of the soil after amplification.
    """
    soil = parameters.get("soil_intensities")
    imtls = parameters.get("hazard_imtls") or {}
    missing = [imt for imt in imts if imt not in imtls]
    if soil is None and missing:
        raise BadCalculation(uri, f"its oqparam has no levels for {cut(missing[0])}")
    rows = [imtls[imt] if soil is None else soil for imt in imts]
    for imt, row in zip(imts, rows, strict=True):
        if len(row) != n_levels:
            raise BadCalculation(
                uri, f"oqparam has {len(row)} levels for {cut(imt)}, its curves have {n_levels}"
            )
        if not isinstance(row, list | tuple) or any(
            type(level) not in (int, float) for level in row
        ):
            raise BadCalculation(uri, f"its oqparam has levels for {cut(imt)} that are not numbers")
    levels = np.array(rows, dtype=np.float64).reshape(len(imts), n_levels)
    if not np.isfinite(levels).all():
        raise BadCalculation(uri, "its oqparam has levels that are not finite")
    return levels


def investigation_time_of(uri: str, parameters: dict[str, Any]) -> float:
    """Return the time in years in which the curves' probabilities hold."""
    years = parameters.get("investigation_time")
    if isinstance(years, bool) or not isinstance(years, int | float) or not 0 < years < inf:
        raise BadCalculation(uri, f"its investigation_time is {cut(years)}, not a number of years")
    return float(years)
