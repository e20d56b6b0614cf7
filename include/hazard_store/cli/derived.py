"""Verbs that derive from curves: hazard maps and uniform hazard spectra."""

from __future__ import annotations

import csv
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, TypeVar

import click

from hazard_store.amounts import years
from hazard_store.cli.options import RATE, FiniteRange, default_store, unpublished_option
from hazard_store.cli.picture import picture_option, refuse_format_with_picture
from hazard_store.cli.places import WantedSites, place_options
from hazard_store.cli.reading import tell_cost, yes_option
from hazard_store.cli.render import echo_line, print_table
from hazard_store.derive import Target

if TYPE_CHECKING:
    from hazard_store.query import MapBlock, Spectrum
    from hazard_store.query.ask import Asked

F = TypeVar("F", bound=Callable[..., Any])

_MAP_COLUMNS = (
    "calc_id",
    "loc",
    "lat",
    "lon",
    "vs30",
    "agg",
    "imt",
    "poe",
    "years",
    "iml",
    "unit",
    "flag",
)
_TARGET = (
    click.option(
        "--poe",
        type=FiniteRange(min=0, max=1, min_open=True, max_open=True),
        help="Probability of exceedance, in --years.",
    ),
    click.option(
        "--years", type=RATE, help="Of --poe. [default: the calculation's investigation time]"
    ),
    click.option("--return-period", type=RATE, help="Years, in the place of --poe."),
    click.option("--rate", type=RATE, help="Exceedances a year, in the place of --poe."),
)


def target_options(command: F) -> F:
    """Add the options that say at what a map or a spectrum is asked."""
    for option in reversed(_TARGET):
        command = option(command)
    return command


@click.command("map")
@click.argument("calc_id")
@click.option("--imt", required=True, help='Intensity measure, e.g. "SA(0.5)".')
@click.option("--agg", default="mean", show_default=True, help="Statistic.")
@target_options
@place_options
@unpublished_option
@yes_option
@click.option(
    "--format",
    "output_format",
    type=click.Choice(["csv", "json", "geojson"]),
    default="csv",
    show_default=True,
)
@picture_option("Draw it, in the place of printing it: PNG, SVG, PDF or JPG.")
def map_verb(
    calc_id: str,
    imt: str,
    agg: str,
    wanted: WantedSites,
    unpublished: bool,
    yes: bool,
    output_format: str,
    out: str | None,
    **target: Any,
) -> None:
    """Print the hazard map of CALC_ID: the level that each site exceeds with a probability.

    Between the points of a curve as the engine interpolates. `flag` tells where a level is not
    between two points: below_range (0 stands for it), above_range (the highest), zero_tail.
    """
    at = Target(**target)
    if out is not None:
        refuse_format_with_picture()
    from hazard_store.query.derived import map_of

    blocks = _told(map_of(_ask(calc_id, wanted, [imt], [agg], unpublished, yes), at))
    if out is None:
        print_map(blocks, output_format)
        return
    from hazard_store.plot import plot_map, save

    save(plot_map(blocks), out)
    echo_line(out)


def print_map(blocks: Iterable[MapBlock], output_format: str) -> None:
    """Print a map as it comes: CSV, one JSON list, or one GeoJSON document.

    Raises:
        DamagedCalculation: sites are not whole; those of the others are a valid document.
        NoSuchCurve: there is no such site; likewise.
    """
    from hazard_store.cli.answers import Whole, print_list
    from hazard_store.export import geojson

    whole = Whole(row for block in blocks for row in geojson.map_rows(block))
    rows = whole.begun()
    if output_format == "csv":
        out = csv.writer(sys.stdout)
        out.writerow(_MAP_COLUMNS)
        for row in rows:
            out.writerow([row[name] for name in _MAP_COLUMNS])
    elif output_format == "json":
        print_list(rows)
    else:
        print_list(map(geojson.feature, rows), geojson.BEGIN, geojson.END)
    whole.raise_failure()


