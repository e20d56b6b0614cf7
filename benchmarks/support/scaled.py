"""The curves of a file's sites as those of many more: what a plan of the reference size takes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from benchmarks.support import new_zealand
from hazard_store.calcfile import CalcFile
from hazard_store.model import Inspection, Kind, Sample, Sites

REFERENCE_SITES = 11_500  # of the reference calculation: New Zealand's grid and its places


def scaled(
    calc_file: CalcFile, inspection: Inspection, n_sampled: int, n_sites: int = REFERENCE_SITES
) -> Inspection:
    """Return an inspection of a calculation on a grid like New Zealand's.

    Args:
        calc_file: the open file.
        inspection: of the file.
        n_sampled: sites of the file, spread over it, whose curves stand for those of all.
        n_sites: of the grid.
    """
    lat, lon = new_zealand.sites()[:n_sites].T
    calculation = inspection.calculation
    vs30 = None if calculation.sites.vs30 is None else np.full(n_sites, 400.0)
    last = len(calculation.sites) - 1
    sids = np.unique(np.linspace(0, last, n_sampled).round().astype(np.intp))
    kinds = [kind for kind in Kind if calculation.n_rows(kind)]
    curves = {kind: calc_file.curves(kind, sids) for kind in kinds}
    return replace(
        inspection,
        calculation=replace(calculation, sites=Sites(lat, lon, vs30, None)),
        sample=Sample(tuple(range(len(sids))), curves),
    )
