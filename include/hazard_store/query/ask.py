"""Questions as users put them -> questions that can be answered."""

from __future__ import annotations

from typing import TypeAlias

from hazard_store.model import Kind
from hazard_store.query.arrays import Question
from hazard_store.query.choices import listed, place, rlz, text
from hazard_store.query.opened import Calculation, opened
from hazard_store.query.recomputed import Recomputed, is_recomputed
from hazard_store.store import Store

Asked: TypeAlias = Question | Recomputed


def ask(
    kind: Kind,
    calc_id: Calculation,
    locs: object,
    imts: object,
    rows: object,
    unpublished: bool,
    *,
    store: Store | None,
) -> Asked:
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
    places = named_sites(locs)
    measures = listed(imts, "imts", text, 'an intensity measure ("SA(0.5)")')
    if kind is Kind.STATS and codes and any(map(is_recomputed, codes)):
        calculation = opened(calc_id, unpublished, store, Kind.REALISATIONS, places)
        return Recomputed.of(calculation, places, measures, codes)
    calculation = opened(calc_id, unpublished, store, kind, places, codes)
    return Question.of(calculation, kind, places, measures, codes)


def named_sites(locs: object) -> list[str] | None:
    """Return the sites that a caller names, as texts; None: all."""
    return listed(locs, "locs", place, 'a site ("[-41.300~174.780]", an id, or (-41.3, 174.78))')
