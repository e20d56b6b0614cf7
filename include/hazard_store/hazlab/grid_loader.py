"""Loads hazard maps on named grids for nzshm-hazlab."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from hazard_store.derive import Target
from hazard_store.errors import NoSuchCurve
from hazard_store.hazlab.models import Location, Models
from hazard_store.query import hazard_map
from hazard_store.store import Store


class AnnualPoe(Protocol):
    """A probability of exceedance in one year: toshi-hazard-store's ProbabilityEnum."""

    @property
    def value(self) -> float:
        """The probability."""


class HazardStoreGridLoader:
    """Loads hazard maps on named grids for nzshm-hazlab's `HazardGrids`."""

    def __init__(
        self, locations: Callable[[str], Iterable[Location]], *, store: Store | None = None
    ) -> None:
        """Load from a store; by default as the environment says.

        Args:
            locations: gives those of a grid by its name: nzshm_common.grids.get_location_grid.
            store: where.
        """
        self._locations = locations
        self._models = Models(store)

    def get_grid(
        self, hazard_model_id: str, imt: str, grid_name: str, vs30: float, poe: AnnualPoe, agg: str
    ) -> NDArray[np.float64]:
        """Return the levels that are exceeded with a probability in one year, a point a location.

        They are interpolated as the OpenQuake engine does it (`hazard_store.derive.levels_at`),
        between probabilities in the calculation's own time: 0 where the probability is above that
        of the lowest level, and the highest level where it is below that of the highest.

        Args:
            hazard_model_id: the calculation id.
            imt: the intensity measure, "SA(1.0)".
            grid_name: of the grid.
            vs30: of its sites, m/s; 0 where they have none.
            poe: the probability in one year.
            agg: the statistic, "mean" or "0.1".

        Returns:
            float64 (n,), in the order of the grid's locations and in the unit of the measure.

        Raises:
            KeyError: a location is no site of the calculation, or it has no such curves.
        """
        model = self._models[hazard_model_id]
        locs = [model.loc(location, vs30) for location in self._locations(grid_name)]
        target = Target(poe=float(poe.value), years=1)
        # Map items have all sites in a few requests; without them, no site that was not asked for.
        wanted = None if model.has_maps_of(agg) else locs
        found: dict[str, float] = {}
        try:
            for block in hazard_map(model.calculation, imt, target, agg, wanted):
                found |= zip(block.sites.locs, block.imls.tolist(), strict=True)
        except NoSuchCurve as error:
            raise KeyError(str(error)) from error
        return np.array([found[loc] for loc in locs])
