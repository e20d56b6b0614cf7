"""Options and arguments that several verbs share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from hazard_store.model import KeyScheme, Layout
from hazard_store.settings import Settings
from hazard_store.shown import quoted
from hazard_store.store import Store

F = TypeVar("F", bound=Callable[..., Any])

json_option = click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")
unpublished_option = click.option(
    "--unpublished", is_flag=True, help="Also what is not published yet."
)


def store_options(command: F) -> F:
    """Add the options that say how a calculation is stored."""
    for option in reversed(
        (
            click.option(
                "--realisations/--no-realisations", default=True, help="Store realisations too."
            ),
            click.option(
                "--key-scheme",
                type=click.Choice([s.value for s in KeyScheme]),
                default=KeyScheme.CALC_LOCATION.value,
                show_default=True,
            ),
            click.option(
                "--layout",
                type=click.Choice([layout.value for layout in Layout]),
                default=Layout.PACKED.value,
                show_default=True,
            ),
            click.option(
                "--realisations-per-item",
                type=click.IntRange(min=1),
                help="Consecutive realisations of a site in one item (packed). [default: measured]",
            ),
            click.option(
                "--force-normalised-sites",
                is_flag=True,
                help="Site codes from coordinates even where the file has custom ids.",
            ),
            click.option(
                "--sites-per-chunk",
                type=click.IntRange(min=1),
                help="Sites of one writer. [default: a minute of work]",
            ),
            click.option(
                "--max-wcu-per-s",
                type=click.FloatRange(min=0, min_open=True),
                help="Write budget of the whole run, units a second. [default: none]",
            ),
        )
    ):
        command = option(command)
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


def default_store() -> Store:
    """Return the store that the environment names."""
    return Store(Settings.from_environment())
