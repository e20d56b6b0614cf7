"""Curves as text: side by side on a terminal, a line a level as they come on a pipe."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from itertools import groupby

import click

from hazard_store.amounts import years
from hazard_store.query import RlzCurve, StatsCurve
from hazard_store.shown import cut, one_line

Curve = StatsCurve | RlzCurve

MAX_LINES = 400  # that a person reads on a terminal
LEVEL_WIDTH, CURVE_WIDTH = 10, 13
_HEADER = ("loc", "vs30", "row", "imt", "iml", "poe")
_ROW = "{:<24} {:>7} {:>6} {:<10} {:>11} {:>12}"


def row_of(curve: Curve) -> str:
    """Return the statistic or the realisation of a curve."""
    return curve.agg if isinstance(curve, StatsCurve) else curve.rlz


def print_rows(curves: Iterable[Curve]) -> None:
    """Print a line for each level, as the curves come."""
    click.echo(_ROW.format(*_HEADER))
    for curve in curves:
        vs30 = "" if curve.vs30 is None else f"{curve.vs30:g}"
        names = (one_line(curve.loc), vs30, cut(row_of(curve)), cut(curve.imt))
        levels = zip(curve.imls.tolist(), curve.poes.tolist(), strict=True)
        lines = (_ROW.format(*names, f"{iml:g}", f"{poe:.6g}") for iml, poe in levels)
        sys.stdout.write("\n".join(lines) + "\n")


def print_across(curves: Iterable[Curve], width: int) -> None:
    """Print curves side by side, their levels downwards; a block for each site and measure.

    Args:
        curves: in their order.
        width: of the terminal, characters.

    Raises:
        click.UsageError: it would be more lines than a person reads; nothing is printed.
    """
    at_once = max(1, (width - LEVEL_WIDTH) // CURVE_WIDTH)
    lines: list[str] = []
    for of_site in _of_sites(curves):
        for some in (of_site[i : i + at_once] for i in range(0, len(of_site), at_once)):
            lines += _block(some)
            if len(lines) > MAX_LINES:
                raise click.UsageError(
                    f"this is a table of more than {MAX_LINES} lines: name --loc, --imt or --agg, "
                    "or use --format csv"
                )
    click.echo("\n".join(lines))


def _of_sites(curves: Iterable[Curve]) -> Iterator[list[Curve]]:
    """Yield the curves of a site and a measure together."""
    for _, of_site in groupby(curves, key=lambda curve: curve.loc):
        by_imt: dict[str, list[Curve]] = {}
        for curve in of_site:
            by_imt.setdefault(curve.imt, []).append(curve)
        yield from by_imt.values()


def _block(curves: list[Curve]) -> list[str]:
    first = curves[0]
    vs30 = "" if first.vs30 is None else f", vs30 {first.vs30:g}"
    unit = f" ({first.unit})" if first.unit else ""
    title = f"{first.loc}{vs30}: {cut(first.imt)}{unit}, probabilities in {years(first.years)}"
    header = "".join(f"{cut(row_of(curve))[: CURVE_WIDTH - 1]:>{CURVE_WIDTH}}" for curve in curves)
    rows = [
        f"{iml:>{LEVEL_WIDTH}g}" + "".join(f"{curve.poes[i]:>{CURVE_WIDTH}.6g}" for curve in curves)
        for i, iml in enumerate(first.imls.tolist())
    ]
    return [one_line(title), f"{'level':>{LEVEL_WIDTH}}{header}", *rows, ""]
