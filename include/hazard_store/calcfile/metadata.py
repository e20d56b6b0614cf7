"""Everything about a calculation but its curves: read once, small, checked for agreement."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from functools import partial
from typing import Any

import h5py
import numpy as np

from hazard_store.calcfile.confined import confined
from hazard_store.calcfile.curves import DATASETS, MAX_NAME, CurveSet, find_dataset
from hazard_store.calcfile.hdf5 import hdf5_file, member, text
from hazard_store.calcfile.logictree import read_logic_tree, read_weights
from hazard_store.calcfile.oqparam import (
    FIRST_RUN,
    investigation_time_of,
    levels_of,
    read_parameters,
)
from hazard_store.calcfile.original import read_original
from hazard_store.calcfile.parent import Parent, ParentMissing, continued, read_parent
from hazard_store.calcfile.sites import read_sites
from hazard_store.errors import BadCalculation
from hazard_store.files.open import VersionedFile
from hazard_store.model import Calculation, FileVersion, Kind, LogicTree, Sites
from hazard_store.settings import Settings
from hazard_store.shown import cut, is_text, quoted

AGG = re.compile(r"[A-Za-z0-9._+-]+")  # a statistic becomes a part of keys
INCOMPLETE = "the calculation did not end, or is still running; wait for it, or run it again"


@dataclass(frozen=True)
class Contents:
    """What a file holds and where."""

    calculation: Calculation
    stats: CurveSet | None
    rlzs: CurveSet | None  # None as well where they were never written: the mean is the only one


def read_contents(
    file: VersionedFile,
    settings: Settings,
    parent: str | None = None,
    realisations: int | None = None,
    *,
    known: bool = False,
    given: Collection[str] = (),
) -> Contents:
    """Read the metadata of a file, in a child process, and of its parent where it needs one.

    Args:
        file: the calculation.
        settings: region and endpoint of S3, for the parent.
        parent: URI of the calculation that it continues; None: it is looked for beside the file.
        realisations: R where the records have it: then no parent is read for the weights, which are
            NaN.
        known: whether these very bytes were read in a child before: then it needs none.
        given: datasets of curves whose values are elsewhere: the file only has their shapes.

    Raises:
        BadCalculation: it cannot be stored; the reason says what to do.
        NoSuchInput: there is no such parent.
    """

    def read(of_parent: Parent | None) -> Contents:
        with hdf5_file(file if known else file.for_child()) as h5:
            return _contents(file.version, h5, of_parent, realisations, given)

    def read_confined(of_parent: Parent | None) -> Contents:
        if known:
            return read(of_parent)
        return confined(file.version.uri, file.version.size, partial(read, of_parent))

    try:
        contents = read_confined(None)
    except ParentMissing as found:
        missing = found
    else:
        if parent is not None and realisations is None:
            raise BadCalculation(file.version.uri, "it has weights of its own: leave --parent out")
        return contents
    try:
        return read_confined(read_parent(parent or missing, settings, missing.weights))
    except ParentMissing:
        if parent is not None or missing.weights is None:
            raise
    realisations = len(missing.weights)  # stored without a logic tree
    return read_confined(None)


def _contents(
    version: FileVersion,
    h5: h5py.File,
    parent: Parent | None,
    realisations: int | None,
    given: Collection[str],
) -> Contents:
    uri = version.uri
    parameters = read_parameters(uri, h5)
    stats = find_dataset(uri, h5, DATASETS[Kind.STATS], version.size, given)
    rlzs = find_dataset(uri, h5, DATASETS[Kind.REALISATIONS], version.size, given)
    found = [curves for curves in (stats, rlzs) if curves is not None]
    if not found:
        raise BadCalculation(uri, _no_curves(uri, h5, parameters))
    sites = _sites(uri, h5, parameters, parent)
    tree = _logic_tree(uri, h5, parameters, parent, realisations)
    for curves in found:
        _check_agreement(uri, curves, found[0], sites)
    aggs = _aggs(uri, stats)
    if parent is not None and rlzs is not None:
        parent.require_realisations(uri, rlzs.shape[1])
    if rlzs is not None and rlzs.shape[1] != len(tree.weights):
        raise BadCalculation(
            uri, f"it has {rlzs.shape[1]} realisations of curves, but {len(tree.weights)} weights"
        )
    if stats is not None and not stats.written:
        raise BadCalculation(uri, f"its hcurves-stats was never written: {INCOMPLETE}")
    from_mean = rlzs is not None and not rlzs.written
    if from_mean and (len(tree.weights) > 1 or "mean" not in aggs):
        raise BadCalculation(uri, f"its hcurves-rlzs was never written: {INCOMPLETE}")
    imts, n_levels = found[0].imts, found[0].shape[3]
    calculation = Calculation(
        file=version,
        calculation_mode=parameters["calculation_mode"],
        description=_stored(uri, "description", str(parameters.get("description", ""))),
        engine_version=_attribute(uri, h5, "engine_version"),
        date=_attribute(uri, h5, "date"),
        checksum32=_checksum32(uri, h5),
        investigation_time=investigation_time_of(uri, parameters),
        imts=imts,
        levels=levels_of(uri, parameters, imts, n_levels),
        aggs=aggs,
        has_realisations=rlzs is not None,
        realisations_from_mean=from_mean,
        sites=sites,
        logic_tree=tree,
        parent=None if parent is None else parent.version,
        original=read_original(uri, h5),
    )
    return Contents(calculation, stats, None if from_mean else rlzs)


def _sites(uri: str, h5: h5py.File, parameters: dict[str, Any], parent: Parent | None) -> Sites:
    """Return the sites of the file, or of its parent where it has none."""
    if member(uri, h5, "sitecol") is None:
        if parent is not None and parent.sites is not None:
            return parent.sites
        older = continued(parameters)
        if parent is None and older is not None:
            raise ParentMissing(uri, older)
    sites = read_sites(uri, h5)
    if parent is not None:
        parent.require_of(uri, sites)
    return sites


def _logic_tree(
    uri: str,
    h5: h5py.File,
    parameters: dict[str, Any],
    parent: Parent | None,
    realisations: int | None,
) -> LogicTree:
    """Return the logic tree of the file that has the weights; a child's own one is made up."""
    older = continued(parameters)
    has_weights = member(uri, h5, "weights") is not None
    if older is None or (has_weights and member(uri, h5, "full_lt") is not None):
        return read_logic_tree(uri, h5, parameters)
    if parent is not None:
        return parent.logic_tree
    if realisations is None:
        raise ParentMissing(uri, older, read_weights(uri, h5) if has_weights else None)
    if has_weights:
        return read_logic_tree(uri, h5, parameters)
    return LogicTree([], [], np.full(realisations, np.nan), None, 0)


