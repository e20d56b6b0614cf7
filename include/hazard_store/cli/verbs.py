"""The verbs of `hazard-store`, each in a module that is imported when its verb is asked for.

What one verb needs (h5py, pynamodb, rich ...) costs the others nothing, and `--help` needs none.
"""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from importlib import import_module

import click
from click.shell_completion import CompletionItem

from hazard_store.cli.verb_help import epilog_of

# Name, module of `hazard_store.cli`, and what `hazard-store --help` says of it.
TABLE = (
    ("at", "curves", "Print the curves of all calculations at a place."),
    (
        "audit",
        "write",
        "Read back what is stored of CALC_ID and compare it.",
    ),
    ("check", "upkeep", "Tell whether the store can be used from here."),
    ("curves", "curves", "Print hazard curves of CALC_ID."),
    ("export", "export", "Export CALC_ID: the engine's CSV and HDF5, Parquet, npz, GeoJSON."),
    ("inspect", "write", "Read CALC_FILE from end to end; tell if it can be stored."),
    ("list", "calculations", "List the stored calculations."),
    ("load", "write", "Store CALC_FILE as CALC_ID: the whole workflow."),
    ("map", "derived", "Print a hazard map of CALC_ID."),
    ("plan", "write", "Say what loading CALC_FILE as CALC_ID would write and cost."),
    ("plot", "plot", "Draw the hazard curves of sites."),
    ("publish", "write", "Show CALC_ID to its readers; refused unless its audit passed."),
    ("remove", "upkeep", "Withdraw CALC_ID, delete all of it, count that nothing is left."),
    ("repair", "upkeep", "Audit CALC_ID and write again what is missing or altered."),
    ("show", "calculations", "Show everything about one calculation but its curves."),
    ("sites", "sites", "Print the sites of CALC_ID, or those near a place."),
    ("submit", "submit", "Send CALC_FILE into the inbox, and have it stored as CALC_ID."),
    ("tables", "write", "Create the tables of this stage, or delete them."),
    ("tree", "sites", "Print the realisations of CALC_ID with their weights."),
    ("uhs", "derived", "Print uniform hazard spectra of CALC_ID."),
    ("write", "write", "Write one chunk of one kind of CALC_ID."),
    ("write-arrived", "arrive", "Write a share of a running engine's stream as it arrives."),
)
# The headings of `hazard-store --help`, and the verbs under each.
GROUPS = {
    "Writing": ("inspect", "plan", "load", "submit", "write", "write-arrived", "publish"),
    "Reading": ("list", "show", "curves", "at", "map", "uhs", "plot", "sites", "tree", "export"),
    "Upkeep": ("check", "tables", "audit", "repair", "remove"),
}
_MODULES = {name: module for name, module, _ in TABLE}


class Verbs(MutableMapping[str, click.Command]):
    """The verbs by their names; one is imported when it is looked up."""

    def __init__(self) -> None:
        self._added: dict[str, click.Command] = {}

    def __getitem__(self, name: str) -> click.Command:
        """Return a verb."""
        if name not in self._added:
            module = import_module(f"hazard_store.cli.{_MODULES[name]}")
            for verb in module.VERBS:
                verb.epilog = epilog_of(verb.name)
                self._added[verb.name] = verb
        return self._added[name]

    def __setitem__(self, name: str, verb: click.Command) -> None:
        """Add one."""
        self._added[name] = verb

    def __delitem__(self, name: str) -> None:
        """Take one away."""
        del self._added[name]

    def __iter__(self) -> Iterator[str]:
        """Yield their names, by the alphabet."""
        return iter(sorted({*_MODULES, *self._added}))

    def __len__(self) -> int:
        """Return how many there are."""
        return len({*_MODULES, *self._added})


class VerbGroup(click.Group):
    """A group that says what its verbs do without importing them."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the verbs and what each does."""
        del ctx
        texts = {name: text for name, _, text in TABLE}
        for heading, names in GROUPS.items():
            with formatter.section(heading):
                formatter.write_dl([(name, texts[name]) for name in names])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Return the verbs and options that begin like a word, without importing a verb."""
        begun = [(name, text) for name, _, text in TABLE if name.startswith(incomplete)]
        verbs = [CompletionItem(name, help=text) for name, text in begun]
        return verbs + click.Command.shell_complete(self, ctx, incomplete)
