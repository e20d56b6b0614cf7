"""Curves of many sites as arrays: what every answer is made from, and what programs can ask for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hazard_store.errors import CorruptItem, DamagedCalculation, NoSuchCurve
from hazard_store.model import Kind
from hazard_store.query.choices import choose
from hazard_store.query.curves import SiteArrays
from hazard_store.query.fetch import FetchedSites, Wanted, fetch_sites
from hazard_store.query.fetch_maps import fetch_maps
from hazard_store.query.sites import all_places, no_such_site, places_of, recorded_locs
from hazard_store.records import Head
from hazard_store.store import Store

AXES = {Kind.STATS: "statistic", Kind.REALISATIONS: "realisation"}


@dataclass(frozen=True, eq=False)
class CurveBlock:
    """Curves of some sites."""

    sites: SiteArrays  # n
    curves: NDArray[np.float32]  # (n, K, M, L)


@dataclass(frozen=True)
class Question:
    """Which curves of a calculation are asked for."""

    head: Head
    kind: Kind
    locs: Sequence[str] | None  # None: all sites
    rows: list[int]  # K ordinals of statistics or realisations
    imts: list[int]  # M ordinals

    @classmethod
    def of(
        cls,
        head: Head,
        kind: Kind,
        locs: Sequence[str] | None,
        imts: Sequence[str] | None,
        rows: Sequence[str] | None,
    ) -> Question:
        """Return what users mean by these names; None: all.

        Raises:
            NoSuchCurve: the calculation has no such measure, statistic or realisation.
        """
        spec = head.calculation.spec(kind)
        imt_numbers = choose(head, "IMT", imts, spec.imts)
        return cls(head, kind, locs, choose(head, AXES[kind], rows, spec.rows), imt_numbers)

    @property
    def is_of_maps(self) -> bool:
        """Whether map items have all of it."""
        stored = self.head.calculation
        aggs = [stored.aggs[row] for row in self.rows] if self.kind is Kind.STATS else []
        return self.locs is None and bool(aggs) and set(aggs) <= set(stored.map_statistics)


def blocks_of(store: Store, asked: Question) -> Iterator[CurveBlock]:
    """Yield the curves of whole sites by blocks, in the order of the sites that were asked for.

    Raises:
        DamagedCalculation: at the end, where sites are not whole.
        NoSuchCurve: at the end, where there is no such site.
    """
    if not (asked.rows and asked.imts):
        return
    yield from _from_maps(store, asked) if asked.is_of_maps else _from_sites(store, asked)


def _from_maps(store: Store, asked: Question) -> Iterator[CurveBlock]:
    stored = asked.head.calculation
    aggs, imts = [stored.aggs[row] for row in asked.rows], [stored.imts[m] for m in asked.imts]
    damages: list[CorruptItem] = []
    n_served = 0
    for sites, curves in fetch_maps(store, asked.head, aggs, imts):
        if isinstance(curves, CorruptItem):
            damages.append(curves)
        else:
            n_served += len(sites)
            yield CurveBlock(sites, curves)
    if damages:
        first = damages[0]
        which = f"the map item {first.hash_key} {first.range_key} is {first.reason}"
        raise DamagedCalculation(asked.head.calc_id, which, stored.n_sites - n_served)


def _from_sites(store: Store, asked: Question) -> Iterator[CurveBlock]:
    head, spec = asked.head, asked.head.calculation.spec(asked.kind)
    places = (
        all_places(store, head)
        if asked.locs is None
        else iter(places_of(store, head, list(asked.locs)))
    )
    rule = None if asked.locs is None else head.calculation.code_rule
    wanted = Wanted(tuple(asked.rows), tuple(asked.imts), rule)
    problems = _Problems(store, asked)
    for found in fetch_sites(store, spec, places, wanted):
        whole = problems.leave_out(found)
        if len(whole) == len(found.places):
            yield CurveBlock(SiteArrays.of(found.places), found.curves)
        elif whole:
            sites = SiteArrays.of([found.places[n] for n in whole])
            yield CurveBlock(sites, found.curves[whole])
    problems.raise_them()


class _Problems:
    """Keeps what is wrong with sites, to say it when the others were served."""

    def __init__(self, store: Store, asked: Question) -> None:
        self._store, self._head, self._kind = store, asked.head, asked.kind
        self._all = asked.locs is None
        self._damages: list[str] = []
        self._absent: NoSuchCurve | None = None
        self._known: frozenset[str] = frozenset()

    def leave_out(self, found: FetchedSites) -> list[int]:
        """Return the numbers of the whole sites."""
        if not found.damages:
            return list(range(len(found.places)))
        rows = self._head.calculation.spec(self._kind).rows
        for number, (row, reason) in sorted(found.damages.items()):
            loc = found.places[number].loc
            if number in found.absent and not self._all and not self._is_recorded(loc):
                self._absent = self._absent or no_such_site(self._store, self._head, loc)
                continue
            self._damages.append(f"{AXES[self._kind]} {rows[row]} of site {loc} is {reason}")
        return [n for n in range(len(found.places)) if n not in found.damages]

    def _is_recorded(self, loc: str) -> bool:
        """Tell whether there is such a site; the records are read once for all."""
        self._known = self._known or recorded_locs(self._store, self._head)
        return loc in self._known

    def raise_them(self) -> None:
        """Say what was wrong, if anything was."""
        if self._damages:
            n_sites = len(self._damages)
            raise DamagedCalculation(self._head.calc_id, self._damages[0], n_sites)
        if self._absent is not None:
            raise self._absent
