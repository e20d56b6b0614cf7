"""Repairs a calculation: rewrites the items and records that the audit names, and audits again.

A writer that comes to a chunk again leaves alone what is right, so a repair is an audit, a writer
for each chunk that is not right, and another audit. What should not be there is deleted only when
that was asked for.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from itertools import chain

from hazard_store.calcfile import file_version
from hazard_store.errors import NoSuchInput, Refused
from hazard_store.items import WriteRequest, deletion
from hazard_store.keys import HASH_KEY, map_range_key
from hazard_store.model import Kind, Status
from hazard_store.query.key_ranges import block_key_ranges, chunk_key_ranges, read_key_ranges
from hazard_store.records import AuditReport, Chunk, Head
from hazard_store.store import Store
from hazard_store.workflow.audit import audit, audit_chunk
from hazard_store.workflow.audit_records import damaged_records
from hazard_store.workflow.fence import check_owner, fenced_writer
from hazard_store.workflow.progress import Progress
from hazard_store.workflow.repair_records import put_again
from hazard_store.workflow.write import write_chunk

MayDelete = Callable[[int], bool]  # told how many items are extra


def repair(
    store: Store,
    calc_id: str,
    uri: str | None,
    sites: tuple[int, int] | None,
    progress: Progress,
    may_delete: MayDelete,
    *,
    parent: str | None = None,
) -> AuditReport:
    """Repair a calculation, or one chunk of it; return what the last audit says.

    Args:
        store: where; its settings may name the owner and attempt that this repair works for.
        calc_id: the calculation: published or not, but not one that is being removed.
        uri: the calculation file; None: where it was when the calculation was stored.
        sites: one chunk of the plan; None: all.
        progress: told of progress.
        may_delete: asked before items are deleted.
        parent: the file of the calculation that it continues, to be held against the recorded one.

    Raises:
        Refused: the file is another one, or its parent, or the calculation is being removed.
        NoSuchInput: the file is not there.
        LostOwnership: another run took over.
    """
    head = store.head(calc_id, working=bool(store.settings.owner))
    check_owner(store, head)
    if head.status in (Status.WITHDRAWN, Status.REMOVING):
        raise Refused(calc_id, f"it is {head.status}: there is nothing to repair")
    file = uri or _recorded_file(store, head)
    chunks = head.calculation.chunks if sites is None else [head.calculation.chunk(*sites)]
    progress.phase("repair", sum(map(len, chunks)), "site")
    began = time.monotonic()
    for chunk in chunks:
        found = audit_chunk(store, head, chunk, file, parent=parent)
        if damaged := damaged_records(found, head):
            put_again(store, head, damaged, file, parent)
            found = audit_chunk(store, head, chunk, file, parent=parent)
        if not found.passed:
            for kind in Kind:
                if head.calculation.spec(kind).rows:
                    write_chunk(store, file, head, kind, chunk, parent=parent)
            if found.extra and may_delete(found.extra):
                _delete_extra(store, head, chunk)
        progress.advance(len(chunk))
    progress.done(time.monotonic() - began)
    return audit(store, calc_id, file, sites, progress, parent=parent)


def _recorded_file(store: Store, head: Head) -> str:
    """Return the file that the calculation was stored from, if it is still there."""
    uri = head.calculation.file.uri
    try:
        file_version(uri, store.settings)
    except NoSuchInput as error:
        reason = f"it is gone: name a copy, hazard-store repair {head.calc_id} --calc-file FILE"
        raise NoSuchInput(uri, reason) from error
    return uri


def _delete_extra(store: Store, head: Head, chunk: Chunk) -> None:
    for kind in Kind:
        fenced_writer(store, head, kind).write(_extra(store, head, kind, chunk))


def _extra(store: Store, head: Head, kind: Kind, chunk: Chunk) -> Iterator[WriteRequest]:
    """Yield the deletions of what stands under the chunk's keys and is none of its items."""
    spec, maps = head.calculation.spec(kind), head.calculation.maps
    ranges = chunk_key_ranges(store, head, spec, chunk)
    starts: set[str] = set()
    if kind is Kind.STATS:
        blocks = maps.blocks(chunk.start, chunk.stop)
        starts = {map_range_key(start) for start, _ in blocks}
        of_maps = (block_key_ranges(maps, *block, head.calculation.n_sites) for block in blocks)
        ranges = chain(ranges, chain.from_iterable(of_maps))
    for stored in read_key_ranges(store, spec, ranges, keys_only=True):
        places = (place for _, place in stored.key_range.sites)
        expected = {range_key for place in places for range_key in spec.range_keys(place)}
        if not stored.key_range.sites:
            expected = starts
        for range_key, item in stored.items.items():
            if range_key not in expected:
                yield deletion(item[HASH_KEY]["S"], spec.range_name, range_key)
