"""Calculations as nzshm-hazlab asks about them: by model, coordinates and vs30."""

from __future__ import annotations

from functools import cached_property
from typing import Protocol

from hazard_store.errors import NoSuchCalculation, NoSuchCurve
from hazard_store.keys import site_code
from hazard_store.query import (
    OpenCalculation,
    Site,
    StatsCurve,
    get_hazard_stats_curves,
    open_calculation,
)
from hazard_store.store import Store

NO_VS30 = 0  # what its users ask for where a site has none


class Location(Protocol):
    """A place on Earth: nzshm_common's CodedLocation, for one."""

    @property
    def lat(self) -> float:
        """Latitude, decimal degrees."""

    @property
    def lon(self) -> float:
        """Longitude, decimal degrees."""


class Models:
    """The calculations that were asked for: each is opened once."""

    def __init__(self, store: Store | None) -> None:
        self._store = store
        self._opened: dict[str, Model] = {}

    def __getitem__(self, calc_id: str) -> Model:
        """Return one of them.

        Raises:
            KeyError: it is not stored, or not published.
        """
        if calc_id not in self._opened:
            try:
                self._opened[calc_id] = Model(open_calculation(calc_id, store=self._store))
            except NoSuchCalculation as error:
                raise KeyError(str(error)) from error
        return self._opened[calc_id]


class Model:
    """An open calculation, as hazlab asks about it: sites by coordinates and vs30."""

    def __init__(self, calculation: OpenCalculation) -> None:
        self.calculation = calculation

    @cached_property
    def _sites(self) -> dict[str, list[Site]]:
        """The sites by their coordinates to three decimals."""
        found: dict[str, list[Site]] = {}
        for site in self.calculation.sites.arrays:
            found.setdefault(site_code(site.lat, site.lon), []).append(site)
        return found

    def loc(self, location: Location, vs30: float) -> str:
        """Return the site at a location; of several to three decimals, that with these coordinates.

        Raises:
            KeyError: there is none with this vs30, or there are several.
        """
        code, calc_id = site_code(location.lat, location.lon), self.calculation.calc_id
        near = self._sites.get(code, [])
        exact = [site for site in near if (site.lat, site.lon) == (location.lat, location.lon)]
        there = exact or near
        sites = [site for site in there if (site.vs30 or NO_VS30) == vs30]
        if len(sites) == 1:
            return sites[0].loc
        if sites:
            listed = ", ".join(site.loc for site in sites)
            raise KeyError(f"{calc_id}: {code} with vs30 {vs30:g} may be {listed}")
        if there:
            known = ", ".join(
                f"{site.vs30:g}" if site.vs30 else "none (ask for 0)" for site in there
            )
            raise KeyError(f"{calc_id}: {code} has no vs30 {vs30:g}; it has {known}")
        raise KeyError(f"{calc_id}: it has no site {code}")

    def curve(self, imt: str, location: Location, vs30: float, agg: str) -> StatsCurve:
        """Return the curve of a statistic.

        Raises:
            KeyError: there is none.
        """
        loc = self.loc(location, vs30)
        try:
            (found,) = get_hazard_stats_curves(self.calculation, [loc], [imt], [agg])
        except NoSuchCurve as error:
            raise KeyError(str(error)) from error
        return found

    def has_maps_of(self, agg: str) -> bool:
        """Whether map items have a statistic."""
        return agg in self.calculation.head.calculation.map_statistics
