"""Uniform hazard spectra: levels at one probability, by period."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from hazard_store.derive import Target
from hazard_store.errors import BadParameter
from hazard_store.plot.draw import draw_alone, draw_among
from hazard_store.plot.looks import looks_for
from hazard_store.plot.panels import add_legend, entitle, panels
from hazard_store.plot.series import Source, names_of
from hazard_store.plot.spread import NO_LEVELS
from hazard_store.plot.texts import drawn, said_at
from hazard_store.query import Spectrum

SHADED = 3  # series, up to which the inner pair of each is shaded


def plot_spectra(spectra: Iterable[Spectrum]) -> Figure:
    """Return a figure of uniform hazard spectra; PGA stands at period 0.

    Levels that are not between two points of their curve are hollow.

    Args:
        spectra: any statistics of any sites, at one probability.

    Raises:
        BadParameter: there is nothing to draw, or more than can be told apart, or they are at
            different probabilities.
    """
    found = [each for each in spectra if each.agg not in NO_LEVELS]
    if not found:
        refused = " and ".join(NO_LEVELS)
        raise BadParameter("picture", f"there is no spectrum to draw ({refused} have no levels)")
    first = found[0]
    if len({(each.poe, each.years) for each in found}) > 1:
        raise BadParameter("picture", "spectra at different probabilities do not go on one axis")
    by_source: dict[Source, list[Spectrum]] = {}
    for each in found:
        by_source.setdefault((each.calc_id, each.site), []).append(each)
    sources = list(by_source)
    about, sites, names = names_of(sources)
    figure, (axes,), _ = panels(1)
    for source, name, look in zip(sources, names, looks_for(len(sources)), strict=True):
        of_source = by_source[source]
        periods = np.array(of_source[0].periods)
        stats = {each.agg: each.imls for each in of_source}
        if len(sources) == 1:
            draw_alone(axes, periods, stats, look)
        else:
            draw_among(axes, periods, stats, look, name, len(sources) <= SHADED)
    _mark_flagged(axes, found)
    unit = f" ({first.unit})" if first.unit else ""
    axes.set(xlabel="period (s); PGA at 0", ylabel=drawn(f"spectral acceleration{unit}"))
    axes.set_ylim(bottom=0)
    axes.set_xlim(left=0)
    return_period = 1 / Target(poe=first.poe, years=first.years).annual_rate(first.years)
    at = said_at(first.poe, first.years, return_period)
    entitle(figure, [f"Uniform hazard spectrum{about}", at, *sites])
    add_legend(figure, [axes])
    return figure


def _mark_flagged(axes: object, spectra: list[Spectrum]) -> None:
    """Mark hollow what a curve does not tell."""
    points: list[NDArray[np.float64]] = [
        np.array([period, iml])
        for each in spectra
        for period, iml, flag in zip(each.periods, each.imls, each.flags, strict=True)
        if flag is not None
    ]
    if points:
        x, y = np.array(points).T
        axes.scatter(  # type: ignore[attr-defined]
            x,
            y,
            s=36,
            facecolors="white",
            edgecolors="0.35",
            zorder=6,
            label="outside the curve",
        )
