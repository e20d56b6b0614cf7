"""Curves of one calculation, site and intensity measure, gathered; and what tells them apart."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from hazard_store.amounts import years
from hazard_store.derive.poisson import poes_in
from hazard_store.errors import BadParameter
from hazard_store.plot.spread import NO_LEVELS
from hazard_store.plot.texts import site_name, site_text
from hazard_store.query import RlzCurve, Site, StatsCurve

Source = tuple[str, Site]  # a calculation and one of its sites


@dataclass(frozen=True, eq=False)
class Series:
    """The curves of one calculation and site, of one intensity measure, in one time base."""

    source: Source
    imt: str
    unit: str | None
    imls: NDArray[np.float64]  # (L,)
    years: float  # that its probabilities are of
    own_years: float  # that those of its calculation are of
    stats: dict[str, NDArray[np.float64]] = field(default_factory=dict)  # (L,) each
    realisations: list[NDArray[np.float64]] = field(default_factory=list)  # (L,) each


def gathered(curves: Iterable[StatsCurve | RlzCurve]) -> list[Series]:
    """Return series in the order in which they begin, all in the time base of the first.

    Raises:
        BadParameter: there is nothing to draw.
    """
    found: dict[tuple[str, Site, str], Series] = {}
    of_years: float | None = None
    for curve in curves:
        if isinstance(curve, StatsCurve) and curve.agg in NO_LEVELS:
            continue
        of_years = of_years or curve.years
        source = curve.calc_id, Site(curve.loc, curve.lat, curve.lon, curve.vs30)
        series = found.setdefault(
            (*source, curve.imt),
            Series(source, curve.imt, curve.unit, curve.imls, of_years, curve.years),
        )
        poes = poes_in(curve.poes, curve.years, of_years)
        if isinstance(curve, StatsCurve):
            series.stats[curve.agg] = poes
        else:
            series.realisations.append(poes)
    if not found:
        refused = " and ".join(NO_LEVELS)
        raise BadParameter("picture", f"there is no curve to draw ({refused} are no probabilities)")
    return list(found.values())


def require_statistics(series: Iterable[Series]) -> None:
    """Refuse series of which only realisations are there: beside others these would be a tangle.

    Raises:
        BadParameter: one has no statistics.
    """
    for each in series:
        if not each.stats:
            raise BadParameter(
                "picture",
                f"{each.source[0]} has no statistics stored, and of several sites or calculations "
                "only these are drawn: draw it alone, one site at a time",
            )


def sources_of(series: Iterable[Series]) -> list[Source]:
    """Return the calculations and sites of some series, each once."""
    return list(dict.fromkeys(each.source for each in series))


def names_of(sources: Sequence[Source]) -> tuple[str, list[str], list[str]]:
    """Return what a title says of the calculation and of the site, and each name in a legend."""
    calc_ids = list(dict.fromkeys(calc_id for calc_id, _ in sources))
    sites = list(dict.fromkeys(site for _, site in sources))
    about = f", calculation {calc_ids[0]}" if len(calc_ids) == 1 else ""
    of_site = [site_text(sites[0])] if len(sites) == 1 else []
    names = []
    for calc_id, site in sources:
        parts = [calc_id] if len(calc_ids) > 1 else []
        parts += [site_name(site)] if len(sites) > 1 else []
        names.append(", ".join(parts))
    return about, of_site, names


def time_notes(series: Iterable[Series]) -> list[str]:
    """Return a line for each calculation whose probabilities were brought to another time."""
    notes = {
        each.source[0]: (
            f"{each.source[0]} was calculated for {years(each.own_years)}; "
            f"shown for {years(each.years)} by the Poisson rule"
        )
        for each in series
        if each.own_years != each.years
    }
    return list(notes.values())
