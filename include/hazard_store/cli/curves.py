"""The verb that prints hazard curves."""

from __future__ import annotations

from collections.abc import Iterator

import click

from hazard_store.cli.answers import print_curves
from hazard_store.cli.options import default_store, unpublished_option
from hazard_store.cli.places import WantedSites, place_options
from hazard_store.errors import DamagedCalculation, NoSuchCurve
from hazard_store.query import (
    RlzCurve,
    StatsCurve,
    get_hazard_rlz_curves,
    get_hazard_stats_curves,
)
from hazard_store.query.opened import Calculation
from hazard_store.store import Store


@click.command("curves")
@click.argument("calc_id")
@place_options
@click.option("--imt", "imts", multiple=True, help='Intensity measure, e.g. "SA(0.1)"; repeatable.')
@click.option("--agg", "aggs", multiple=True, help="Statistic, e.g. mean or 0.5; repeatable.")
@click.option("--rlz", "rlzs", multiple=True, help="Realisation ordinal; repeatable.")
@unpublished_option
@click.option(
    "--format", "output_format", type=click.Choice(["table", "csv", "json"]), default="table"
)
def curves_verb(
    calc_id: str,
    wanted: WantedSites,
    imts: tuple[str, ...],
    aggs: tuple[str, ...],
    rlzs: tuple[str, ...],
    unpublished: bool,
    output_format: str,
) -> None:
    """Print hazard curves of CALC_ID: statistics, realisations with --rlz, both with both.

    Example: hazard-store curves CALC13 --nearest -41.3,174.8 --imt PGA --agg mean
    """
    store = default_store(reads=True)
    calculation, chosen = wanted.of(calc_id, unpublished, store)
    found = find_curves(store, calculation, chosen, imts, aggs, rlzs, unpublished)
    print_curves(found, output_format)


def find_curves(
    store: Store,
    calculation: Calculation,
    locs: tuple[str, ...] | None,
    imts: tuple[str, ...],
    aggs: tuple[str, ...],
    rlzs: tuple[str, ...],
    unpublished: bool,
) -> Iterator[StatsCurve | RlzCurve]:
    """Yield what the options name: with neither statistics nor realisations named, all of both."""
    both, measures = not (aggs or rlzs), imts or None
    asked: list[Iterator[StatsCurve | RlzCurve]] = []
    if aggs or both:
        asked.append(
            get_hazard_stats_curves(
                calculation, locs, measures, aggs or None, unpublished, store=store
            )
        )
    if rlzs or both:
        asked.append(
            get_hazard_rlz_curves(
                calculation, locs, measures, rlzs or None, unpublished, store=store
            )
        )
    failure: DamagedCalculation | NoSuchCurve | None = None
    for curves in asked:
        try:
            yield from curves
        except DamagedCalculation as error:  # what is whole of the other kind is served too
            failure = failure or error
        except NoSuchCurve as error:
            if error.axis != "site":
                raise
            failure = failure or error
    if failure is not None:
        raise failure


VERBS = (curves_verb,)
