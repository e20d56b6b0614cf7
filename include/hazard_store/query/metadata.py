"""What is stored, by calculation: the catalogue."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator

from hazard_store.errors import BadParameter, NoSuchCurve
from hazard_store.keys import storage_id
from hazard_store.model import Status
from hazard_store.query.choices import choose, listed, text
from hazard_store.query.curves import HazardMetadata
from hazard_store.query.sites import all_places
from hazard_store.records import Head
from hazard_store.shown import quoted
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
    wanted_vs30s = None if vs30s is None else _numbers(vs30s)
    measures = listed(imts, "imts", text, 'an intensity measure ("SA(0.5)")')
    versions = listed(engine_versions, "engine_versions", text, 'a version ("3.16")')
    days = _day("since", since), _day("until", until)
    ids = listed(calc_ids, "calc_ids", text, 'a calculation id ("CALC13")')
    for each in ids or ():
        storage_id(each)  # refuses what is no id
    entries = store.heads.entries()
    if ids is not None:
        by_id = {entry.calc_id: entry for entry in entries}
        entries = iter([by_id[each] for each in ids if each in by_id])
    for head in store.heads.many(entries):
        if (
            (unpublished or head.status is Status.PUBLISHED)
            and _is_of_versions(head, versions)
            and _is_within(head, *days)
            and _has_all(head, measures)
            and (wanted_vs30s is None or wanted_vs30s & _vs30s_of(store, head))
        ):
            yield _metadata(head)


def _is_of_versions(head: Head, versions: list[str] | None) -> bool:
    stored = head.calculation.engine_version
    return versions is None or any(stored == v or stored.startswith(f"{v}.") for v in versions)


def _day(name: str, value: str | dt.date | None) -> str:
    try:
        return "" if value is None else dt.date.fromisoformat(str(value)[:10]).isoformat()
    except ValueError:
        raise BadParameter(name, f"{quoted(value)} is no day: write 2024-05-31") from None


def _is_within(head: Head, since: str, until: str) -> bool:
    """Tell whether a calculation was run within some days; texts of days are in their order."""
    day = head.calculation.date[:10]
    return since <= day and (not until or day <= until)


def _has_all(head: Head, imts: list[str] | None) -> bool:
    try:
        return imts is None or bool(choose(head.calc_id, "IMT", imts, head.calculation.imts))
    except NoSuchCurve:
        return False


def _numbers(values: object) -> set[float]:
    """Return what a caller gave as a set of numbers."""
    try:
        return {float(one) for one in listed(values, "vs30s", text, "a vs30 (400)") or ()}
    except ValueError as error:
        raise TypeError(
            f"vs30s={quoted(values)}: a vs30 (400) is expected, or a list of such"
        ) from error


def _vs30s_of(store: Store, head: Head) -> set[float]:
    """Return the values of vs30 that occur; the head lists them only where they are few."""
    calculation = head.calculation
    if calculation.vs30s or calculation.n_vs30s == 0:
        return set(calculation.vs30s)
    sites = all_places(store, head.calculation)
    return {site.vs30 for site in sites if site.vs30 is not None}


def _metadata(head: Head) -> HazardMetadata:
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
