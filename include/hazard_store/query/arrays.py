"""Curves of many sites as arrays: what every answer is made from, and what programs can ask for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from hazard_store.errors import CorruptItem, DamagedCalculation, NoSuchCurve
from hazard_store.items import ItemSpec, Place
from hazard_store.model import Kind
from hazard_store.query.choices import AXES, choose
from hazard_store.query.curves import SiteArrays
from hazard_store.query.fetch import FetchedSites, Wanted, fetch_sites
from hazard_store.query.fetch_maps import fetch_maps
from hazard_store.query.opened import OpenCalculation
from hazard_store.query.replaced import explain_missing
from hazard_store.query.sites import all_places, no_such_site, places_of
from hazard_store.records import StoredCalculation


@dataclass(frozen=True, eq=False)
class CurveBlock:
    """Curves of some sites."""

    sites: SiteArrays  # n
    curves: NDArray[np.float32]  # (n, K, M, L)


@dataclass(frozen=True)
class Question:
    """Which curves of a calculation are asked for."""

    calculation: OpenCalculation
    kind: Kind
    locs: Sequence[str] | None  # None: all sites
    rows: list[int]  # K ordinals of statistics or realisations
    imts: list[int]  # M ordinals

    @classmethod
    def of(
        cls,
        calculation: OpenCalculation,
        kind: Kind,
        locs: Sequence[str] | None,
        imts: Sequence[str] | None,
        rows: Sequence[str] | None,
    ) -> Question:
        """Return what users mean by these names; None: all.

        Raises:
            NoSuchCurve: the calculation has no such measure, statistic or realisation.
        """
        calc_id, spec = calculation.calc_id, calculation.specs[kind]
        imt_numbers = choose(calc_id, "IMT", imts, spec.imts)
        row_numbers = choose(calc_id, AXES[kind], rows, spec.rows)
        return cls(calculation, kind, locs, row_numbers, imt_numbers)

    @property
    def stored(self) -> StoredCalculation:
        """What is stored of the calculation, and how."""
        return self.calculation.head.calculation

    @property
    def spec(self) -> ItemSpec:
        """The spec of the items that are asked about."""
        return self.calculation.specs[self.kind]

    @property
    def shape(self) -> tuple[int, int, int]:
        """(K, M, L) of the curves of a site."""
        return len(self.rows), len(self.imts), self.spec.levels.shape[1]

    @property
    def row_names(self) -> list[str]:
        """The statistics or realisations, K of them."""
        return [self.spec.rows[row] for row in self.rows]

    def with_imts(self, imts: list[int]) -> Self:
        """Return the same question about other measures, by their ordinals."""
        return replace(self, imts=imts)

    def blocks(self) -> Iterator[CurveBlock]:
        """Yield the curves of whole sites by blocks, in the order of the sites asked for.

        Raises:
            DamagedCalculation: at the end, where sites are not whole.
            NoSuchCurve: at the end, where there is no such site.
        """
        if not (self.rows and self.imts):
            return
        with explain_missing(self.calculation.store, self.calculation.head):
            yield from _from_maps(self) if self.is_of_maps else _from_sites(self)

    @property
    def is_of_maps(self) -> bool:
        """Whether map items have all of it."""
        aggs = self.row_names if self.kind is Kind.STATS else []
        return self.locs is None and bool(aggs) and set(aggs) <= set(self.stored.map_statistics)


def _from_maps(asked: Question) -> Iterator[CurveBlock]:
    calculation, stored = asked.calculation, asked.stored
    aggs, imts = asked.row_names, [stored.imts[m] for m in asked.imts]
    damages: list[CorruptItem] = []
    n_served = 0
    for sites, curves in fetch_maps(calculation.store, calculation.head, aggs, imts):
        if isinstance(curves, CorruptItem):
            damages.append(curves)
        else:
            n_served += len(sites)
            yield CurveBlock(sites, curves)
    if damages:
        first = damages[0]
        which = f"the map item {first.hash_key} {first.range_key} is {first.reason}"
        raise DamagedCalculation(calculation.calc_id, which, stored.n_sites - n_served)


def _from_sites(asked: Question) -> Iterator[CurveBlock]:
    calculation = asked.calculation
    places: Iterator[Place]
    if asked.locs is None:
        places = all_places(calculation.store, asked.stored)
    else:
        places = iter(places_of(calculation, asked.locs))
    rule = None if asked.locs is None else asked.stored.code_rule
    wanted = Wanted(tuple(asked.rows), tuple(asked.imts), rule)
    problems = _Problems(asked)
    for found in fetch_sites(calculation.store, asked.spec, places, wanted, calculation.items):
        whole = problems.leave_out(found)
        if len(whole) == len(found.places):
            yield CurveBlock(SiteArrays.of(found.places), found.curves)
        elif whole:
            sites = SiteArrays.of([found.places[n] for n in whole])
            yield CurveBlock(sites, found.curves[whole])
    problems.raise_them()


class _Problems:
    """Keeps what is wrong with sites, to say it when the others were served."""

    def __init__(self, asked: Question) -> None:
        self._calculation, self._kind = asked.calculation, asked.kind
        self._all = asked.locs is None
        self._damages: list[str] = []
        self._absent: NoSuchCurve | None = None

    def leave_out(self, found: FetchedSites) -> list[int]:
        """Return the numbers of the whole sites."""
        if not found.damages:
            return list(range(len(found.places)))
        rows = self._calculation.specs[self._kind].rows
        for number, (row, reason) in sorted(found.damages.items()):
            loc = found.places[number].loc
            known = self._all or number not in found.absent or loc in self._calculation.sites.by_loc
            if not known:
                self._absent = self._absent or no_such_site(self._calculation, loc)
                continue
            self._damages.append(f"{AXES[self._kind]} {rows[row]} of site {loc} is {reason}")
        return [n for n in range(len(found.places)) if n not in found.damages]

    def raise_them(self) -> None:
        """Say what was wrong, if anything was."""
        if self._damages:
            n_sites = len(self._damages)
            raise DamagedCalculation(self._calculation.calc_id, self._damages[0], n_sites)
        if self._absent is not None:
            raise self._absent