@click.command("uhs")
@click.argument("calc_id")
@place_options
@click.option("--agg", "aggs", multiple=True, help="Statistic; repeatable. [default: all]")
@target_options
@unpublished_option
@yes_option
@click.option(
    "--format",
    "output_format",
    type=click.Choice(["table", "csv", "json"]),
    default="table",
    show_default=True,
)
@picture_option("Draw them, in the place of printing them: PNG, SVG, PDF or JPG.")
def uhs_verb(
    calc_id: str,
    wanted: WantedSites,
    aggs: tuple[str, ...],
    unpublished: bool,
    yes: bool,
    output_format: str,
    out: str | None,
    **target: Any,
) -> None:
    """Print uniform hazard spectra of CALC_ID: levels at one probability, by period."""
    at = Target(**target)
    if out is not None:
        refuse_format_with_picture()
    if wanted.are_all and out is not None:
        raise click.UsageError("which site is meant? Name it: --loc, --nearest, --box, --within")
    if wanted.are_all and output_format == "table":
        raise click.UsageError("a table of all sites is long: name --loc, or --format csv or json")
    from hazard_store.query.derived import spectra_of, with_periods

    asked = with_periods(_ask(calc_id, wanted, None, list(aggs) or None, unpublished, yes))
    found = _told(spectra_of(asked, at))
    if out is None:
        print_spectra(found, output_format)
        return
    from hazard_store.plot import plot_spectra, save

    save(plot_spectra(found), out)
    echo_line(out)


def print_spectra(spectra: Iterable[Spectrum], output_format: str) -> None:
    """Print spectra as they come, CSV and JSON; a table when all are there.

    Raises:
        DamagedCalculation, NoSuchCurve: as `print_map`.
    """
    from hazard_store.cli.answers import Whole, print_list

    whole = Whole(spectra)
    found = whole.begun()
    header = ("calc_id", "loc", "agg", "poe", "years", "imt", "period", "iml", "unit", "flag")
    rows = (
        (s.calc_id, s.site.loc, s.agg, s.poe, s.years, imt, period, iml, s.unit, flag)
        for s in found
        for imt, period, iml, flag in zip(s.imts, s.periods, s.imls.tolist(), s.flags, strict=True)
    )
    if output_format == "json":
        print_list(map(spectrum_json, found))
    elif output_format == "csv":
        out = csv.writer(sys.stdout)
        out.writerow(header)
        out.writerows(rows)
    else:
        shown = ((*row[1:7], f"{row[7]:.6g}", *row[8:]) for row in rows)
        print_table("Uniform hazard spectra", header[1:], shown)
    whole.raise_failure()


def spectrum_json(spectrum: Spectrum) -> dict[str, Any]:
    """Return a spectrum as the contract spells it."""
    return {
        "calc_id": spectrum.calc_id,
        **vars(spectrum.site),
        "agg": spectrum.agg,
        "poe": spectrum.poe,
        "years": spectrum.years,
        "imts": spectrum.imts,
        "periods": spectrum.periods,
        "imls": spectrum.imls.tolist(),
        "unit": spectrum.unit,
        "flags": spectrum.flags,
    }


def _ask(
    calc_id: str,
    wanted: WantedSites,
    imts: list[str] | None,
    aggs: list[str] | None,
    unpublished: bool,
    yes: bool,
) -> Asked:
    """Return a question about statistics, having said what it reads where that is much."""
    from hazard_store.model import Kind
    from hazard_store.query.ask import ask

    store = default_store(reads=True)
    calculation, chosen = wanted.of(calc_id, unpublished, store)
    asked = ask(Kind.STATS, calculation, chosen, imts, aggs, unpublished, store=store)
    tell_cost([asked], yes)
    return asked


def _told(found: Iterator[Any]) -> Iterator[Any]:
    """Say once, on stderr, at what probability the answers are."""
    first = next(found, None)
    if first is None:
        return
    click.echo(f"At a probability of {first.poe:g} in {years(first.years)}.", err=True)
    yield first
    yield from found


VERBS = (map_verb, uhs_verb)
