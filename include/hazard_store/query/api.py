"""The functions for notebooks and for the command line; each streams."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import tee
from typing import TYPE_CHECKING, Any

from hazard_store.errors import (
    BadParameter,
    CorruptItem,
    DamagedCalculation,
    NoSuchCalculation,
    NoSuchCurve,
)
from hazard_store.items import ItemSpec, Place, StoredRows
from hazard_store.keys import storage_id
from hazard_store.model import Kind, Status
from hazard_store.query.choices import choose, did_you_mean, listed, place, rlz, text
from hazard_store.query.curves import HazardMetadata, RlzCurve, Site, StatsCurve
from hazard_store.query.fetch import fetch_rows, fetch_sites
from hazard_store.query.replaced import explain_missing
from hazard_store.query.sites import all_places, no_such_site, places_of, recorded_locs
from hazard_store.records import Head
from hazard_store.records.parts import LOGIC_TREE, REALISATIONS
from hazard_store.settings import Settings
from hazard_store.shown import quoted
from hazard_store.store import Store

if TYPE_CHECKING:
    import pandas as pd


def get_hazard_metadata(
    calc_ids: Iterable[str] | None = None,
    vs30s: Iterable[float] | None = None,
    unpublished: bool = False,
    *,
    store: Store | None = None,
) -> Iterator[HazardMetadata]:
    """Yield what is stored, by calculation id.

    Args:
        calc_ids: only these; ids that are not stored are passed over.
        vs30s: only calculations in which one of these values occurs, m/s.
        unpublished: also what is not published.
        store: where; by default as the environment says.

    Raises:
        BadParameter: what is given is no calculation id.
    """
    store = store or _default_store()
    wanted_vs30s = None if vs30s is None else _numbers(vs30s)
    ids = listed(calc_ids, "calc_ids", text, 'a calculation id ("CALC13")')
    for each in ids or ():
        storage_id(each)  # refuses what is no id
    heads = (
        store.heads.all()
        if ids is None
        else (head for c in ids if (head := store.heads.current(c)) is not None)
    )
    for head in heads:
        if not (unpublished or head.status is Status.PUBLISHED):
            continue
        if wanted_vs30s is None or wanted_vs30s & _vs30s_of(store, head):
            yield _metadata(head)


def get_hazard_stats_curves(
    calc_id: str,
    locs: Sequence[str] | None = None,
    imts: Sequence[str] | None = None,
    aggs: Sequence[str] | None = None,
    unpublished: bool = False,
    *,
    store: Store | None = None,
) -> Iterator[StatsCurve]:
    """Yield the curves of statistics.

    Args:
        calc_id: the calculation.
        locs: site codes, custom ids or "LAT,LON"; None: all sites, in key order.
        imts: intensity measures as OpenQuake writes them, "SA(0.1)"; None: all.
        aggs: statistics, "mean", "0.5"; None: all.
        unpublished: also if the calculation is not published.
        store: where; by default as the environment says.

    Raises:
        NoSuchCalculation: it is not stored, or not published.
        NoSuchCurve: it has no such site, measure or statistic.
    """
    asked = (*_asked(locs, imts), listed(aggs, "aggs", text, 'a statistic ("mean", 0.5)'))
    for spec, rows, row, imt in _curves(store, Kind.STATS, calc_id, *asked, unpublished):
        site = rows.place
        yield StatsCurve(
            calc_id=calc_id,
            loc=site.loc,
            lat=site.lat,
            lon=site.lon,
            vs30=site.vs30,
            agg=spec.rows[row],
            imt=spec.imts[imt],
            imls=spec.levels[imt],
            poes=rows.curves[row - rows.first, imt],
        )


def get_hazard_rlz_curves(
    calc_id: str,
    locs: Sequence[str] | None = None,
    imts: Sequence[str] | None = None,
    rlzs: Sequence[str | int] | None = None,
    unpublished: bool = False,
    *,
    store: Store | None = None,
) -> Iterator[RlzCurve]:
    """Yield the curves of realisations.

    Args:
        calc_id: the calculation.
        locs: site codes, custom ids or "LAT,LON"; None: all sites, in key order.
        imts: intensity measures as OpenQuake writes them, "SA(0.1)"; None: all.
        rlzs: ordinals, 7 or "00007"; None: all.
        unpublished: also if the calculation is not published.
        store: where; by default as the environment says.

    Raises:
        NoSuchCalculation: it is not stored, or not published.
        NoSuchCurve: it has no such site, measure or realisation.
    """
    codes = listed(rlzs, "rlzs", rlz, 'a realisation (7 or "00007")')
    asked = (*_asked(locs, imts), codes)
    for spec, rows, row, imt in _curves(store, Kind.REALISATIONS, calc_id, *asked, unpublished):
        site = rows.place
        yield RlzCurve(
            calc_id=calc_id,
            loc=site.loc,
            lat=site.lat,
            lon=site.lon,
            vs30=site.vs30,
            rlz=spec.rows[row],
            imt=spec.imts[imt],
            imls=spec.levels[imt],
            poes=rows.curves[row - rows.first, imt],
        )


def get_sites(
    calc_id: str, unpublished: bool = False, *, store: Store | None = None
) -> Iterator[Site]:
    """Yield the sites of a calculation, in key order."""
    store = store or _default_store()
    head = visible_head(store, calc_id, unpublished)
    with explain_missing(store, head):
        for site in all_places(store, head):
            yield Site(site.loc, site.lat, site.lon, site.vs30)


def get_logic_tree(
    calc_id: str, unpublished: bool = False, *, store: Store | None = None
) -> dict[str, Any]:
    """Return the logic tree: source and gsim branches, realisations' weights and paths."""
    store = store or _default_store()
    head = visible_head(store, calc_id, unpublished)
    parts = store.parts(head.storage_id)
    with explain_missing(store, head):
        tree, realisations = parts.get_json(LOGIC_TREE), parts.get_json(REALISATIONS)
        if tree is None or realisations is None:
            table = store.settings.meta_table
            raise CorruptItem(table, head.storage_id, LOGIC_TREE, "missing record")
        return {**tree, **realisations}


