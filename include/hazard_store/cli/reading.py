"""Tells a person what a large question will read, before it is read."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from hazard_store.amounts import count, dollars

if TYPE_CHECKING:
    from hazard_store.query.ask import Asked

yes_option = click.option(
    "--yes", is_flag=True, help="Do not ask before much is read (HAZARD_STORE_ASK_ABOVE_RCU)."
)


def tell_cost(asked: Sequence[Asked], yes: bool) -> None:
    """Say what some questions read where it is much; on a terminal, ask whether to go on.

    Args:
        asked: the questions.
        yes: whether it is agreed already.

    Raises:
        click.exceptions.Exit: the answer was no: nothing was read, and that is no failure.
    """
    from hazard_store.query.cost import cost_of

    cost = cost_of(asked)
    if not asked or cost.units <= asked[0].calculation.store.settings.ask_above_rcu:
        return
    click.echo(
        f"This reads about {count(cost.items, 'item')}: {count(cost.units, 'read unit')}, "
        f"{dollars(cost.dollars)}.",
        err=True,
    )
    if yes or not _is_on_a_terminal():
        return
    try:
        agreed = click.confirm("Read it?", err=True)
    except click.Abort:  # the end of the input is no yes
        agreed = False
    if not agreed:
        click.echo("Nothing was read. --loc, --imt and --agg ask for less.", err=True)
        raise click.exceptions.Exit(0)


def _is_on_a_terminal() -> bool:
    return sys.stdin.isatty() and sys.stderr.isatty()