def _no_curves(uri: str, h5: h5py.File, parameters: dict[str, Any]) -> str:
    """Return why there are no curves, and where they are or how they are made."""
    none = "it has no hazard curves"
    if parameters["calculation_mode"] == "event_based":
        return f"{none}: {_no_curves_of_events(uri, h5, parameters)}"
    if any(member(uri, h5, name) is not None for name in ("_rates", "_poes")):
        return (
            f"{none}, only what they are made of: if it has ended, {FIRST_RUN}; else {INCOMPLETE}"
        )
    return f"{none}: {INCOMPLETE}"


def _no_curves_of_events(uri: str, h5: h5py.File, parameters: dict[str, Any]) -> str:
    if not parameters.get("hazard_curves_from_gmfs"):
        return "run it again, or continue it (--hc), with hazard_curves_from_gmfs = true"
    if parameters.get("ground_motion_fields", True) in (False, 0):
        return "it had ground_motion_fields = false: run it again with true"
    weights = member(uri, h5, "weights")
    several = isinstance(weights, h5py.Dataset) and weights.shape != (1,)
    mean = parameters.get("mean", True) not in (False, 0)
    others = ("quantiles", "std", "max", "individual_rlzs")
    if several and not mean and not any(parameters.get(name) for name in others):
        return (
            "it had neither statistics nor individual_rlzs; run it again with mean = true or "
            "individual_rlzs = true"
        )
    return INCOMPLETE


def _check_agreement(uri: str, curves: CurveSet, first: CurveSet, sites: Sites) -> None:
    if curves.shape[0] != len(sites):
        raise BadCalculation(
            uri, f"its {curves.name} has {curves.shape[0]} sites, its sitecol {len(sites)}"
        )
    if (curves.imts, curves.shape[3]) != (first.imts, first.shape[3]):
        raise BadCalculation(uri, f"its {curves.name} and {first.name} differ in IMTs or levels")


def _aggs(uri: str, stats: CurveSet | None) -> tuple[str, ...]:
    """Return the statistics as they stand in keys: `quantile-0.05` is `0.05`."""
    if stats is None:
        return ()
    aggs = tuple(name.removeprefix("quantile-") for name in stats.labels)
    for agg in aggs:
        if not AGG.fullmatch(agg) or aggs.count(agg) > 1:
            raise BadCalculation(uri, f"its statistics {cut(list(stats.labels))} cannot be keys")
    return aggs


def _attribute(uri: str, h5: h5py.File, name: str) -> str:
    """Return a short text that the engine leaves with the file."""
    value = _stored(uri, name, text(h5.attrs.get(name, "")))
    if len(value) > MAX_NAME:
        raise BadCalculation(
            uri,
            f"its {name} has {len(value):,} characters, {quoted(value)}: at most {MAX_NAME} can be "
            "stored",
        )
    return value


def _checksum32(uri: str, h5: h5py.File) -> int | None:
    """Return the engine's checksum of a job's input."""
    found = h5.attrs.get("checksum32")
    if found is None:
        return None
    if not isinstance(found, np.integer):
        raise BadCalculation(uri, f"its checksum32 is {quoted(found)}, not a whole number")
    return int(found)


def _stored(uri: str, name: str, value: str) -> str:
    """Return a text that can be stored."""
    if not is_text(value):
        raise BadCalculation(uri, f"its {name} is no text in UTF-8: {quoted(value)}")
    return value
