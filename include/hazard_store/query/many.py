"""Questions about several calculations, or about all that have curves at a place.

In every key scheme alike: the heads of a hundred calculations are a request, and so are a hundred
items of theirs, by their keys. (In scheme `location` a Query finds the items of all calculations at
a site, too; but it reads those that are not published, and rows that nobody asked for.)
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice

from hazard_store.aws.batch_get import KEYS_PER_REQUEST
from hazard_store.errors import DamagedCalculation, NoSuchCalculation, NoSuchCurve
from hazard_store.items import WireItem
from hazard_store.keys import RANGE_KEYS, storage_id
from hazard_store.model import Kind, Status
from hazard_store.query.ask import ask
from hazard_store.query.choices import listed, place, rlz, text
from hazard_store.query.curves import RlzCurve, StatsCurve
from hazard_store.query.curves_of import curves_of
from hazard_store.query.fetch import Key, get_items
from hazard_store.query.guess import guess
from hazard_store.query.opened import OpenCalculation
from hazard_store.records import Head
from hazard_store.store import Described, Store, store_of_environment


def open_calculations(
    calc_ids: Iterable[str] | None = None,
    unpublished: bool = False,
    *,
    store: Store | None = None,
) -> Iterator[OpenCalculation]:
    """Yield several calculations, or all, in few requests; by their ids, or as these are given.

    Args:
        calc_ids: which; None: all that this reader may see.
        unpublished: also what is not published.
        store: where; by default as the environment says.

    Raises:
        NoSuchCalculation: one of those that are named is not stored, or not published.
    """
    store = store or store_of_environment()
    for head in _heads(store, calc_ids, unpublished):
        yield OpenCalculation(store, head, Described(head.calculation))


def _heads(store: Store, calc_ids: Iterable[str] | None, unpublished: bool) -> Iterator[Head]:
    if calc_ids is None:
        for head in store.heads.many(store.heads.entries()):
            if unpublished or head.status is Status.PUBLISHED:
                yield head
        return
    wanted = list(dict.fromkeys(calc_ids))
    for calc_id in wanted:
        storage_id(calc_id)  # refuses what is no id
    by_id = store.heads.entries_of(wanted)
    for calc_id in wanted:
        if calc_id not in by_id:
            raise NoSuchCalculation(calc_id)
    for head in store.heads.many(by_id[calc_id] for calc_id in wanted):
        if not (unpublished or head.status is Status.PUBLISHED):
            raise NoSuchCalculation(head.calc_id, f"it is {head.status}, not published")
        yield head


def get_hazard_curves_at(
    locs: Sequence[str],
    imts: Sequence[str] | None = None,
    aggs: Sequence[str] | None = None,
    rlzs: Sequence[str | int] | None = None,
    calc_ids: Iterable[str] | None = None,
    unpublished: bool = False,
    *,
    store: Store | None = None,
) -> Iterator[StatsCurve | RlzCurve]:
    """Yield the curves of all calculations at some sites; those that have none are passed over.

    Args:
        locs: site codes, custom ids or "LAT,LON".
        imts: intensity measures; None: all.
        aggs: statistics; with `rlzs` None too: all.
        rlzs: realisations.
        calc_ids: only these; None: all.
        unpublished: also what is not published.
        store: where; by default as the environment says.

    Raises:
        NoSuchCurve: no calculation has such a curve.
        DamagedCalculation: at the end, where sites of one are not whole.
        NoSuchCalculation: one that is named is not stored, or not published.
    """
    places = listed(locs, "locs", place, "a site") or []
    kinds = [Kind.REALISATIONS] if rlzs and not aggs else [Kind.STATS]
    if rlzs and aggs:
        kinds.append(Kind.REALISATIONS)
    found, damaged = False, None
    for calculation in with_items(
        open_calculations(calc_ids, unpublished, store=store), places, kinds, aggs, rlzs
    ):
        for kind in kinds:
            rows = aggs if kind is Kind.STATS else rlzs
            for loc in places:
                try:
                    asked = ask(kind, calculation, [loc], imts, rows, unpublished, store=store)
                    for curve in curves_of(asked):
                        found = True
                        yield curve
                except NoSuchCurve:
                    continue
                except DamagedCalculation as error:
                    damaged = damaged or error
    if damaged is not None:
        raise damaged
    if not found:
        known = "none of this measure, statistic or realisation there"
        raise NoSuchCurve("any calculation", "curve at", ", ".join(places), known)


def with_items(
    calculations: Iterator[OpenCalculation],
    locs: list[str],
    kinds: list[Kind],
    aggs: object,
    rlzs: object,
) -> Iterator[OpenCalculation]:
    """Yield the calculations with the items of a question, those of many in a request.

    Args:
        calculations: which.
        locs: the sites that will be asked for; of codes the keys are known.
        kinds: of the rows.
        aggs: statistics.
        rlzs: realisations.
    """
    rows = {
        Kind.STATS: listed(aggs, "aggs", text, "a statistic"),
        Kind.REALISATIONS: listed(rlzs, "rlzs", rlz, "a realisation"),
    }
    while some := list(islice(calculations, KEYS_PER_REQUEST)):
        items: dict[Key, WireItem | None] = {}
        store = some[0].store
        for kind in kinds:
            keys = [
                key
                for each in some
                for key in guess(each.calc_id, each.described, kind, locs, rows[kind]).keys
            ]
            items |= dict.fromkeys(keys)
            items |= get_items(store, store.table(kind), RANGE_KEYS[kind], keys)
        yield from (replace(each, items=items) for each in some)
