"""The ratio of hazard curves: what one calculation says, by what another says of the same place."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from hazard_store.derive.at_levels import poes_at
from hazard_store.errors import BadParameter
from hazard_store.plot.curves import by_imt, draw_panels
from hazard_store.plot.looks import looks_for
from hazard_store.plot.panels import add_legend, panels
from hazard_store.plot.series import Series, gathered, require_statistics, sources_of
from hazard_store.plot.spread import spread_of, stat_text
from hazard_store.plot.texts import drawn, level_axis
from hazard_store.query import RlzCurve, StatsCurve

HEIGHT = 0.5  # of the ratio's panel, as a part of that of the curves
DECIMALS = 3  # of degrees, to which two sites are one place
FACTOR = 5.0  # between the least and the most ratio, from which on its axis is logarithmic


def plot_ratio(curves: Iterable[StatsCurve | RlzCurve]) -> Figure:
    """Return a figure of the curves of several calculations and, below, their ratio to the first.

    The ratio is that of one statistic, at the levels of the first calculation; where another one
    has other levels, it is interpolated by straight lines in log-log. It has gaps where a
    probability is zero, and where levels do not overlap.

    Args:
        curves: statistics of at least two calculations.

    Raises:
        BadParameter: there is one calculation only, or nothing that can be compared.
    """
    series = gathered(curves)
    require_statistics(series)
    pairs = _pairs(series)
    agg = _common_statistic(series)
    kept = [s for s in series if any(s is one for pair in pairs for one in pair)]
    first = kept[0].source[0]
    by_measure = by_imt(kept)
    figure, axes, lower = panels(len(by_measure), below=HEIGHT)
    draw_panels(figure, axes, kept)
    sources = sources_of(kept)
    looks = dict(zip(sources, looks_for(len(sources)), strict=True))
    under = dict(zip(by_measure, lower, strict=True))
    every = []
    for each, base in pairs:
        ratio = ratio_of(each, base, agg)
        every.append(ratio)
        look = looks[each.source]
        style: dict[str, Any] = {"color": look.colour, "linestyle": look.line, "linewidth": 1.8}
        under[each.imt].plot(base.imls, ratio, **style)
    for imt, panel in under.items():
        panel.axhline(1, color="0.3", linewidth=0.8, zorder=0)
        panel.set_xlabel(level_axis(imt, by_measure[imt][0].unit))
    lower[0].set_ylabel(f"{drawn(stat_text(agg))}: ratio to\n{drawn(first)}", fontsize=9)
    _scale(lower[0], np.concatenate(every))
    add_legend(figure, axes)
    return figure


def ratio_of(series: Series, base: Series, agg: str) -> NDArray[np.float64]:
    """Return the ratio of a statistic at each level of the base, (L,); NaN is a gap.

    Raises:
        BadParameter: no level of the base lies between those of the other.
    """
    if not ((base.imls >= series.imls[0]) & (base.imls <= series.imls[-1])).any():
        said = " and ".join(f"{s.imls[0]:g} to {s.imls[-1]:g}" for s in (series, base))
        names = f"{series.source[0]} and {base.source[0]}"
        raise BadParameter("ratio", f"the levels of {names} do not overlap in {base.imt}: {said}")
    of_series, of_base = poes_at(base.imls, series.imls, series.stats[agg]), base.stats[agg]
    ratio = np.full(len(base.imls), np.nan)
    np.divide(of_series, of_base, out=ratio, where=(of_series > 0) & (of_base > 0))
    return ratio


def _pairs(series: Sequence[Series]) -> list[tuple[Series, Series]]:
    """Return each series of another calculation with that of the first at the same place.

    Raises:
        BadParameter: there is no other calculation, or one shares nothing with the first.
    """
    ids = list(dict.fromkeys(each.source[0] for each in series))
    if len(ids) < 2:
        raise BadParameter("ratio", "it takes two calculations or more: name another one")
    bases = [each for each in series if each.source[0] == ids[0]]
    pairs = [
        (each, base)
        for each in series
        if each.source[0] != ids[0] and (base := _same_place(each, bases)) is not None
    ]
    for calc_id in ids[1:]:
        if calc_id not in {each.source[0] for each, _ in pairs}:
            raise BadParameter(
                "ratio",
                f"{calc_id} and {ids[0]} share no site and intensity measure among those that "
                "were asked for: name a place that both have, with --loc LAT,LON",
            )
    return pairs


def _same_place(series: Series, bases: Sequence[Series]) -> Series | None:
    """Return the base at the place of a series, with its vs30 where there are several."""

    def place(each: Series) -> tuple[float, float]:
        site = each.source[1]
        return round(site.lat, DECIMALS), round(site.lon % 360, DECIMALS)

    here = [b for b in bases if b.imt == series.imt and place(b) == place(series)]
    vs30 = series.source[1].vs30
    return next((b for b in here if b.source[1].vs30 == vs30), here[0] if here else None)


def _common_statistic(series: Sequence[Series]) -> str:
    """Return the statistic that is compared: of those that all have, the middle line.

    Raises:
        BadParameter: they have none in common.
    """
    common = [agg for agg in series[0].stats if all(agg in each.stats for each in series)]
    agg = spread_of(common).middle
    if agg is None:
        raise BadParameter("ratio", "the calculations have no statistic in common to compare")
    return agg


def _scale(panel: Any, ratios: NDArray[np.float64]) -> None:
    """Let the axis of the ratios be logarithmic where they differ much."""
    known = ratios[np.isfinite(ratios)]
    if len(known) and known.max() > FACTOR * known.min():
        panel.set_yscale("log")
