"""Repairs a calculation: rewrites the items that the audit names, and audits again.

A writer that comes to a chunk again leaves alone what is right, so a repair is an audit, a writer
for each chunk that is not right, and another audit. What should not be there is deleted only when
that was asked for.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from hazard_store.errors import Refused
from hazard_store.items import Put, deletion
from hazard_store.keys import HASH_KEY
from hazard_store.model import Kind, Status
from hazard_store.query.key_ranges import read_runs
from hazard_store.records import AuditReport, Head
from hazard_store.store import Store
from hazard_store.workflow.audit import audit, audit_into_record
from hazard_store.workflow.fence import Shared, check_owner, fence
from hazard_store.workflow.progress import Screen
from hazard_store.workflow.write import chunk_runs, write_sites
from hazard_store.writer import BatchWriter, RateLimiter, RetryPolicy

MayDelete = Callable[[int], bool]  # told how many items are extra


def repair(
    store: Store,
    calc_id: str,
    uri: str | None,
    sites: tuple[int, int] | None,
    screen: Screen,
    may_delete: MayDelete,
) -> AuditReport:
    """Repair a calculation, or one chunk of it; return what the last audit says.

    Args:
        store: where; its settings may name the owner and attempt that this repair works for.
        calc_id: the calculation: published or not, but not one that is being removed.
        uri: the calculation file; None: where it was when the calculation was stored.
        sites: one chunk of the plan; None: all.
        screen: told of progress.
        may_delete: asked before items are deleted.

    Raises:
        Refused: the file is another one, or the calculation is being removed.
        NoSuchInput: the file is not there.
        LostOwnership: another run took over.
    """
    head = store.head(calc_id, working=bool(store.settings.owner))
    check_owner(store, head)
    if head.status in (Status.WITHDRAWN, Status.REMOVING):
        raise Refused(calc_id, f"it is {head.status}: there is nothing to repair")
    file = uri or head.calculation.file.uri
    chunks = head.calculation.chunk_ranges if sites is None else [sites]
    screen.phase("repair", sum(stop - start for start, stop in chunks), "sites")
    began = time.monotonic()
    for start, stop in chunks:
        found = audit_into_record(store, head, start, stop, file)
        if not found.passed:
            for kind in Kind:
                if head.calculation.form(kind).rows:
                    write_sites(store, file, head, kind, start, stop)
            if found.extra and may_delete(found.extra):
                _delete_extra(store, head, start, stop)
        screen.advance(stop - start)
    screen.done(time.monotonic() - began)
    return audit(store, calc_id, file, sites, screen)


def _delete_extra(store: Store, head: Head, start: int, stop: int) -> None:
    for kind in Kind:
        BatchWriter(
            client=store.bulk_client,
            table=store.table(kind),
            fence=Shared(lambda: fence(store, head)),
            limiter=RateLimiter(None),
            policy=RetryPolicy.of(store.settings),
            threads=store.settings.request_threads,
        ).write(_extra(store, head, kind, start, stop))


def _extra(store: Store, head: Head, kind: Kind, start: int, stop: int) -> Iterator[Put]:
    """Yield the deletions of what stands under the chunk's keys and is none of its items."""
    form = head.calculation.form(kind)
    for run in read_runs(store, form, chunk_runs(store, head, form, start, stop), keys_only=True):
        expected = {range_key for _, place in run.run.sites for range_key in form.range_keys(place)}
        for range_key, item in run.items.items():
            if range_key not in expected:
                yield deletion(item[HASH_KEY]["S"], form.range_name, range_key)
