"""Keeps the curves of a few sites as they go by: the forecast is made from them."""

from __future__ import annotations

import numpy as np

from hazard_store.calcfile.checks import Block
from hazard_store.calcfile.curves import DATASETS, CurveSet
from hazard_store.model import Calculation, Kind, Sample

SITES = 20
BYTES = 32 << 20  # of all of them, unless a single site has more
KINDS = {name: kind for kind, name in DATASETS.items()}


class Sampler:
    """Keeps some sites, spread evenly over the file."""

    def __init__(self, curve_sets: list[CurveSet]) -> None:
        n_sites = curve_sets[0].shape[0]
        n = max(1, min(SITES, n_sites, BYTES // sum(c.site_bytes for c in curve_sets)))
        self._sids = np.unique(np.linspace(0, n_sites - 1, n).round().astype(np.intp))
        self._kept = {
            curves.name: np.zeros((len(self._sids), *curves.shape[1:]), np.float32)
            for curves in curve_sets
        }

    def add(self, curves: CurveSet, block: Block) -> None:
        """Keep what a block has of the sites."""
        per_site = curves.shape[1] * curves.shape[2]
        first, last = block.curves[0] // per_site, block.curves[-1] // per_site
        if np.searchsorted(self._sids, first) == np.searchsorted(self._sids, last + 1):
            return
        sids = block.curves // per_site
        places = np.searchsorted(self._sids, sids).clip(max=len(self._sids) - 1)
        here = np.flatnonzero(self._sids[places] == sids)
        kept = self._kept[curves.name].reshape(len(self._sids), per_site, -1)
        levels = slice(block.level, block.level + block.poes.shape[1])
        kept[places[here], block.curves[here] % per_site, levels] = block.poes[here]

    def sample(self, calculation: Calculation) -> Sample:
        """Return what was kept."""
        found = {KINDS[name]: curves for name, curves in self._kept.items()}
        if calculation.realisations_from_mean:
            mean = calculation.aggs.index("mean")
            found[Kind.REALISATIONS] = found[Kind.STATS][:, [mean]]
        return Sample(tuple(self._sids.tolist()), found)
