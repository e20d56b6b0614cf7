"""Everything about a calculation but its curves: read once, small, checked for agreement."""

from __future__ import annotations

import re
from dataclasses import dataclass

import h5py

from hazard_store.calcfile.confined import confined
from hazard_store.calcfile.curves import CurveSet, find_dataset
from hazard_store.calcfile.hdf5 import hdf5_file, text
from hazard_store.calcfile.logictree import read_logic_tree
from hazard_store.calcfile.oqparam import investigation_time_of, levels_of, read_parameters
from hazard_store.calcfile.sites import read_sites
from hazard_store.errors import BadCalculation
from hazard_store.files.open import VersionedFile
from hazard_store.model import Calculation, FileVersion, Sites
from hazard_store.shown import cut, is_text, quoted

AGG = re.compile(r"[A-Za-z0-9._+-]+")  # a statistic becomes a part of keys
INCOMPLETE = "the calculation did not end, or is still running; wait for it, or run it again"


@dataclass(frozen=True)
class Contents:
    """What a file holds and where."""

    calculation: Calculation
    stats: CurveSet | None
    rlzs: CurveSet | None  # None as well where they were never written: the mean is the only one


def read_contents(file: VersionedFile) -> Contents:
    """Read the metadata of a file, in a child.

    Raises:
        BadCalculation: it cannot be stored; the reason says what to do.
    """

    def read() -> Contents:
        with hdf5_file(file.for_child()) as h5:
            return _contents(file.version, h5)

    return confined(file.version.uri, file.version.size, read)


def _contents(version: FileVersion, h5: h5py.File) -> Contents:
    uri = version.uri
    parameters = read_parameters(uri, h5)
    stats = find_dataset(uri, h5, "hcurves-stats", version.size)
    rlzs = find_dataset(uri, h5, "hcurves-rlzs", version.size)
    found = [curves for curves in (stats, rlzs) if curves is not None]
    if not found:
        raise BadCalculation(uri, _no_curves(parameters["calculation_mode"]))
    sites = read_sites(uri, h5)
    tree = read_logic_tree(uri, h5, parameters)
    for curves in found:
        _check_agreement(uri, curves, found[0], sites)
    aggs = _aggs(uri, stats)
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
        engine_version=_stored(uri, "engine_version", text(h5.attrs.get("engine_version", ""))),
        date=_stored(uri, "date", text(h5.attrs.get("date", ""))),
        checksum32=int(h5.attrs["checksum32"]) if "checksum32" in h5.attrs else None,
        investigation_time=investigation_time_of(uri, parameters),
        imts=imts,
        levels=levels_of(uri, parameters, imts, n_levels),
        aggs=aggs,
        has_realisations=rlzs is not None,
        realisations_from_mean=from_mean,
        sites=sites,
        logic_tree=tree,
    )
    return Contents(calculation, stats, None if from_mean else rlzs)


def _no_curves(mode: str) -> str:
    if mode == "event_based":
        return "it has no hazard curves; run it again with hazard_curves_from_gmfs = true"
    return f"it has no hazard curves: {INCOMPLETE}"


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


def _stored(uri: str, name: str, value: str) -> str:
    """Return a text that can be stored."""
    if not is_text(value):
        raise BadCalculation(uri, f"its {name} is no text in UTF-8: {quoted(value)}")
    return value