def to_dataframe(curves: Iterable[StatsCurve | RlzCurve]) -> pd.DataFrame:
    """Return curves as a table, a row a curve; needs pandas (`hazard-store[notebook]`)."""
    import pandas as pd

    return pd.DataFrame([vars(curve) for curve in curves])


def visible_head(store: Store, calc_id: str, unpublished: bool) -> Head:
    """Return the head of a calculation that this reader may see.

    Raises:
        NoSuchCalculation: it is not stored, or not published.
        CorruptItem: it is stored, and its head is missing.
        BadParameter: it is no calculation id.
    """
    if not isinstance(calc_id, str):
        raise BadParameter(
            "calc_id", f"it is {quoted(calc_id)}: one calculation id is expected, a text"
        )
    try:
        head = store.head(calc_id)
    except NoSuchCalculation as error:
        storage_ids = {entry.calc_id: entry.storage_id for entry in store.heads.entries()}
        if calc_id in storage_ids and store.heads.get(storage_ids[calc_id]) is None:
            raise store.parts(storage_ids[calc_id]).broken("head", "missing record") from None
        ids = [each for each in storage_ids if each != calc_id]
        raise NoSuchCalculation(calc_id, error.reason + did_you_mean(calc_id, ids)) from None
    if not (unpublished or head.status is Status.PUBLISHED):
        raise NoSuchCalculation(calc_id, f"it is {head.status}, not published (see --unpublished)")
    return head


def _curves(
    store: Store | None,
    kind: Kind,
    calc_id: str,
    locs: Sequence[str] | None,
    imts: Sequence[str] | None,
    rows: Sequence[str] | None,
    unpublished: bool,
) -> Iterator[tuple[ItemSpec, StoredRows, int, int]]:
    """Yield (spec, item, row, imt) of each curve asked for."""
    store = store or _default_store()
    head = visible_head(store, calc_id, unpublished)
    with explain_missing(store, head):
        yield from _curves_of(store, head, kind, locs, imts, rows)


