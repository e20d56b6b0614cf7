"""Removes calculations: hides them, deletes their items, and counts that nothing is left.

A removal can be interrupted anywhere and begun again: the one that comes goes on with the next
attempt, and the one before stops at its next request. Records go last, since they tell where the
items are.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain
from typing import Any

from hazard_store.amounts import count
from hazard_store.errors import LostOwnership, NoSuchCalculation, TryAgain
from hazard_store.items import ItemSpec, WriteRequest, deletion
from hazard_store.keys import HASH_KEY
from hazard_store.model import Kind, Status
from hazard_store.query.key_ranges import block_key_ranges, key_ranges_of, read_key_ranges
from hazard_store.records import Conflict, Head
from hazard_store.store import Store
from hazard_store.workflow.fence import fenced_writer, held_by_another
from hazard_store.workflow.progress import Progress

_RACES = 5
_LIVE = (Status.WRITING, Status.AUDITING)


@dataclass(frozen=True)
class Removed:
    """What was removed."""

    calc_id: str
    versions: tuple[str, ...]  # storage ids
    items: int  # deleted in this run
    wcu: float
    rcu: float
    left: int = 0  # items still there, counted after the deletion: a removal ends only with none

    def __add__(self, other: Removed) -> Removed:
        return Removed(
            self.calc_id,
            self.versions + other.versions,
            self.items + other.items,
            self.wcu + other.wcu,
            self.rcu + other.rcu,
        )


def remove(
    store: Store,
    calc_id: str,
    owner: str,
    progress: Progress,
    *,
    take_over: bool = False,
    max_wcu_per_s: float | None = None,
) -> Removed:
    """Remove a calculation with all its versions.

    Args:
        store: where.
        calc_id: the calculation, in any state.
        owner: token of this removal.
        progress: told of progress.
        take_over: also if another run is writing it; that run's writers are fenced.
        max_wcu_per_s: the budget; None: the one the calculation was stored with.

    Raises:
        NoSuchCalculation: nothing is stored under this id.
        TryAgain: another run is writing it, or items came back while they were deleted.
        LostOwnership: another removal went on with it.
    """
    removed = Removed(calc_id, (), 0, 0, 0)
    current = store.head(calc_id)
    for storage_id in _removal_order(store, calc_id):
        head = store.heads.get(storage_id)
        if head is None:
            continue
        if head.status in _LIVE and not take_over:
            raise held_by_another(head, "remove it with --take-over")
    if current.status not in (Status.WITHDRAWN, Status.REMOVING):
        _changed(lambda: store.transitions.withdraw(current, owner), calc_id)
    for _ in range(_RACES):
        for storage_id in _removal_order(store, calc_id):
            removed += remove_version(store, storage_id, owner, progress, max_wcu_per_s)
        if store.heads.entry(calc_id) is None:
            return removed
    raise TryAgain(calc_id, "another run is changing it at this moment")


def remove_old(
    store: Store,
    calc_id: str,
    owner: str,
    progress: Progress,
    *,
    clock: Callable[[], float] = time.time,
    pause: Callable[[float], None] = time.sleep,
) -> Removed:
    """Remove the superseded versions.

    A version that was published is kept for `replace_grace_s`, for those who are reading it.

    Raises:
        LostOwnership: another removal went on with it.
    """
    entry = store.heads.entry(calc_id)
    removed = Removed(calc_id, (), 0, 0, 0)
    for storage_id in entry.old if entry else ():
        head = store.heads.get(storage_id)
        if head is None:
            continue
        if head.status is Status.WITHDRAWN and head.audited_attempt is not None:
            kept_s = clock() - dt.datetime.fromisoformat(head.since).timestamp()
            pause(max(0.0, store.settings.replace_grace_s - kept_s))
        removed += remove_version(store, storage_id, owner, progress)
    return removed


def remove_version(
    store: Store,
    storage_id: str,
    owner: str,
    progress: Progress,
    max_wcu_per_s: float | None = None,
) -> Removed:
    """Remove one version: its items, then its records.

    Raises:
        TryAgain: items came back while they were deleted.
        LostOwnership: another removal went on with it.
    """
    head = store.heads.get(storage_id)
    if head is None:
        raise NoSuchCalculation(storage_id)
    before = head
    if head.status not in (Status.WITHDRAWN, Status.REMOVING):
        before = _changed(lambda: store.transitions.withdraw(head, owner), head.calc_id)
    mine = _changed(lambda: store.transitions.begin_removal(before, owner), head.calc_id)
    parts = store.parts(storage_id)
    names = list(parts.names())
    removed = Removed(head.calc_id, (storage_id,), 0, 0, 0)
    # Without a writer's report no writer ever began: there may not even be the sites' records.
    if "emptied" not in mine.outcome and any(name.startswith("report#") for name in names):
        for kind in Kind:
            removed += _delete_items(store, mine, kind, progress, max_wcu_per_s)
        mine = _changed(
            lambda: store.transitions.record_empty(mine, {"emptied": True}), head.calc_id
        )
    for name in names:
        if name != "head":
            parts.delete(name)
    _changed(lambda: store.transitions.forget(mine), head.calc_id)
    return removed


def _removal_order(store: Store, calc_id: str) -> list[str]:
    """Return storage ids in removal order; the current version last."""
    entry = store.heads.entry(calc_id)
    if entry is None:
        return []
    return [*entry.old, *([entry.next] if entry.next else []), entry.storage_id]


def _delete_items(
    store: Store, head: Head, kind: Kind, progress: Progress, max_wcu_per_s: float | None
) -> Removed:
    spec, forecast = head.calculation.spec(kind), head.calculation.forecast
    if not spec.rows:
        return Removed(head.calc_id, (), 0, 0, 0)
    expected = head.calculation.items_of(kind)
    progress.phase(f"remove {kind}", expected, "item")
    began = time.monotonic()
    if max_wcu_per_s is None and forecast.limited:
        max_wcu_per_s = forecast.writers * forecast.wcu_per_s_per_writer
    found = _Found()
    writer = fenced_writer(
        store, head, kind, max_wcu_per_s, wcu_per_byte=forecast.wcu(kind) / expected / 200
    )
    counts = writer.write(found.deletions(store, head, spec, progress))
    left = sum(len(of_range.items) for of_range in _stored(store, head, spec))
    if left:
        raise TryAgain(
            head.calc_id, f"{count(left, 'item')} of its {kind} still there: remove it again"
        )
    progress.done(time.monotonic() - began)
    return Removed(head.calc_id, (), counts.acknowledged, counts.wcu, found.rcu)


class _Found:
    """Finds the items of a version; adds up what it costs."""

    def __init__(self) -> None:
        self.rcu = 0.0

    def deletions(
        self, store: Store, head: Head, spec: ItemSpec, progress: Progress
    ) -> Iterator[WriteRequest]:
        for of_range in _stored(store, head, spec):
            self.rcu += of_range.rcu
            for range_key, item in of_range.items.items():
                yield deletion(item[HASH_KEY]["S"], spec.range_name, range_key)
            progress.advance(len(of_range.items))


def _stored(store: Store, head: Head, spec: ItemSpec) -> Any:
    """Yield the keys of all items under the plan's hash keys."""
    stored, n_sites = head.calculation, head.calculation.n_sites
    sites = store.parts(head.storage_id).places(stored.key_maker, 0, n_sites)
    ranges = key_ranges_of(spec, sites, None, None)
    if spec.kind is Kind.STATS:
        ranges = chain(ranges, block_key_ranges(stored.maps, 0, n_sites, n_sites))
    return read_key_ranges(store, spec, ranges, keys_only=True)


def _changed(change: Callable[[], Any], calc_id: str) -> Any:
    with suppress(Conflict):
        return change()
    raise LostOwnership(calc_id, "another run changed it at this moment; look with `show`")
