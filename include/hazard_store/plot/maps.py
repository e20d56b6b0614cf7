"""Hazard maps: the level that each site exceeds with one probability."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from numpy.typing import NDArray

from hazard_store.amounts import count
from hazard_store.derive import FLAGS, Flag, Target
from hazard_store.errors import BadParameter
from hazard_store.plot.extent import Extent, degrees_text, extent_of, spacing, unbroken
from hazard_store.plot.outline import coastline_within
from hazard_store.plot.panels import entitle
from hazard_store.plot.texts import drawn, level_axis, said_at, vs30_text
from hazard_store.query import MapBlock

MAP_INCHES = (6.2, 6.6)  # that the map itself takes at the most
MARGIN_INCHES = (1.7, 1.1)  # for axes and colour bar, for title and legend
LEAST_INCHES = 6.4  # of width
MARKER_POINTS = (1.6, 9.0)  # least and greatest side of a site
OVERLAP = 1.1  # of the squares of a grid, that no light comes through
IMAGE_FROM = 2000  # sites, from which on SVG and PDF hold them as an image
FLAG_LOOKS = {
    Flag.BELOW_RANGE: ("o", "less than the lowest level"),
    Flag.ABOVE_RANGE: ("^", "more than the highest level"),
    Flag.ZERO_TAIL: ("s", "not told by the curve: its probabilities end before"),
}


def plot_map(blocks: Iterable[MapBlock]) -> Figure:
    """Return a figure of a hazard map, over the coastline of Natural Earth.

    Sites whose level is not between two points of their curve are hollow, and the legend says why.

    Args:
        blocks: of one calculation, statistic and intensity measure.

    Raises:
        BadParameter: there is no site.
    """
    parts = list(blocks)
    if not parts:
        raise BadParameter("picture", "there is no site to draw")
    first = parts[0]
    lats = np.concatenate([part.sites.lats for part in parts])
    lons = unbroken(np.concatenate([part.sites.lons for part in parts]))
    imls = np.concatenate([part.imls for part in parts])
    flags = np.concatenate([part.flags for part in parts])
    extent = extent_of(lons, lats)
    figure, axes, points_per_degree = _frame(extent)
    step = spacing(lons, lats, extent) * points_per_degree * OVERLAP
    side = float(np.clip(step, *MARKER_POINTS))
    fills = side < MARKER_POINTS[1]  # the sites cover the map
    if fills:
        axes.collections[0].set(zorder=4, path_effects=[withStroke(linewidth=1.8, foreground="w")])
    inside = flags == FLAGS.index(None)
    if inside.any():
        shown = axes.scatter(
            lons[inside],
            lats[inside],
            c=imls[inside],
            s=side**2,
            cmap="viridis",
            marker="s" if fills else "o",
            linewidths=0,
            zorder=3,
            rasterized=len(lons) > IMAGE_FROM,
        )
        figure.colorbar(shown, ax=axes, label=level_axis(first.imt, first.unit), shrink=0.8)
    _draw_flagged(figure, axes, lons, lats, flags, side)
    vs30s = [p.sites.vs30s for p in parts if p.sites.vs30s is not None]
    return_period = 1 / Target(poe=first.poe, years=first.years).annual_rate(first.years)
    entitle(
        figure,
        [
            f"Hazard map: {first.imt}, {said_at(first.poe, first.years, return_period)}",
            f"calculation {first.calc_id}, {first.agg}, {_sites_text(len(lons), vs30s)}",
        ],
    )
    return figure


def _sites_text(n: int, vs30s: list[NDArray[np.float64]]) -> str:
    known = np.concatenate(vs30s) if vs30s else np.array([])
    known = known[np.isfinite(known)]
    return count(n, "site") + (f", {vs30_text(known.min(), known.max())}" if len(known) else "")


def _frame(extent: Extent) -> tuple[Figure, Any, float]:
    """Return a figure with the axes of a map, its coastline, and its points to a degree."""
    wide, high = extent.size
    inches_per_degree = min(MAP_INCHES[0] / wide, MAP_INCHES[1] / high)
    width = max(LEAST_INCHES, wide * inches_per_degree + MARGIN_INCHES[0])
    height = high * inches_per_degree + MARGIN_INCHES[1]
    figure = Figure(figsize=(width, height), layout="compressed")
    axes = figure.add_subplot()
    axes.set(xlim=(extent.west, extent.east), ylim=(extent.south, extent.north))
    axes.set_aspect(1 / extent.shortening)
    axes.set_facecolor("0.97")
    axes.locator_params(nbins=6)
    axes.xaxis.set_major_formatter(lambda lon, _: degrees_text(lon, "EW"))
    axes.yaxis.set_major_formatter(lambda lat, _: degrees_text(lat, "NS"))
    box = (extent.west, extent.south, extent.east, extent.north)
    lines = LineCollection(coastline_within(*box), colors="0.3", linewidths=0.6, zorder=2)
    axes.add_collection(lines, autolim=False)
    return figure, axes, 72 * inches_per_degree


def _draw_flagged(
    figure: Figure,
    axes: Any,
    lons: NDArray[np.float64],
    lats: NDArray[np.float64],
    flags: NDArray[np.uint8],
    side: float,
) -> None:
    """Draw the sites whose level is not between two points of their curve, hollow and grey."""
    handles = []
    for flag, (marker, text) in FLAG_LOOKS.items():
        here = flags == FLAGS.index(flag)
        if here.any():
            handles.append(
                axes.scatter(
                    lons[here],
                    lats[here],
                    s=side**2,
                    marker=marker,
                    facecolors="none",
                    edgecolors="0.4",
                    linewidths=0.8,
                    zorder=3,
                    label=drawn(f"{text}: {count(int(here.sum()), 'site')}"),
                )
            )
    if handles:
        figure.legend(handles=handles, loc="outside lower center", fontsize="small", frameon=False)
