"""Pictures of benchmark tables: bars side by side, and lines against a number."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import matplotlib as mpl
from matplotlib.figure import Figure

STYLE = {
    "svg.hashsalt": "hazard-store",  # the same figures give the same file
    "svg.fonttype": "none",
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
}


@dataclass(frozen=True)
class Measured:
    """A table as `Table.save` left it."""

    header: list[str]
    rows: list[list[Any]]

    def column(self, name: str) -> list[float | None]:
        """Return the numbers of a column; None where a cell is no number.

        Raises:
            ValueError: there is no such column.
        """
        return [number(text) for text in self.texts([name])]

    def texts(self, names: Sequence[str]) -> list[str]:
        """Return some columns of each row as one text.

        Raises:
            ValueError: there is no such column.
        """
        places = [self.header.index(name) for name in names]
        return [", ".join(str(row[place]) for place in places) for row in self.rows]


def number(text: str) -> float | None:
    """Return the number of a cell.

    >>> number("11,500"), number("62%"), number("1.5"), number("not measured")
    (11500.0, 62.0, 1.5, None)
    """
    plain = text.replace(",", "").removesuffix("%").strip()
    return float(plain) if re.fullmatch(r"-?\d+(\.\d+)?(e-?\d+)?", plain) else None


class Picture(Protocol):
    """How a table is drawn."""

    def draw(self, measured: Measured) -> Figure:
        """Return the figure.

        Raises:
            ValueError: the table has not the columns that are to be drawn.
        """


@dataclass(frozen=True)
class Bars:
    """A group of bars for each row that has numbers."""

    label: Sequence[str]  # the columns that name a row
    values: Sequence[str]  # a bar each
    title: str
    log: bool = False

    def draw(self, measured: Measured) -> Figure:
        """Return the figure; the first row is at the top."""
        columns = [measured.column(name) for name in self.values]
        rows = [
            (label, values)
            for label, *values in zip(measured.texts(self.label), *columns, strict=True)
            if None not in values
        ]
        high = 0.8 / len(self.values)
        figure = Figure(
            figsize=(7, 0.8 + 0.27 * len(rows) * len(self.values)), layout="constrained"
        )
        axes = figure.subplots()
        for index, name in enumerate(self.values):
            places = [place + index * high for place in range(len(rows))]
            axes.barh(places, [values[index] for _, values in rows], 0.9 * high, label=name)
        axes.set_yticks(
            [place + 0.4 - high / 2 for place in range(len(rows))], [label for label, _ in rows]
        )
        axes.invert_yaxis()
        axes.set_title(self.title, loc="left")
        axes.set_ylabel(", ".join(self.label))
        if self.log:
            axes.set_xscale("log")
        if len(self.values) > 1:
            figure.legend(loc="outside lower right", ncols=len(self.values), frameon=False)
        return figure


@dataclass(frozen=True)
class Lines:
    """A line for each column, against another one that is drawn as a logarithm."""

    against: str
    values: Sequence[str]
    title: str
    limit: float | None = None  # a dashed line that they are to stay below

    def draw(self, measured: Measured) -> Figure:
        """Return the figure."""
        figure = Figure(figsize=(6, 3), layout="constrained")
        axes = figure.subplots()
        for name in self.values:
            points = zip(measured.column(self.against), measured.column(name), strict=True)
            axes.plot(*zip(*(point for point in points if None not in point), strict=True), "o-")
        axes.legend(self.values, frameon=False)
        if self.limit is not None:
            axes.axhline(self.limit, color="grey", linestyle="--", linewidth=1)
        axes.set(xscale="log", xlabel=self.against)
        axes.set_ylim(bottom=0)
        axes.set_title(self.title, loc="left")
        return figure


def save(picture: Picture, measured: Measured, path: Path) -> None:
    """Write a picture as SVG; nothing is written where it cannot be drawn.

    Raises:
        ValueError: the table has not the columns that are to be drawn.
    """
    with mpl.rc_context(STYLE):
        figure = picture.draw(measured)
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path, format="svg", metadata={"Date": None})
