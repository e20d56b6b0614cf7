"""The functions for notebooks and for the command line; each streams."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hazard_store.derive import unit_of
from hazard_store.errors import CorruptItem
from hazard_store.keys import storage_id
from hazard_store.model import Kind, Status
from hazard_store.query.arrays import Question, blocks_of
from hazard_store.query.choices import listed, place, rlz, text
from hazard_store.query.curves import HazardMetadata, RlzCurve, Site, SiteArrays, StatsCurve
from hazard_store.query.opened import Calculation, opened
from hazard_store.query.replaced import explain_missing
from hazard_store.query.sites import all_places
from hazard_store.records import Head
from hazard_store.records.parts import LOGIC_TREE, REALISATIONS
from hazard_store.shown import quoted
from hazard_store.store import Store, store_of_environment


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
    store = store or store_of_environment()
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
    calc_id: Calculation,
    locs: Sequence[str] | None = None,
    imts: Sequence[str] | None = None,
    aggs: Sequence[str] | None = None,
    unpublished: bool = False,
    *,
    store: Store | None = None,
) -> Iterator[StatsCurve]:
    """Yield the curves of statistics.

    Args:
        calc_id: the calculation, or one that is open.
        locs: site codes, custom ids or "LAT,LON"; None: all sites, in key order.
        imts: intensity measures as OpenQuake writes them, "SA(0.1)"; None: all.
        aggs: statistics, "mean", "0.5"; None: all.
        unpublished: also if the calculation is not published.
        store: where; by default as the environment says.

    Raises:
        NoSuchCalculation: it is not stored, or not published.
        NoSuchCurve: it has no such site, measure or statistic.
    """
    for site, agg, told in _curves(store, Kind.STATS, calc_id, locs, imts, aggs, unpublished):
        yield StatsCurve(
            loc=site.loc,
            lat=site.lat,
            lon=site.lon,
            vs30=site.vs30,
            agg=agg,
            **told,
        )


def get_hazard_rlz_curves(
    calc_id: Calculation,
    locs: Sequence[str] | None = None,
    imts: Sequence[str] | None = None,
    rlzs: Sequence[str | int] | None = None,
    unpublished: bool = False,
    *,
    store: Store | None = None,
) -> Iterator[RlzCurve]:
    """Yield the curves of realisations.

    Args:
        calc_id: the calculation, or one that is open.
        locs: site codes, custom ids or "LAT,LON"; None: all sites, in key order.
        imts: intensity measures as OpenQuake writes them, "SA(0.1)"; None: all.
        rlzs: ordinals, 7 or "00007"; None: all.
        unpublished: also if the calculation is not published.
        store: where; by default as the environment says.

    Raises:
        NoSuchCalculation: it is not stored, or not published.
        NoSuchCurve: it has no such site, measure or realisation.
    """
    for site, code, told in _curves(
        store, Kind.REALISATIONS, calc_id, locs, imts, rlzs, unpublished
    ):
        yield RlzCurve(
            loc=site.loc,
            lat=site.lat,
            lon=site.lon,
            vs30=site.vs30,
            rlz=code,
            **told,
        )


def get_sites(
    calc_id: Calculation, unpublished: bool = False, *, store: Store | None = None
) -> Iterator[Site]:
    """Yield the sites of a calculation, in key order."""
    calculation = opened(calc_id, unpublished, store)
    with explain_missing(calculation.store, calculation.head):
        for site in all_places(calculation.store, calculation.head.calculation):
            yield Site(site.loc, site.lat, site.lon, site.vs30)


def get_logic_tree(
    calc_id: Calculation, unpublished: bool = False, *, store: Store | None = None
) -> dict[str, Any]:
    """Return the logic tree: source and gsim branches, realisations' weights and paths."""
    calculation = opened(calc_id, unpublished, store)
    store, head = calculation.store, calculation.head
    parts = store.parts(head.storage_id)
    with explain_missing(store, head):
        tree, realisations = parts.get_json(LOGIC_TREE), parts.get_json(REALISATIONS)
        if tree is None or realisations is None:
            table = store.settings.meta_table
            raise CorruptItem(table, head.storage_id, LOGIC_TREE, "missing record")
        return {**tree, **realisations}


