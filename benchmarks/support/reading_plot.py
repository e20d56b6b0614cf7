"""Draws what `benchmarks.reading` measured."""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")
from matplotlib import pyplot as plt

from benchmarks.support.designs import Design
from benchmarks.support.questions import Costs
from hazard_store.model import KeyScheme

MARKERS = {KeyScheme.CALC: "s", KeyScheme.LOCATION: "^", KeyScheme.CALC_LOCATION: "o"}
COLOURS = ("#4c9fd4", "#2f6fb0", "#173f77", "#d9772b")


def draw(found: dict[Design, Costs], path: Path) -> None:
    """Draw read units a query: colours are layouts, markers key schemes."""
    queries = list(next(iter(found.values())).curves)
    layouts = list(dict.fromkeys(map(str, found)))
    schemes = list(dict.fromkeys(design.scheme for design in found))
    figure, axes = plt.subplots(figsize=(8, 5.2), layout="constrained")
    for design, costs in found.items():
        number = layouts.index(str(design))
        shift = 0.18 * (number - (len(layouts) - 1) / 2)
        axes.plot(
            [costs.curves[name].units for name in queries],
            [row + shift for row in range(len(queries))],
            linestyle="none",
            marker=MARKERS[design.scheme],
            markersize=6,
            markerfacecolor="none",
            markeredgecolor=COLOURS[number],
        )
    for colour, layout in zip(COLOURS, layouts, strict=False):
        axes.plot([], [], "_", color=colour, markeredgewidth=4, label=layout)
    for scheme in schemes:
        marker = MARKERS[scheme]
        axes.plot([], [], marker, color="0.4", markerfacecolor="none", label=scheme)
    axes.set_xscale("log")
    axes.set_yticks(range(len(queries)), queries)
    axes.set_ylim(len(queries) - 0.5, -0.5)
    axes.set_xlabel("read units of a query (consistent; records not counted)")
    axes.grid(axis="x", which="both", color="0.92")
    for row in range(1, len(queries)):
        axes.axhline(row - 0.5, color="0.85", linewidth=0.8)
    axes.xaxis.set_major_formatter("{x:g}")
    figure.legend(ncols=4, loc="outside upper center", frameon=False)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)
    plt.close(figure)