def _curves_of(
    store: Store,
    head: Head,
    kind: Kind,
    locs: Sequence[str] | None,
    imts: Sequence[str] | None,
    rows: Sequence[str] | None,
) -> Iterator[tuple[ItemSpec, StoredRows, int, int]]:
    """Yield the curves of whole sites; raise of the others, missing ones too, at the end."""
    spec = head.calculation.spec(kind)
    axis = "statistic" if kind is Kind.STATS else "realisation"
    imt_numbers = choose(head, "IMT", imts, spec.imts)
    row_numbers = choose(head, axis, rows, spec.rows)
    if not row_numbers:
        return
    places = all_places(store, head) if locs is None else iter(places_of(store, head, locs))
    places, to_fetch = tee(places)
    sites = (
        fetch_sites(store, spec, to_fetch)
        if rows is None
        else fetch_rows(store, spec, to_fetch, row_numbers)
    )
    damages: list[str] = []
    absent: NoSuchCurve | None = None
    known: frozenset[str] = frozenset()
    for site, items in zip(places, sites, strict=True):
        by_row, reason = _by_row(head, site, items, row_numbers, exactly=locs is None)
        missing = [row for row in row_numbers if row not in by_row]
        if missing and not by_row and locs is not None:
            known = known or recorded_locs(store, head)  # read once, however many are missing
            if site.loc not in known:
                absent = absent or no_such_site(store, head, site.loc)
                continue
        if missing:
            damages.append(f"{axis} {spec.rows[missing[0]]} of site {site.loc} is {reason}")
            continue
        for row in row_numbers:
            for imt in imt_numbers:
                yield spec, by_row[row], row, imt
    if damages:
        raise DamagedCalculation(head.calc_id, damages[0], len(damages))
    if absent is not None:
        raise absent


def _by_row(
    head: Head,
    site: Place,
    items: Sequence[StoredRows | CorruptItem],
    row_numbers: Sequence[int],
    *,
    exactly: bool,
) -> tuple[dict[int, StoredRows], str]:
    """Return the items of a site by their rows, and what is wrong where a row has none."""
    reason = "missing"
    by_row: dict[int, StoredRows] = {}
    for item in items:
        if isinstance(item, CorruptItem):
            reason = f"altered ({item.reason})"
        elif not _is_at(head, site, item.place, exactly=exactly):
            reason = "altered (its coordinates or vs30 are not the site's)"
        else:
            by_row |= {item.first + number: item for number in range(len(item.curves))}
    return {row: by_row[row] for row in row_numbers if row in by_row}, reason


def _is_at(head: Head, site: Place, found: Place, *, exactly: bool) -> bool:
    """Tell whether an item carries its site's coordinates: those of its code, if it was asked by.

    DynamoDB keeps no number below 1e-130, which so is 0 in an item.
    """
    if found.vs30 == site.vs30 and all(
        a == b or abs(a - b) < 1e-99 for a, b in ((found.lat, site.lat), (found.lon, site.lon))
    ):
        return True
    rule = head.calculation.code_rule
    if rule is None or exactly:
        return False
    return rule.code(found.lat, found.lon, found.vs30) == site.loc


def _asked(locs: object, imts: object) -> tuple[list[str] | None, list[str] | None]:
    """Return sites and measures as lists of texts."""
    return (
        listed(locs, "locs", place, 'a site ("[-41.300~174.780]", an id, or (-41.3, 174.78))'),
        listed(imts, "imts", text, 'an intensity measure ("SA(0.5)")'),
    )


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
    return {site.vs30 for site in all_places(store, head) if site.vs30 is not None}


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


def _default_store() -> Store:
    return Store(Settings.from_environment().for_reading())
