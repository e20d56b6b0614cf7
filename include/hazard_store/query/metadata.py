"""What is stored, by calculation: the catalogue."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator

from hazard_store.keys import storage_id
from hazard_store.model import Status
from hazard_store.query.choices import listed, text
from hazard_store.query.curves import HazardMetadata
from hazard_store.query.head_filter import HeadFilter
from hazard_store.records import Head, IndexEntry
from hazard_store.store import Store, store_of_environment


def get_hazard_metadata(
    calc_ids: Iterable[str] | None = None,
    vs30s: Iterable[float] | None = None,
    unpublished: bool = False,
    *,
    imts: Iterable[str] | None = None,
    engine_versions: Iterable[str] | None = None,
    since: str | dt.date | None = None,
    until: str | dt.date | None = None,
    store: Store | None = None,
) -> Iterator[HazardMetadata]:
    """Yield what is stored, by calculation id.

    Args:
        calc_ids: only these; ids that are not stored are passed over.
        vs30s: only calculations in which one of these values occurs, m/s.
        unpublished: also what is not published.
        imts: only calculations that have all of these intensity measures.
        engine_versions: only of these versions of the engine: "3.16.7", or "3.16" for all of its.
        since: only calculations that were run on this day or later, "2024-05-31".
        until: only calculations that were run on this day or earlier.
        store: where; by default as the environment says.

    Raises:
        BadParameter: what is given is no calculation id, or no day.
    """
    store = store or store_of_environment()
    wanted = HeadFilter.of(imts, vs30s, engine_versions, since, until)
    ids = listed(calc_ids, "calc_ids", text, 'a calculation id ("CALC13")')
    for each in ids or ():
        storage_id(each)  # refuses what is no id
    entries: Iterable[IndexEntry]
    if ids is None:
        entries = store.heads.entries()
    else:
        by_id = store.heads.entries_of(ids)
        entries = [by_id[each] for each in dict.fromkeys(ids) if each in by_id]
    for head in store.heads.many(entries):
        if (unpublished or head.status is Status.PUBLISHED) and wanted.fits(store, head):
            yield metadata_of(head)


def metadata_of(head: Head) -> HazardMetadata:
    """Return what a head says to users."""
    stored = head.calculation
    return HazardMetadata(
        calc_id=stored.calc_id,
        status=str(head.status),
        n_sites=stored.n_sites,
        n_realisations=stored.n_realisations,
        realisations=stored.realisations,
        aggs=stored.aggs,
        imts=stored.imts,
        levels=stored.all_levels,
        vs30s=stored.vs30s,
        investigation_time=stored.investigation_time,
        engine_version=stored.engine_version,
        date=stored.date,
        description=stored.description,
        file_uri=stored.file.uri,
        sha256=stored.sha256,
        key_scheme=str(stored.key_scheme),
        layout=str(stored.layout),
        notes=stored.notes,
    )
