"""What is to be exported: sites with their rows in the file, statistics, realisations, measures."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from hazard_store.errors import NoSuchCurve
from hazard_store.export.request import ExportRequest
from hazard_store.model import Kind
from hazard_store.query.arrays import Question
from hazard_store.query.ask import Asked, named_sites
from hazard_store.query.curves import SiteArrays
from hazard_store.query.opened import OpenCalculation
from hazard_store.query.replaced import explain_missing
from hazard_store.query.sites import no_such_site, places_of
from hazard_store.records import Head
from hazard_store.store import Store
from hazard_store.workflow.progress import Progress


@dataclass(frozen=True, eq=False)
class ExportBlock:
    """Curves of some sites."""

    sids: NDArray[np.int64]  # (n,) rows of the calculation file
    places: NDArray[np.int64]  # (n,) the sites' numbers among all that are exported, by their sids
    sites: SiteArrays  # n
    curves: NDArray[np.float32]  # (n, K, M, L)


@dataclass(frozen=True, eq=False)
class Wanted:
    """What is to be exported of a calculation; every curve of it is read once."""

    request: ExportRequest
    calculation: OpenCalculation
    questions: dict[Kind, Asked]  # those kinds that are asked for and stored
    sids: NDArray[np.int64]  # (n,) in the order in which the sites come

    @classmethod
    def of(cls, request: ExportRequest, store: Store | None, *, by_sid: bool = False) -> Wanted:
        """Return what a request means.

        Args:
            request: of a caller.
            store: where the calculation is.
            by_sid: whether sites had better come in the order of the calculation file than in that
                of the keys; maps come as their items lie.

        Raises:
            NoSuchCalculation: it is not stored, or not published.
            NoSuchCurve: it has no such site, measure, statistic or realisation.
        """
        asked = request.questions(store)
        calculation = next(iter(asked.values())).calculation
        if not any(each.row_names for each in asked.values()):
            raise NoSuchCurve(calculation.calc_id, "curves", "of this kind", "none stored")
        maps = all(isinstance(each, Question) and each.is_of_maps for each in asked.values())
        with explain_missing(calculation.store, calculation.head):
            locs, sids = _sites(calculation, request.locs, by_sid and not maps)
        there = replace(request, calculation=calculation, locs=locs).questions(store)
        chosen = {kind: each for kind, each in there.items() if each.row_names}
        return cls(request, calculation, chosen, sids)

    @property
    def head(self) -> Head:
        """The calculation's head."""
        return self.calculation.head

    @cached_property
    def sorted_sids(self) -> NDArray[np.int64]:
        """Rows of the calculation file, ascending: the order of the sites in the engine's files."""
        return np.sort(self.sids)

    @property
    def imts(self) -> tuple[str, ...]:
        """The intensity measures, M."""
        stored = self.head.calculation.imts
        return tuple(stored[m] for m in next(iter(self.questions.values())).imts)

    @property
    def levels(self) -> NDArray[np.float64]:
        """The levels of these measures, (M, L)."""
        imts = self.head.calculation.imts
        return self.head.calculation.all_levels[[imts.index(imt) for imt in self.imts]]

    def rows(self, kind: Kind) -> tuple[str, ...]:
        """Return the names of the statistics or realisations, K; none where the kind is not."""
        return tuple(self.questions[kind].row_names) if kind in self.questions else ()

    def blocks(self, kind: Kind, progress: Progress) -> Iterator[ExportBlock]:
        """Yield the curves of a kind by blocks of sites.

        Raises:
            DamagedCalculation: something of it is missing or altered; what came is to be thrown
                away, since the sites behind a damaged one are taken for others.
        """
        progress.phase(str(kind), len(self.sids), "site")
        start = 0
        for block in self.questions[kind].blocks():
            sids = self.sids[start : start + len(block.sites)]
            start += len(sids)
            places = np.searchsorted(self.sorted_sids, sids)
            yield ExportBlock(sids, places, block.sites, block.curves)
            progress.advance(len(sids))


def _sites(
    calculation: OpenCalculation, asked: object, by_sid: bool
) -> tuple[tuple[str, ...] | None, NDArray[np.int64]]:
    """Return codes and rows in the file, by these; of all sites in key order no codes."""
    stored = calculation.head.calculation
    parts = calculation.store.parts(stored.storage_id).all_site_parts(stored.n_sites)
    locs = named_sites(asked)
    if locs is None and not by_sid:
        return None, np.concatenate([np.array(part.sids, np.int64) for part in parts])
    wanted = None if locs is None else {place.loc for place in places_of(calculation, locs)}
    rows = {
        sid: loc
        for part in parts
        for sid, loc in zip(part.sids, part.locs, strict=True)
        if wanted is None or loc in wanted
    }
    for loc in (wanted or set()).difference(rows.values()):
        raise no_such_site(calculation, loc)
    sids = sorted(rows)
    return tuple(rows[sid] for sid in sids), np.array(sids, np.int64)
