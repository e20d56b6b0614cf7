"""Opens calculations for readers; the record of an open one is kept for repeated questions."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeAlias

from hazard_store.errors import BadParameter, NoSuchCalculation
from hazard_store.items import ItemSpec, WireItem
from hazard_store.keys import RANGE_KEYS, storage_id
from hazard_store.model import Kind, Status
from hazard_store.query.fetch import Key, Known, by_key, wire_keys
from hazard_store.query.guess import Guess, guess
from hazard_store.query.site_index import SiteIndex
from hazard_store.records import Head
from hazard_store.shown import did_you_mean, quoted
from hazard_store.store import Described, Store, store_of_environment

MAX_SEEN = 100  # calculations that a process remembers


@dataclass(frozen=True, eq=False)
class OpenCalculation:
    """A calculation whose record was read: the functions of `hazard_store.query` take it for an id.

    It stays with the version at which it was opened. When that is replaced or removed, and its
    items are gone, a question raises `CalculationReplaced` or `NoSuchCalculation`: open it again.
    """

    store: Store
    head: Head
    described: Described
    # Items that came with the head. What is not among them may be stored all the same.
    items: Known = field(default_factory=dict)

    @property
    def calc_id(self) -> str:
        """The calculation's id."""
        return self.head.calc_id

    @property
    def specs(self) -> dict[Kind, ItemSpec]:
        """The specs of its items."""
        return self.described.specs

    @cached_property
    def sites(self) -> SiteIndex:
        """All its sites: read when they are needed first, and kept."""
        stored = self.head.calculation
        parts = self.store.parts(stored.storage_id).all_site_parts(stored.n_sites)
        return SiteIndex(parts, stored.key_maker)


Calculation: TypeAlias = str | OpenCalculation  # an id, or one that is open


def open_calculation(
    calc_id: str, unpublished: bool = False, *, store: Store | None = None
) -> OpenCalculation:
    """Return a calculation for repeated questions: its record is not read again for each.

    Args:
        calc_id: the calculation.
        unpublished: also if it is not published.
        store: where; by default as the environment says.

    Raises:
        NoSuchCalculation: it is not stored, or not published.
        CorruptItem: it is stored, and its head is missing.
        BadParameter: it is no calculation id.
    """
    return opened(calc_id, unpublished, store)


def opened(
    calculation: Calculation,
    unpublished: bool,
    store: Store | None,
    kind: Kind = Kind.STATS,
    locs: list[str] | None = None,
    rows: list[str] | None = None,
) -> OpenCalculation:
    """Return a calculation as it is, or open it; raises as `open_calculation`.

    Args:
        calculation: its id, or itself.
        unpublished: also if it is not published.
        store: where; None: as the environment says.
        kind: of the rows that will be asked for.
        locs: the sites, as users name them, whose items may come with the head.
        rows: the statistics or realisations likewise.
    """
    if isinstance(calculation, OpenCalculation):
        return calculation
    if not isinstance(calculation, str):
        raise BadParameter(
            "calc_id", f"it is {quoted(calculation)}: one calculation id is expected, a text"
        )
    storage_id(calculation)  # refuses what is no id
    store = store or store_of_environment()
    last = store.seen.get(calculation)
    guessed = guess(calculation, last, kind, locs, rows)
    head, items = _read(store, calculation, guessed)
    if head is None:
        raise _nothing(store, calculation)
    if not (unpublished or head.status is Status.PUBLISHED):
        reason = f"it is {head.status}, not published (see --unpublished)"
        raise NoSuchCalculation(calculation, reason)
    if last is None or last.calculation is not head.calculation:
        if len(store.seen) >= MAX_SEEN:
            store.seen.clear()
        last = store.seen[calculation] = Described(head.calculation)
    return OpenCalculation(store, head, last, items)


def _read(store: Store, calc_id: str, guessed: Guess) -> tuple[Head | None, dict[Key, WireItem]]:
    table, range_name = store.table(guessed.kind), RANGE_KEYS[guessed.kind]
    keys = wire_keys(range_name, guessed.keys)
    head, found = store.heads.current_with(calc_id, guessed.storage_id, {table: keys})
    return head, by_key(range_name, found.get(table, ()))


def _nothing(store: Store, calc_id: str) -> NoSuchCalculation:
    """Return the error of a calculation that has no head, with ids that look alike.

    Raises:
        CorruptItem: there should be a head.
    """
    storage_ids = {entry.calc_id: entry.storage_id for entry in store.heads.entries()}
    if calc_id in storage_ids and store.heads.get(storage_ids[calc_id]) is None:
        raise store.parts(storage_ids[calc_id]).broken("head", "missing record")
    missing, ids = NoSuchCalculation(calc_id), [each for each in storage_ids if each != calc_id]
    return NoSuchCalculation(calc_id, missing.reason + did_you_mean(calc_id, ids))


def visible_head(store: Store, calc_id: str, unpublished: bool) -> Head:
    """Return the head of a calculation that this reader may see; raises as `open_calculation`."""
    return opened(calc_id, unpublished, store).head
