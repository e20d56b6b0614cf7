"""Loads hazard curves for nzshm-hazlab, whose probabilities are those in one year."""

from __future__ import annotations

import warnings

import numpy as np
from numpy.typing import NDArray

from hazard_store.derive.poisson import poes_in
from hazard_store.hazlab.models import Location, Models
from hazard_store.query import StatsCurve
from hazard_store.store import Store


class HazardStoreLoader:
    """Loads hazard curves of statistics for nzshm-hazlab's `HazardCurves`."""

    def __init__(self, *, store: Store | None = None) -> None:
        """Load from a store; by default as the environment says."""
        self._models = Models(store)
        self._levels: NDArray[np.float64] | None = None  # those that were asked for first

    def get_probabilities(
        self, hazard_model_id: str, imt: str, location: Location, vs30: float, agg: str
    ) -> NDArray[np.float64]:
        """Return the probabilities of exceedance in one year, the lowest level's first.

        Where the investigation time of the calculation is not one year, they are converted by the
        Poisson rule, 1 - (1 - poe) ** (1 / years); a probability of 1 in a longer time tells
        nothing of one year and is NaN.

        Args:
            hazard_model_id: the calculation id.
            imt: the intensity measure, "SA(1.0)".
            location: the site, to three decimals.
            vs30: of the site, m/s; 0 where it has none.
            agg: the statistic, "mean" or "0.1"; "mean@rlzs": recomputed from the realisations.

        Returns:
            float64 (L,).

        Raises:
            KeyError: there is no such curve, or it is not published.
        """
        curve = self._models[hazard_model_id].curve(imt, location, vs30, agg)
        self._warn_of_levels(curve)
        return poes_in(curve.poes, curve.years, 1)

    def get_levels(
        self, hazard_model_id: str, imt: str, location: Location, vs30: float, agg: str
    ) -> NDArray[np.float64]:
        """Return the levels of a curve, ascending, in the unit of its measure: float64 (L,).

        Args and errors are those of `get_probabilities`.
        """
        levels = self._models[hazard_model_id].curve(imt, location, vs30, agg).imls
        if self._levels is None:
            self._levels = levels
        return levels

    def _warn_of_levels(self, curve: StatsCurve) -> None:
        """Warn of a curve with levels that nzshm-hazlab does not ask for: the first are for all."""
        if self._levels is not None and not np.array_equal(self._levels, curve.imls):
            warnings.warn(
                f"{curve.imt} of {curve.calc_id} has other levels than those that were asked for "
                "first, which HazardCurves of nzshm-hazlab takes for all curves: give each measure "
                "a loader and a HazardCurves of its own, and take spectra from "
                "hazard_store.query.uniform_hazard_spectra",
                stacklevel=3,
            )
