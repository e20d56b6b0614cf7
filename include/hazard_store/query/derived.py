"""Hazard maps and uniform hazard spectra out of stored curves, each said with its time and unit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hazard_store.derive import (
    FLAGS,
    Target,
    levels_at,
    levels_of_measures,
    period_of,
    unit_of,
)
from hazard_store.errors import NoSuchCurve
from hazard_store.model import Kind
from hazard_store.query.ask import Asked, ask
from hazard_store.query.curves import Site, SiteArrays
from hazard_store.query.opened import Calculation
from hazard_store.store import Store


@dataclass(frozen=True, eq=False)
class MapBlock:
    """The levels of one statistic and one intensity measure at some sites."""

    calc_id: str
    agg: str
    imt: str
    poe: float  # probability of exceedance ...
    years: float  # ... in so many years
    unit: str | None  # of the levels
    sites: SiteArrays  # n
    imls: NDArray[np.float64]  # (n,)
    flags: NDArray[np.uint8]  # (n,) numbers in `FLAGS`


@dataclass(frozen=True, eq=False)
class Spectrum:
    """A uniform hazard spectrum of one statistic at a site."""

    calc_id: str
    site: Site
    agg: str
    poe: float
    years: float
    unit: str | None
    imts: tuple[str, ...]  # by period
    periods: tuple[float, ...]  # seconds; PGA is 0
    imls: NDArray[np.float64]  # (M,)
    flags: tuple[str | None, ...]  # M


def hazard_map(
    calc_id: Calculation,
    imt: str,
    target: Target,
    agg: str = "mean",
    locs: Sequence[str] | None = None,
    unpublished: bool = False,
    *,
    store: Store | None = None,
) -> Iterator[MapBlock]:
    """Yield a hazard map by blocks of sites.

    Args:
        calc_id: the calculation, or one that is open.
        imt: the intensity measure.
        target: at which probability, return period or rate.
        agg: the statistic.
        locs: site codes, custom ids or "LAT,LON"; None: all sites, in key order.
        unpublished: also if the calculation is not published.
        store: where; by default as the environment says.

    Raises:
        NoSuchCalculation: it is not stored, or not published.
        NoSuchCurve: it has no such site, measure or statistic.
    """
    asked = ask(Kind.STATS, calc_id, locs, [imt], [agg], unpublished, store=store)
    yield from map_of(asked, target)


def map_of(asked: Asked, target: Target) -> Iterator[MapBlock]:
    """Yield the map of a question about one statistic and one measure; raises as its blocks."""
    stored = asked.stored
    (m,), (name,) = asked.imts, asked.row_names
    poe, years = _said(target, stored.investigation_time)
    levels, at = stored.all_levels[m], target.poe_in(stored.investigation_time)
    measure = stored.imts[m]
    for block in asked.blocks():
        imls, flags = levels_at(block.curves[:, 0, 0], levels, [at])
        found = (block.sites, imls[:, 0], flags[:, 0])
        yield MapBlock(stored.calc_id, name, measure, poe, years, unit_of(measure), *found)


def uniform_hazard_spectra(
    calc_id: Calculation,
    target: Target,
    locs: Sequence[str] | None = None,
    aggs: Sequence[str] | None = None,
    unpublished: bool = False,
    *,
    store: Store | None = None,
) -> Iterator[Spectrum]:
    """Yield the spectra of sites: PGA, at period 0, and spectral accelerations.

    Args:
        calc_id: the calculation, or one that is open.
        target: at which probability, return period or rate.
        locs: site codes, custom ids or "LAT,LON"; None: all sites, in key order.
        aggs: statistics; None: all.
        unpublished: also if the calculation is not published.
        store: where; by default as the environment says.

    Raises:
        NoSuchCalculation, NoSuchCurve: as `hazard_map`; also where no measure has a period.
    """
    asked = ask(Kind.STATS, calc_id, locs, None, aggs, unpublished, store=store)
    yield from spectra_of(with_periods(asked), target)


def with_periods(asked: Asked) -> Asked:
    """Return the same question about all measures that have a period, by their periods.

    Raises:
        NoSuchCurve: none has one.
    """
    stored = asked.stored
    periods = {imt: period for imt in stored.imts if (period := period_of(imt)) is not None}
    if not periods:
        raise NoSuchCurve(stored.calc_id, "IMT", "with a period", ", ".join(stored.imts))
    imts = sorted(periods, key=lambda imt: periods[imt])
    return asked.with_imts([stored.imts.index(imt) for imt in imts])


def spectra_of(asked: Asked, target: Target) -> Iterator[Spectrum]:
    """Yield the spectra of a question about measures that have periods; raises as its blocks."""
    stored = asked.stored
    imts = tuple(stored.imts[m] for m in asked.imts)
    poe, years = _said(target, stored.investigation_time)
    at, unit = target.poe_in(stored.investigation_time), unit_of(imts[0])
    levels = stored.all_levels[asked.imts]
    of_imts = tuple(period_of(imt) or 0.0 for imt in imts)
    for block in asked.blocks():
        imls, flags = (x[..., 0] for x in levels_of_measures(block.curves, levels, [at]))
        for number, site in enumerate(block.sites):
            for place, agg in enumerate(asked.row_names):
                said = tuple(FLAGS[flag] for flag in flags[number, place])
                answer = (poe, years, unit, imts, of_imts, imls[number, place], said)
                yield Spectrum(stored.calc_id, site, agg, *answer)


def _said(target: Target, investigation_time: float) -> tuple[float, float]:
    """Return the probability and the years that an answer names."""
    if target.poe is not None and target.years is not None:
        return target.poe, target.years
    return target.poe_in(investigation_time), investigation_time
