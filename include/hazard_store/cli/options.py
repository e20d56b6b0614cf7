"""Options and arguments that several verbs share.

A module of verbs imports at its top what their options need, so that `--help` and completion are
quick; what their work needs (AWS's library, pydantic, queries) is imported when they do it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from math import isfinite
from typing import TYPE_CHECKING, Any, TypeVar

import click

from hazard_store.errors import Refused
from hazard_store.items.groups import MEAN
from hazard_store.limits import (
    MAX_REALISATIONS,
    MAX_SITES_PER_CHUNK,
    MAX_UNITS_PER_S,
    MIN_UNITS_PER_S,
)
from hazard_store.model import KeyScheme, Layout, StoreOptions
from hazard_store.shown import quoted

if TYPE_CHECKING:
    from hazard_store.settings import Settings
    from hazard_store.store import Store

F = TypeVar("F", bound=Callable[..., Any])

json_option = click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")
parent_option = click.option(
    "--parent",
    metavar="FILE",
    help="The calculation that it continues, with its weights. [default: calc_N.hdf5 beside it]",
)
recorded_parent_option = click.option(
    "--parent",
    metavar="FILE",
    help="The calculation that it continues: refused unless it is the one that is recorded.",
)
unpublished_option = click.option(
    "--unpublished", is_flag=True, help="Also what is not published yet."
)


class FiniteRange(click.FloatRange):
    """A number within bounds; neither NaN, which every bound lets pass, nor infinity."""

    def convert(self, value: Any, param: Any, ctx: Any) -> Any:
        """Return the number."""
        number = super().convert(value, param, ctx)
        if not isfinite(number):
            self.fail(f"{quoted(value)} is not a finite number", param, ctx)
        return number


RATE = FiniteRange(min=0, min_open=True)
BUDGET = FiniteRange(min=MIN_UNITS_PER_S, max=MAX_UNITS_PER_S)

DEFAULTS = StoreOptions().with_defaults()


class GroupSize(click.ParamType):
    """How many statistics share an item: a number, or mean."""

    name = "G|mean"

    def convert(self, value: Any, param: Any, ctx: Any) -> int | str:
        """Return the number, or "mean"."""
        if value == MEAN or isinstance(value, int):
            return value  # type: ignore[no-any-return]
        if not (value.isascii() and value.isdecimal() and int(value) > 0):
            self.fail(f"{quoted(value)} is neither a number from 1 on nor {MEAN}", param, ctx)
        if len(value) > len(str(MAX_REALISATIONS)):
            self.fail(f"{quoted(value)} is more than {MAX_REALISATIONS}", param, ctx)
        return int(value)


# None: not named, so that it follows what is stored (`StoreOptions`).
_STORE_OPTIONS = (
    click.option(
        "--realisations/--no-realisations",
        default=None,
        help="Store realisations too. [default: they are]",
    ),
    click.option(
        "--key-scheme",
        type=click.Choice([s.value for s in KeyScheme]),
        help=f"What is one hash key of the tables. [default: {DEFAULTS.key_scheme}]",
    ),
    click.option(
        "--layout",
        type=click.Choice([layout.value for layout in Layout]),
        help=f"Small and exact items, or ones for people. [default: {DEFAULTS.layout}]",
    ),
    click.option(
        "--realisations-per-item",
        type=click.IntRange(min=1, max=MAX_REALISATIONS),
        help="Consecutive realisations of a site in one item (packed). "
        f"[default: {DEFAULTS.realisations_per_item}]",
    ),
    click.option(
        "--statistics-per-item",
        type=GroupSize(),
        help="Consecutive statistics of a site in one item (packed); mean: the mean alone, the "
        f"others together. [default: {DEFAULTS.statistics_per_item}]",
    ),
    click.option(
        "--map-statistics",
        metavar="A,B|none|all",
        help="Statistics that also get items by map (packed). [default: the mean, in chunks of "
        "some hundred sites]",
    ),
    click.option(
        "--force-normalised-sites",
        is_flag=True,
        default=None,
        help="Site codes from coordinates even where the file has custom ids.",
    ),
    click.option(
        "--sites-per-chunk",
        type=click.IntRange(min=1, max=MAX_SITES_PER_CHUNK),
        help="Sites of one writer. [default: what uses the tables, or the budget]",
    ),
    click.option(
        "--max-wcu-per-s",
        type=BUDGET,
        help="Write budget of the whole run, units a second. [default: none]",
    ),
)


def store_options(command: F) -> F:
    """Add the options that say how a calculation is stored."""
    for option in reversed(_STORE_OPTIONS):
        command = option(command)
    return command


def hidden_store_options(command: F) -> F:
    """Add the same where the DAG gives them and a person need not know."""
    command = store_options(command)
    for option in command.__click_params__[-len(_STORE_OPTIONS) :]:  # type: ignore[attr-defined]
        option.hidden = True
    return command


class SiteRange(click.ParamType):
    """START:STOP, positions in the plan's order."""

    name = "START:STOP"

    def convert(self, value: Any, param: Any, ctx: Any) -> tuple[int, int]:
        """Return (start, stop)."""
        if isinstance(value, tuple):
            return value
        start, colon, stop = value.partition(":")
        if not (colon and start.isdecimal() and stop.isdecimal() and int(start) < int(stop)):
            self.fail(f"{quoted(value)} is not START:STOP, e.g. 0:288", param, ctx)
        return int(start), int(stop)


yes_option = click.option("--yes", is_flag=True, help="Do not ask before deleting.")


def default_store(*, reads: bool = False) -> Store:
    """Return the store that the environment names, and tell a person which it is.

    Args:
        reads: whether the verb only reads, and so gives up earlier on what does not answer.
    """
    from hazard_store.store import Store

    return Store(store_settings(reads=reads))


def store_settings(*, reads: bool = False) -> Settings:
    """Return the settings of a verb that asks DynamoDB first."""
    from hazard_store.settings import Settings

    settings = Settings.from_environment()
    _tell_where(settings, settings.endpoint_dynamodb, f", stage {settings.stage}")
    return settings.for_reading() if reads else settings


def file_settings(calc_file: str) -> Settings:
    """Return the settings of a verb that reads a file and nothing else."""
    from hazard_store.settings import Settings

    settings = Settings.from_environment()
    if calc_file.startswith("s3://"):
        _tell_where(settings, settings.endpoint_s3, "")
    return settings.for_reading()


def _tell_where(settings: Settings, endpoint: str | None, stage: str) -> None:
    """Say on a terminal which service is asked; nothing is asked for it."""
    if sys.stderr.isatty():
        place = endpoint or f"AWS {settings.region or '(no region is set)'}"
        click.echo(f"{place}{stage}", err=True)


def require_yes(yes: bool, what: str) -> None:
    """Refuse what a person would be asked about where nobody is there to answer.

    Raises:
        click.UsageError: neither a terminal nor --yes.
    """
    if not (yes or sys.stdin.isatty()):
        raise click.UsageError(f"{what}: nobody is there to be asked; --yes does it unasked")


def ask(subject: str, question: str, expected: str | None = None) -> None:
    """Ask a person before something is changed.

    Args:
        subject: what it is about.
        question: the question.
        expected: the answer that means yes; None: a plain yes.

    Raises:
        Refused: the answer was another; nothing was changed.
    """
    try:
        if expected is None:
            agreed = click.confirm(question, err=True)
        else:
            agreed = click.prompt(question, err=True, default="", show_default=False) == expected
    except click.Abort:  # the end of the input is no yes
        agreed = False
    if not agreed:
        raise Refused(subject, "the answer was not yes: nothing was changed")
