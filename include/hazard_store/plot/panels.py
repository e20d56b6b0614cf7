"""A figure of panels, one for each intensity measure, with one title and one legend."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from matplotlib.figure import Figure

from hazard_store.plot.looks import GRID
from hazard_store.plot.texts import title

COLUMNS = 4
PANEL_INCHES = (3.6, 3.3)
ALONE_INCHES = (7.2, 4.8)
LEGEND_CHARACTERS_PER_INCH = 9


def panels(n: int, below: float = 0.0) -> tuple[Figure, list[Any], list[Any]]:
    """Return a figure with some panels, and perhaps a lower one under each.

    Args:
        n: how many.
        below: height of the lower ones, as a part of the upper ones'; 0: there are none.

    Returns:
        the figure, the panels, and the lower ones, n each or none.
    """
    columns = min(COLUMNS, n)
    rows = math.ceil(n / columns)
    width, height = ALONE_INCHES if n == 1 else PANEL_INCHES
    tall = height * (1 + below) * rows
    figure = Figure(figsize=(max(ALONE_INCHES[0], width * columns), tall + 1), layout="constrained")
    heights = [1.0, below] if below else [1.0]
    grid = figure.add_gridspec(rows * len(heights), columns, height_ratios=heights * rows)
    upper: list[Any] = []
    lower: list[Any] = []
    for number in range(n):
        row, column = divmod(number, columns)
        first = upper[0] if upper else None
        panel = figure.add_subplot(grid[row * len(heights), column], sharey=first)
        upper.append(panel)
        if below:
            under = figure.add_subplot(
                grid[row * 2 + 1, column], sharex=panel, sharey=lower[0] if lower else None
            )
            panel.tick_params(labelbottom=False)
            lower.append(under)
    for panel in (*upper, *lower):
        panel.grid(visible=True, which="major", **GRID)
        panel.set_axisbelow(True)
    return figure, upper, lower


def entitle(figure: Figure, parts: list[str]) -> None:
    """Write the title of a figure."""
    figure.suptitle(title(parts, figure.get_figwidth()), fontsize=11)


def add_legend(figure: Figure, axes: Iterable[Any]) -> None:
    """Write below the panels what their lines are, each text once."""
    entries: dict[str, Any] = {}
    for panel in axes:
        for handle, text in zip(*panel.get_legend_handles_labels(), strict=True):
            entries.setdefault(text, handle)
    longest = max(map(len, entries), default=0) + 8
    columns = max(1, int(figure.get_figwidth() * LEGEND_CHARACTERS_PER_INCH) // longest)
    figure.legend(
        list(entries.values()),
        list(entries),
        loc="outside lower center",
        ncols=min(columns, max(len(entries), 1)),
        fontsize="small",
        frameon=False,
    )
