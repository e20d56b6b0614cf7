"""Verbs that print hazard curves: of calculations, or of all at a place."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import click

from hazard_store.cli.options import FiniteRange, default_store, unpublished_option
from hazard_store.cli.places import WantedSites, place_options
from hazard_store.cli.reading import tell_cost, yes_option
from hazard_store.errors import DamagedCalculation, NoSuchCurve
from hazard_store.model import Kind

if TYPE_CHECKING:
    from hazard_store.query import RlzCurve, StatsCurve
    from hazard_store.query.ask import Asked
    from hazard_store.query.opened import Calculation
    from hazard_store.store import Store

imt_option = click.option(
    "--imt", "imts", multiple=True, help='Intensity measure, e.g. "SA(0.1)"; repeatable.'
)
agg_option = click.option(
    "--agg",
    "aggs",
    multiple=True,
    help="Statistic, e.g. mean or 0.5; mean@rlzs: recomputed from the realisations; repeatable.",
)
rlz_option = click.option("--rlz", "rlzs", multiple=True, help="Realisation ordinal; repeatable.")
format_option = click.option(
    "--format", "output_format", type=click.Choice(["table", "csv", "json"]), default="table"
)


@click.command("curves")
@click.argument("calc_id")
@click.argument("others", metavar="[CALC_ID]...", nargs=-1)
@place_options
@imt_option
@click.option(
    "--period",
    "periods",
    multiple=True,
    type=FiniteRange(min=0),
    help="Seconds: the measure with this period, or the two around it; repeatable.",
)
@agg_option
@rlz_option
@unpublished_option
@yes_option
@format_option
def curves_verb(
    calc_id: str,
    others: tuple[str, ...],
    wanted: WantedSites,
    imts: tuple[str, ...],
    periods: tuple[float, ...],
    aggs: tuple[str, ...],
    rlzs: tuple[str, ...],
    unpublished: bool,
    yes: bool,
    output_format: str,
) -> None:
    """Print hazard curves of CALC_ID: statistics, realisations with --rlz, both with both.

    Of several calculations one behind the other; `at` prints those of all at a place.
    """
    from hazard_store.cli.answers import print_curves
    from hazard_store.query import open_calculation
    from hazard_store.query.periods import imts_around

    store = default_store(reads=True)
    asked = []
    for each_id in (calc_id, *others):
        calculation, locs = wanted.of(each_id, unpublished, store)
        measures = list(imts)
        if periods:
            calculation = open_calculation(each_id, unpublished, store=store)
            measures += [imt for t in periods for imt in imts_around(calculation, t)]
        asked += questions(store, calculation, locs, measures, aggs, rlzs, unpublished)
    tell_cost(asked, yes)
    print_curves(answers_to(asked), output_format)


@click.command("at", context_settings={"ignore_unknown_options": True})  # -41.3,174.78
@click.argument("locs", metavar="CODE|LAT,LON...", nargs=-1, required=True)
@imt_option
@agg_option
@rlz_option
@unpublished_option
@format_option
def at_verb(
    locs: tuple[str, ...],
    imts: tuple[str, ...],
    aggs: tuple[str, ...],
    rlzs: tuple[str, ...],
    unpublished: bool,
    output_format: str,
) -> None:
    """Print the hazard curves of all calculations that have a site there."""
    from hazard_store.cli.answers import print_curves
    from hazard_store.query import get_hazard_curves_at

    store = default_store(reads=True)
    found = get_hazard_curves_at(
        locs, imts or None, aggs or None, rlzs or None, None, unpublished, store=store
    )
    print_curves(found, output_format)


def questions(
    store: Store,
    calculation: Calculation,
    locs: Sequence[str] | None,
    imts: Sequence[str],
    aggs: Sequence[str],
    rlzs: Sequence[str],
    unpublished: bool,
) -> list[Asked]:
    """Return what the options ask: with neither statistics nor realisations named, all of both.

    Raises:
        NoSuchCalculation: it is not stored, or not published.
        NoSuchCurve: it has no such measure, statistic or realisation.
    """
    from hazard_store.query.ask import ask

    both = not (aggs or rlzs)
    rows = {Kind.STATS: aggs, Kind.REALISATIONS: rlzs}
    return [
        ask(kind, calculation, locs, imts or None, rows[kind] or None, unpublished, store=store)
        for kind in Kind
        if rows[kind] or both
    ]


def answers_to(asked: Sequence[Asked]) -> Iterator[StatsCurve | RlzCurve]:
    """Yield the curves of some questions; what is whole of the others is served before an error.

    Raises:
        DamagedCalculation: at the end, where sites are not whole.
        NoSuchCurve: at the end, where there is no such site.
    """
    from hazard_store.query.curves_of import curves_of

    failure: DamagedCalculation | NoSuchCurve | None = None
    for each in asked:
        try:
            yield from curves_of(each)
        except (DamagedCalculation, NoSuchCurve) as error:
            failure = failure or error
    if failure is not None:
        raise failure


VERBS = (at_verb, curves_verb)
