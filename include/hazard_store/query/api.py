"""The functions for notebooks and for the command line; each streams."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from hazard_store.errors import CorruptItem, NoSuchCalculation
from hazard_store.items import ItemSpec, StoredRows
from hazard_store.keys import rlz_code
from hazard_store.model import Kind, Status
from hazard_store.query.curves import HazardMetadata, RlzCurve, Site, StatsCurve
from hazard_store.query.fetch import fetch_rows, fetch_sites
from hazard_store.query.replaced import explain_missing
from hazard_store.query.sites import all_places, choose, no_such_site, places_of
from hazard_store.records import Head
from hazard_store.settings import Settings
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
    """
    store = store or _default_store()
    wanted_vs30s = None if vs30s is None else set(vs30s)
    heads = (
        store.heads.all()
        if calc_ids is None
        else (head for c in calc_ids if (head := store.heads.current(c)) is not None)
    )
    for head in heads:
        if not (unpublished or head.status is Status.PUBLISHED):
            continue
        if wanted_vs30s is None or wanted_vs30s & set(head.calculation.vs30s):
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
    for spec, rows, row, imt in _curves(store, Kind.STATS, calc_id, locs, imts, aggs, unpublished):
        place = rows.place
        yield StatsCurve(
            calc_id=calc_id,
            loc=place.loc,
            lat=place.lat,
            lon=place.lon,
            vs30=place.vs30,
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
    codes = None if rlzs is None else [_rlz(rlz) for rlz in rlzs]
    for spec, rows, row, imt in _curves(
        store, Kind.REALISATIONS, calc_id, locs, imts, codes, unpublished
    ):
        place = rows.place
        yield RlzCurve(
            calc_id=calc_id,
            loc=place.loc,
            lat=place.lat,
            lon=place.lon,
            vs30=place.vs30,
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
        for place in all_places(store, head):
            yield Site(place.loc, place.lat, place.lon, place.vs30)


def get_logic_tree(
    calc_id: str, unpublished: bool = False, *, store: Store | None = None
) -> dict[str, Any]:
    """Return the logic tree: source and gsim branches, realisations' weights and paths."""
    store = store or _default_store()
    head = visible_head(store, calc_id, unpublished)
    parts = store.parts(head.storage_id)
    with explain_missing(store, head):
        tree, realisations = parts.get_json("logic-tree"), parts.get_json("realisations")
        if tree is None or realisations is None:
            table = store.settings.meta_table
            raise CorruptItem(table, head.storage_id, "logic-tree", "missing record")
        return {**tree, **realisations}


def to_dataframe(curves: Iterable[StatsCurve | RlzCurve]) -> pd.DataFrame:
    """Return curves as a table, a row a curve; needs pandas (`hazard-store[notebook]`)."""
    import pandas as pd

    return pd.DataFrame([vars(curve) for curve in curves])


def visible_head(store: Store, calc_id: str, unpublished: bool) -> Head:
    """Return the head of a calculation that this reader may see.

    Raises:
        NoSuchCalculation: it is not stored, or not published.
    """
    head = store.head(calc_id)
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
    spec = head.calculation.spec(kind)
    axis = "statistic" if kind is Kind.STATS else "realisation"
    imt_numbers = choose(head, "IMT", imts, spec.imts)
    row_numbers = choose(head, axis, rows, spec.rows)
    if not row_numbers:
        return
    places = all_places(store, head) if locs is None else iter(places_of(store, head, locs))
    asked = [] if locs is None else list(locs)
    wanted = set(row_numbers)
    sites = (
        fetch_sites(store, spec, places)
        if rows is None
        else fetch_rows(store, spec, places, row_numbers)
    )
    for number, items in enumerate(sites):
        if not items:
            if asked:
                raise no_such_site(head, asked[number])
            raise NoSuchCalculation(head.calc_id, "items are missing: run `hazard-store audit`")
        by_row = {
            row: item
            for item in items
            for row in range(item.first, item.first + len(item.curves))
            if row in wanted
        }
        if len(by_row) < len(wanted):
            raise NoSuchCalculation(head.calc_id, "items are missing: run `hazard-store audit`")
        for row in row_numbers:
            for imt in imt_numbers:
                yield spec, by_row[row], row, imt


def _rlz(rlz: str | int) -> str:
    return rlz_code(rlz) if isinstance(rlz, int) else f"{rlz:0>5}"


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
    return Store(Settings.from_environment())
