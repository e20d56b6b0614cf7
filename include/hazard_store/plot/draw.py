"""Draws the statistics and the realisations of series: the same for curves and spectra."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hazard_store.amounts import count
from hazard_store.plot.looks import GREY, LOOKS, PALE, Look
from hazard_store.plot.spread import spread_of, stat_text
from hazard_store.plot.texts import drawn

MANY = 40  # realisations, up to which each is a line
PAIRS, OTHERS = LOOKS[0].colour, LOOKS[1].colour  # of the only series of a panel


def draw_alone(
    axes: Any, x: NDArray[np.float64], stats: Mapping[str, NDArray[np.float64]], look: Look
) -> None:
    """Draw all statistics of the only series of a panel.

    Args:
        axes: where.
        x: (n,).
        stats: (n,) of each statistic; NaN is a gap.
        look: of the series.
    """
    spread = spread_of(stats)
    for number, (low, high) in enumerate(spread.pairs):
        text = drawn(f"quantiles {low} and {high}")
        if number == 0:
            shade(axes, x, stats[low], stats[high], PAIRS, text)
        else:
            thin: dict[str, Any] = {"color": PAIRS, "linewidth": 0.9, "linestyle": "--"}
            axes.plot(x, stats[low], label=text, zorder=3, **thin)
            axes.plot(x, stats[high], zorder=3, **thin)
    dashes = ("-.", ":", (0, (5, 1, 1, 1, 1, 1)))
    for number, agg in enumerate(spread.others):
        line = dashes[number % len(dashes)]
        style: dict[str, Any] = {"color": OTHERS, "linewidth": 1.3, "linestyle": line}
        axes.plot(x, stats[agg], label=drawn(stat_text(agg)), zorder=4, **style)
    if spread.middle is not None:
        text = drawn(stat_text(spread.middle))
        axes.plot(x, stats[spread.middle], label=text, color=look.colour, linewidth=2.2, zorder=5)


def draw_among(
    axes: Any,
    x: NDArray[np.float64],
    stats: Mapping[str, NDArray[np.float64]],
    look: Look,
    name: str,
    shaded: bool,
) -> None:
    """Draw one of several series: its middle line, and its inner pair where there are few.

    Args:
        axes: where.
        x: (n,).
        stats: (n,) of each statistic; NaN is a gap.
        look: of the series.
        name: of the series.
        shaded: whether the inner pair is drawn.
    """
    spread = spread_of(stats)
    if spread.middle is None:
        return
    text = f"{name}: {stat_text(spread.middle)}"
    if shaded and spread.pairs:
        low, high = spread.pairs[0]
        between = drawn(f"shaded: from quantile {low} to {high}")
        shade(axes, x, stats[low], stats[high], look.colour, between)
    axes.plot(
        x,
        stats[spread.middle],
        label=drawn(text),
        color=look.colour,
        linestyle=look.line,
        marker=look.marker,
        markersize=4.5,
        markevery=max(1, len(x) // 10),
        linewidth=1.8,
        zorder=5,
    )


def shade(
    axes: Any,
    x: NDArray[np.float64],
    low: NDArray[np.float64],
    high: NDArray[np.float64],
    colour: str,
    text: str,
) -> None:
    """Shade what is between two lines; where the lower one has a gap, down to the axis's end."""
    down_to = np.where(np.isnan(low) & ~np.isnan(high), np.finfo(np.float32).tiny, low)
    axes.fill_between(x, down_to, high, color=colour, alpha=0.2, linewidth=0, label=text, zorder=2)


def draw_realisations(axes: Any, x: NDArray[np.float64], values: list[NDArray[np.float64]]) -> None:
    """Draw realisations as grey lines, or as one band from the least to the most of many."""
    if len(values) > MANY:
        every = np.array(values)
        some = ~np.isnan(every).all(axis=0)
        text = f"from the least to the most of {count(len(values), 'realisation')}"
        least, most = np.nanmin(every[:, some], axis=0), np.nanmax(every[:, some], axis=0)
        least = np.where(np.isnan(every[:, some]).any(axis=0), np.nan, least)  # some are zero
        down_to = np.where(np.isnan(least), np.finfo(np.float32).tiny, least)
        axes.fill_between(x[some], down_to, most, color=PALE, linewidth=0, label=text, zorder=1)
        return
    for number, each in enumerate(values):
        label = count(len(values), "realisation") if number == 0 else None
        axes.plot(x, each, color=GREY, linewidth=0.7, label=label, zorder=1)
