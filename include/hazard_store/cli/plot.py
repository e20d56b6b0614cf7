"""The verb that draws hazard curves: of sites, of several calculations, and their ratio."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hazard_store.cli.options import default_store, unpublished_option
from hazard_store.cli.picture import check_picture, picture_option
from hazard_store.cli.places import WantedSites, place_options
from hazard_store.cli.render import echo_line

if TYPE_CHECKING:
    from hazard_store.query import OpenCalculation, RlzCurve, StatsCurve


@click.command("plot")
@click.argument("calc_id")
@click.argument("others", metavar="[CALC_ID]...", nargs=-1)
@place_options
@click.option("--imt", "imts", multiple=True, help="Intensity measure; repeatable. [default: all]")
@click.option(
    "--agg",
    "aggs",
    multiple=True,
    help="Statistic, and no realisations; repeatable. [default: all, and the realisations of one "
    "site]",
)
@click.option("--ratio", is_flag=True, help="Also the ratio of each calculation to the first.")
@picture_option("PNG, SVG, PDF or JPG. [default: CALC_ID.png, of the first]")
@unpublished_option
def plot_verb(
    calc_id: str,
    others: tuple[str, ...],
    wanted: WantedSites,
    imts: tuple[str, ...],
    aggs: tuple[str, ...],
    ratio: bool,
    out: str | None,
    unpublished: bool,
) -> None:
    """Draw hazard curves: a panel for each intensity measure, up to seven lines in each.

    One site of one calculation is drawn with its quantiles, and its realisations in grey. Of
    several, sites or calculations, the mean of each is drawn, or else the median. Probabilities of
    calculations with another investigation time are shown in that of the first.
    """
    if wanted.are_all:
        raise click.UsageError("which site is meant? Name it: --loc, --nearest, --box, --within")
    ids = tuple(dict.fromkeys((calc_id, *others)))
    if ratio and len(ids) < 2:
        raise click.UsageError("--ratio takes two calculations or more: name another CALC_ID")
    if out is None:
        out = f"{ids[0]}.png"
        check_picture(Path(out))
    from hazard_store.plot import looks_for, plot_curves, plot_ratio, save
    from hazard_store.query.opened import opened

    store = default_store(reads=True)
    asked = [wanted.of(each, unpublished, store) for each in ids]
    looks_for(sum(len(locs or ()) for _, locs in asked))  # refuses too many before they are read
    draw = plot_ratio if ratio else plot_curves
    opened_ones = [(opened(each, unpublished, store), locs) for each, locs in asked]
    save(draw(_curves(opened_ones, imts or None, aggs or None)), out)
    echo_line(out)


def _curves(
    asked: list[tuple[OpenCalculation, tuple[str, ...] | None]],
    imts: tuple[str, ...] | None,
    aggs: tuple[str, ...] | None,
) -> Iterator[StatsCurve | RlzCurve]:
    """Yield what is drawn; realisations only of one site of one calculation."""
    from hazard_store.query import get_hazard_rlz_curves, get_hazard_stats_curves

    alone = aggs is None and sum(len(locs or ()) for _, locs in asked) == 1
    for calculation, locs in asked:
        stored = calculation.head.calculation
        if stored.aggs or aggs:
            yield from get_hazard_stats_curves(calculation, locs, imts, aggs)
        if stored.realisations and (alone or not (stored.aggs or aggs)):
            yield from get_hazard_rlz_curves(calculation, locs, imts)


VERBS = (plot_verb,)
