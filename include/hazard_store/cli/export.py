"""The verb that exports a calculation."""

from __future__ import annotations

from typing import Any

import click

from hazard_store.cli.curves import agg_option, imt_option, rlz_option
from hazard_store.cli.derived import target_options
from hazard_store.cli.options import default_store, unpublished_option
from hazard_store.cli.places import WantedSites, place_options
from hazard_store.cli.progress import progress_for_people
from hazard_store.cli.reading import tell_cost, yes_option
from hazard_store.cli.render import echo_line
from hazard_store.derive import Target

FORMATS = ("csv", "parquet", "ths-parquet", "hdf5", "geojson", "npz")  # of `export.formats`


@click.command("export")
@click.argument("calc_id")
@click.option("--as", "as_format", type=click.Choice(FORMATS), required=True, help="Format.")
@click.option(
    "--out",
    required=True,
    metavar="DIR|FILE|s3://...",
    help="A folder; of hdf5, geojson and npz a file, too. Nothing is overwritten.",
)
@place_options
@imt_option
@agg_option
@rlz_option
@target_options
@unpublished_option
@yes_option
def export_verb(
    calc_id: str,
    as_format: str,
    out: str,
    wanted: WantedSites,
    imts: tuple[str, ...],
    aggs: tuple[str, ...],
    rlzs: tuple[str, ...],
    unpublished: bool,
    yes: bool,
    **target: Any,
) -> None:
    """Export CALC_ID: statistics, realisations with --rlz, both with both or with neither.

    Each curve is read once, however many files there are.

    csv: as the engine writes it, maps and spectra of its job included. hdf5: a calculation file
    that the engine opens. parquet: a row a curve. ths-parquet: for toshi-hazard-store 2.1. npz:
    arrays. geojson: a map; with --imt, and with --poe, --return-period or --rate as `map` has them.
    """
    from hazard_store.export.api import export_calculation, questions_of
    from hazard_store.export.request import ExportRequest
    from hazard_store.query.opened import opened

    at = Target(**target) if any(each is not None for each in target.values()) else None
    store = default_store(reads=True)
    calculation, locs = wanted.of(calc_id, unpublished, store)
    calculation = opened(calculation, unpublished, store)  # what is told is of the version exported
    request = ExportRequest(
        calculation, locs, imts or None, aggs or None, rlzs or None, unpublished
    )
    tell_cost(questions_of(request, as_format, store), yes)
    with progress_for_people() as progress:
        done = export_calculation(request, as_format, out, at, store=store, progress=progress)
    for note in done.notes:
        click.echo(note, err=True)
    echo_line(done.place)


VERBS = (export_verb,)