def hazard_arrays(
    calc_id: Calculation,
    kind: Kind | str,
    locs: Sequence[str] | None = None,
    imts: Sequence[str] | None = None,
    rows: Sequence[str | int] | None = None,
    unpublished: bool = False,
    *,
    store: Store | None = None,
) -> tuple[SiteArrays, NDArray[np.float32]]:
    """Return the curves of many sites as one array; all of a large calculation: `hazard_blocks`.

    Args:
        calc_id: the calculation, or one that is open.
        kind: "stats" or "realisations".
        locs: site codes, custom ids or "LAT,LON"; None: all sites, in key order.
        imts: intensity measures as OpenQuake writes them, "SA(0.1)"; None: all.
        rows: statistics or realisations, as the kind is; None: all.
        unpublished: also if the calculation is not published.
        store: where; by default as the environment says.

    Returns:
        the sites, and float32 (n, K, M, L), in the order that was asked for.

    Raises:
        NoSuchCalculation: it is not stored, or not published.
        NoSuchCurve: it has no such site, measure, statistic or realisation.
        DamagedCalculation: something of it is missing or altered.
    """
    asked = ask(Kind(kind), calc_id, locs, imts, rows, unpublished, store=store)
    with asked.explained():
        blocks = list(blocks_of(asked))
    if not blocks:
        shape = (0, *asked.shape)
        return SiteArrays.of([]), np.empty(shape, np.float32)
    if len(blocks) == 1:
        return blocks[0].sites, blocks[0].curves
    sites = SiteArrays.joined([block.sites for block in blocks])
    return sites, np.concatenate([block.curves for block in blocks])


def hazard_blocks(
    calc_id: Calculation,
    kind: Kind | str,
    locs: Sequence[str] | None = None,
    imts: Sequence[str] | None = None,
    rows: Sequence[str | int] | None = None,
    unpublished: bool = False,
    *,
    store: Store | None = None,
) -> Iterator[tuple[SiteArrays, NDArray[np.float32]]]:
    """Yield the same as `hazard_arrays` by blocks of sites, as they come: memory stays small.

    Raises:
        DamagedCalculation: when the whole sites were given.
        NoSuchCalculation, NoSuchCurve: as `hazard_arrays`.
    """
    asked = ask(Kind(kind), calc_id, locs, imts, rows, unpublished, store=store)
    with asked.explained():
        for block in blocks_of(asked):
            yield block.sites, block.curves


def ask(
    kind: Kind,
    calc_id: Calculation,
    locs: object,
    imts: object,
    rows: object,
    unpublished: bool,
    *,
    store: Store | None,
) -> Question:
    """Return the question that users mean; the store is that of the environment.

    Raises:
        NoSuchCalculation: it is not stored, or not published.
        NoSuchCurve: it has no such measure, statistic or realisation.
    """
    codes = (
        listed(rows, "aggs", text, 'a statistic ("mean", 0.5)')
        if kind is Kind.STATS
        else listed(rows, "rlzs", rlz, 'a realisation (7 or "00007")')
    )
    places = listed(locs, "locs", place, 'a site ("[-41.300~174.780]", an id, or (-41.3, 174.78))')
    measures = listed(imts, "imts", text, 'an intensity measure ("SA(0.5)")')
    calculation = opened(calc_id, unpublished, store, kind, places, codes)
    return Question.of(calculation, kind, places, measures, codes)


def _curves(
    store: Store | None,
    kind: Kind,
    calc_id: Calculation,
    locs: object,
    imts: object,
    rows: object,
    unpublished: bool,
) -> Iterator[tuple[Site, str, dict[str, Any]]]:
    """Yield (site, row, all else) of each curve asked for."""
    asked = ask(kind, calc_id, locs, imts, rows, unpublished, store=store)
    spec, years = asked.spec, asked.stored.investigation_time
    row_codes = [spec.rows[row] for row in asked.rows]
    measures = [
        {
            "calc_id": asked.calculation.calc_id,
            "imt": spec.imts[m],
            "imls": spec.levels[m],
            "years": years,
            "unit": unit_of(spec.imts[m]),
        }
        for m in asked.imts
    ]
    with asked.explained():
        for block in blocks_of(asked):
            for site, of_site in zip(block.sites, block.curves, strict=True):
                for row, of_row in zip(row_codes, of_site, strict=True):
                    for measure, poes in zip(measures, of_row, strict=True):
                        yield site, row, {**measure, "poes": poes}


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
