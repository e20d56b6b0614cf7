"""Pictures of hazard curves: a panel for each intensity measure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter
from numpy.typing import NDArray

from hazard_store.plot.draw import draw_alone, draw_among, draw_realisations
from hazard_store.plot.looks import looks_for
from hazard_store.plot.panels import COLUMNS, add_legend, entitle, panels
from hazard_store.plot.series import (
    Series,
    gathered,
    names_of,
    require_statistics,
    sources_of,
    time_notes,
)
from hazard_store.plot.spread import spread_of
from hazard_store.plot.texts import level_axis, poe_axis
from hazard_store.query import RlzCurve, StatsCurve

FLOOR = 1e-6  # the least probability that an axis goes down to
CERTAIN = 0.99  # levels that every curve exceeds with more than this are left out at the left
NEAR, NEAR_TICKS = 50.0, (1.0, 2.0, 5.0)  # a range of levels below it has more numbers
RETURN_PERIODS = (475, 2475)  # years, whose probabilities are marked
SHADED = 3  # series, up to which the inner pair of each is shaded


def plot_curves(curves: Iterable[StatsCurve | RlzCurve]) -> Figure:
    """Return a figure of hazard curves.

    One site of one calculation is drawn with all of its statistics, and its realisations in grey;
    of several, sites or calculations, the middle line of each. Probabilities of other times are
    brought to that of the first curve by the Poisson rule, and the title says so.

    Args:
        curves: statistics, realisations or both, of any sites, calculations and measures.

    Raises:
        BadParameter: there is nothing to draw, or more than can be told apart.
    """
    series = gathered(curves)
    imts = list(dict.fromkeys(each.imt for each in series))
    figure, axes, _ = panels(len(imts))
    draw_panels(figure, axes, series)
    for panel, each in zip(axes, by_imt(series).values(), strict=True):
        panel.set_xlabel(level_axis(each[0].imt, each[0].unit))
    add_legend(figure, axes)
    return figure


def draw_panels(figure: Figure, axes: Sequence[Any], series: list[Series]) -> None:
    """Draw series into a panel for each measure, and write title and axes."""
    sources = sources_of(series)
    if len(sources) > 1:
        require_statistics(series)
    about, sites, names = names_of(sources)
    looks = dict(zip(sources, looks_for(len(sources)), strict=True))
    named = dict(zip(sources, names, strict=True))
    for panel, of_imt in zip(axes, by_imt(series).values(), strict=True):
        for each in of_imt:
            look, stats = looks[each.source], _drawable(each.stats)
            if len(sources) == 1:
                draw_realisations(panel, each.imls, [_without_zeros(r) for r in each.realisations])
                draw_alone(panel, each.imls, stats, look)
            else:
                few = len(sources) <= SHADED
                draw_among(panel, each.imls, stats, look, named[each.source], few)
        first, last = _x_limits(of_imt)
        panel.set(xscale="log", yscale="log", xlim=(first, last))
        between = NEAR_TICKS if last < NEAR * first else (1.0,)
        panel.xaxis.set_major_locator(LogLocator(subs=between))
        panel.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
        panel.xaxis.set_minor_formatter(NullFormatter())
    axes[0].set_ylim(*_y_limits(series))
    _mark_return_periods(axes, series[0].years)
    for panel in axes[::COLUMNS]:
        panel.set_ylabel(poe_axis(series[0].years))
    entitle(figure, ["Hazard curves" + about, *sites, *time_notes(series)])


def by_imt(series: Iterable[Series]) -> dict[str, list[Series]]:
    """Return series by their intensity measure, in the order in which they begin."""
    found: dict[str, list[Series]] = {}
    for each in series:
        found.setdefault(each.imt, []).append(each)
    return found


def _without_zeros(poes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the probabilities with gaps for zeros: a logarithmic axis has no place for them."""
    return np.where(poes > 0, poes, np.nan)


def _drawable(stats: dict[str, NDArray[np.float64]]) -> dict[str, NDArray[np.float64]]:
    return {agg: _without_zeros(poes) for agg, poes in stats.items()}


def _curves_of(series: Series) -> list[NDArray[np.float64]]:
    return [*series.stats.values(), *series.realisations]


def _x_limits(series: list[Series]) -> tuple[float, float]:
    """Return from which level on curves come down, and the highest level."""
    first, last = math.inf, 0.0
    for each in series:
        positive = each.imls[each.imls > 0]
        certain = np.all([poes > CERTAIN for poes in _curves_of(each)], axis=0) & (each.imls > 0)
        first = min(first, each.imls[certain][-1] if certain.any() else positive[0])
        last = max(last, positive[-1])
    return first, last if last > first else first * 10


def _y_limits(series: list[Series]) -> tuple[float, float]:
    """Return whole powers of ten around the middle lines."""
    middle = [each.stats.get(spread_of(each.stats).middle or "") for each in series]
    chosen = [m for m in middle if m is not None] or [c for s in series for c in _curves_of(s)]
    positive = np.concatenate(chosen)
    positive = positive[positive > 0]
    if not len(positive):
        return FLOOR, 2.0
    least, most = max(positive.min(), FLOOR), positive.max()
    bottom = 10.0 ** math.floor(math.log10(least))
    return min(bottom, 0.1), 1.5 * 10.0 ** math.ceil(math.log10(max(most, least)))


def _mark_return_periods(axes: Sequence[Any], of_years: float) -> None:
    """Mark the probabilities that users look for, in the time base of the axis."""
    for panel in axes:
        least, most = panel.get_ylim()
        for period in RETURN_PERIODS:
            poe = -math.expm1(-of_years / period)
            if least < poe < most:
                panel.axhline(poe, color="0.45", linewidth=0.7, linestyle=":", zorder=0)
                panel.annotate(
                    f"{period:,} years",
                    (0, poe),
                    xycoords=("axes fraction", "data"),
                    xytext=(3, 2),
                    textcoords="offset points",
                    fontsize=7,
                    color="0.35",
                )
