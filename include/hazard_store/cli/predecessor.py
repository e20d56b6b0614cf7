"""The predecessor's commands, `store_hazard` and `get_hazard`, on the new store."""

from __future__ import annotations

import re

import click

from hazard_store.cli.completion import complete_files, completing
from hazard_store.cli.curves import answers_to, questions
from hazard_store.cli.main import run
from hazard_store.cli.options import default_store, store_settings
from hazard_store.cli.output import changes_the_store
from hazard_store.cli.progress import PredecessorLines, ProgressLines
from hazard_store.cli.render import echo_json
from hazard_store.cli.verb_help import epilog_of
from hazard_store.keys import storage_id

_PART = re.compile(r"""(?:\([^)]*\)|"[^"]*"|'[^']*'|[^,])+""")


class _Silent(PredecessorLines):
    """Without -v the predecessor said nothing."""

    def phase(self, name: str, total: int | None, unit: str) -> None:
        """Say nothing."""


@click.command("store_hazard", epilog=epilog_of("store_hazard", "store_hazard"))
@click.argument("calc_file", shell_complete=complete_files)
@click.argument("calc_id")
@click.option("-c", "--create-tables", "create", is_flag=True, help="Create the tables first.")
@click.option("-k", "--skip-rlzs", is_flag=True, help="Store statistics only.")
@click.option("-n", "--new-version-only", is_flag=True, help="Accepted: there is no other.")
@click.option("-f", "--force-normalised-sites", is_flag=True, help="Codes from coordinates.")
@click.option("-v", "--verbose", is_flag=True, help="Say what is being saved.")
@changes_the_store
def store_command(
    calc_file: str,
    calc_id: str,
    create: bool,
    skip_rlzs: bool,
    new_version_only: bool,
    force_normalised_sites: bool,
    verbose: bool,
) -> int:
    """Store the hazard curves of CALC_FILE as CALC_ID."""
    from hazard_store.cli.write import load_and_print

    del new_version_only
    storage_id(calc_id)  # refuses an invalid id before anything is made
    if create:
        from hazard_store.table_lifecycle import create_tables

        create_tables(store_settings())
    progress: ProgressLines = PredecessorLines() if verbose else _Silent()
    options = {
        "realisations": False if skip_rlzs else None,
        "force_normalised_sites": force_normalised_sites or None,
    }
    return load_and_print(calc_file, calc_id, "fail", 1, False, options, progress)


def _list(_ctx: click.Context, _param: click.Parameter, value: str | None) -> tuple[str, ...]:
    """Split at commas, but not within parentheses or quotes: `"SDi(0.2,2.0)",PGA`."""
    parts = _PART.findall(value or "")
    return tuple(part.strip().strip("'\"") for part in parts if part.strip())


def _ids(ctx: click.Context, param: click.Parameter, value: str) -> tuple[str, ...]:
    """Split likewise; none is no question."""
    ids = _list(ctx, param, value)
    if not ids:
        raise click.BadParameter(f"{value!r} names no calculation")
    return ids


@click.command("get_hazard", epilog=epilog_of("get_hazard", "get_hazard"))
@click.argument("calc_ids", callback=_ids)
@click.option("--locs", callback=_list, help="Site codes, comma-separated.")
@click.option("--vs30s", callback=_list, help="m/s, comma-separated.")
@click.option("--imts", callback=_list, help="Intensity measures, comma-separated.")
@click.option("--rlzs", callback=_list, help="Realisations, comma-separated.")
@click.option("--aggs", callback=_list, help="Statistics, comma-separated.")
@click.option("-v", "--verbose", is_flag=True, help="The metadata too.")
@click.option("-n", "--new-version-only", is_flag=True, help="Accepted: there is no other.")
def get_command(
    calc_ids: tuple[str, ...],
    locs: tuple[str, ...],
    vs30s: tuple[str, ...],
    imts: tuple[str, ...],
    rlzs: tuple[str, ...],
    aggs: tuple[str, ...],
    verbose: bool,
    new_version_only: bool,
) -> None:
    """Print the stored hazard curves of CALC_IDS (comma-separated) as CSV, a row a level.

    Otherwise than the predecessor's: an id or a name that is not stored is an error (66), places
    are matched exactly or as their decimals round, and probabilities are those of the
    calculation's investigation time, which the last columns say with the unit of the levels.
    """
    from hazard_store.cli.answers import print_curves
    from hazard_store.query import get_sites, open_calculation
    from hazard_store.query.metadata import metadata_of

    del new_version_only
    store = default_store(reads=True)
    wanted = _vs30s(vs30s)
    asked = []
    # Each says why where it cannot be read, before anything is printed.
    for calculation in [open_calculation(calc_id, store=store) for calc_id in calc_ids]:
        if wanted and not any(site.vs30 in wanted for site in get_sites(calculation)):
            continue
        if verbose:
            metadata = metadata_of(calculation.head)
            echo_json(dict(vars(metadata), levels=metadata.levels.tolist()))
        asked += questions(store, calculation, locs or None, imts, aggs, rlzs, unpublished=False)
    if asked:
        found = answers_to(asked)
        print_curves((c for c in found if not wanted or c.vs30 in wanted), "csv")


def _vs30s(values: tuple[str, ...]) -> set[float]:
    """Return the values of vs30 that are wanted; none: all.

    Raises:
        click.BadParameter: one is no number, or 0, by which the predecessor means the sites' own.
    """
    try:
        wanted = {float(value) for value in values}
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--vs30s") from error
    if 0 in wanted:
        raise click.BadParameter(
            "0 meant sites with a vs30 of their own: it is stored with each site here, so leave "
            "--vs30s out, or name the values",
            param_hint="--vs30s",
        )
    return wanted


def store_hazard() -> int:
    """Run `store_hazard`; return its exit code."""
    return run(completing(store_command, "store_hazard") or store_command, "store_hazard")


def get_hazard() -> int:
    """Run `get_hazard`; return its exit code."""
    return run(completing(get_command, "get_hazard") or get_command, "get_hazard")
