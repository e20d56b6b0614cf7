"""What is to be exported: sites with their rows in the file, statistics, realisations, measures."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from hazard_store.errors import CalculationReplaced, NoSuchCurve
from hazard_store.export.request import ExportRequest
from hazard_store.model import Kind
from hazard_store.query.api import ask
from hazard_store.query.arrays import Question, blocks_of
from hazard_store.query.curves import SiteArrays
from hazard_store.query.replaced import explain_missing
from hazard_store.query.sites import no_such_site, places_of
from hazard_store.records import Head
from hazard_store.records.parts import SITES_PER_PART
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
    store: Store
    head: Head
    questions: dict[Kind, Question]  # those kinds that are asked for and stored
    sids: NDArray[np.int64]  # (n,) in the order in which the sites come

    @classmethod
    def of(cls, request: ExportRequest, store: Store) -> Wanted:
        """Return what a request means.

        Raises:
            NoSuchCalculation: it is not stored, or not published.
            NoSuchCurve: it has no such site, measure, statistic or realisation.
        """
        questions: dict[Kind, Question] = {}
        head: Head | None = None
        for kind, rows in request.rows.items():
            store, found, asked = ask(
                kind,
                request.calc_id,
                request.locs,
                request.imts,
                rows,
                request.unpublished,
                store=store,
            )
            if head is not None and found.storage_id != head.storage_id:
                raise CalculationReplaced(request.calc_id, "it was replaced meanwhile: try again")
            head, questions[kind] = found, asked
        if head is None or not any(asked.rows for asked in questions.values()):
            raise NoSuchCurve(request.calc_id, "curves", "of this kind", "none stored")
        with explain_missing(store, head):
            locs, sids = _sites(store, head, next(iter(questions.values())).locs)
        chosen = {
            kind: Question(head, kind, locs, asked.rows, asked.imts)
            for kind, asked in questions.items()
            if asked.rows
        }
        return cls(request, store, head, chosen, sids)

    @cached_property
    def sorted_sids(self) -> NDArray[np.int64]:
        """Rows of the calculation file, ascending: the order of the sites in the engine's files."""
        return np.sort(self.sids)

    @property
    def imts(self) -> tuple[str, ...]:
        """The intensity measures, M."""
        asked = next(iter(self.questions.values()), None)
        stored = self.head.calculation.imts
        return () if asked is None else tuple(stored[m] for m in asked.imts)

    @property
    def levels(self) -> NDArray[np.float64]:
        """The levels of these measures, (M, L)."""
        imts = self.head.calculation.imts
        return self.head.calculation.all_levels[[imts.index(imt) for imt in self.imts]]

    def rows(self, kind: Kind) -> tuple[str, ...]:
        """Return the names of the statistics or realisations, K; none where the kind is not."""
        if kind not in self.questions:
            return ()
        spec = self.head.calculation.spec(kind)
        return tuple(spec.rows[row] for row in self.questions[kind].rows)

    def blocks(self, kind: Kind, progress: Progress) -> Iterator[ExportBlock]:
        """Yield the curves of a kind by blocks of sites.

        Raises:
            DamagedCalculation: something of it is missing or altered; what came is to be thrown
                away, since the sites behind a damaged one are taken for others.
        """
        progress.phase(str(kind), len(self.sids), "site")
        start = 0
        with explain_missing(self.store, self.head):
            for block in blocks_of(self.store, self.questions[kind]):
                sids = self.sids[start : start + len(block.sites)]
                start += len(sids)
                places = np.searchsorted(self.sorted_sids, sids)
                yield ExportBlock(sids, places, block.sites, block.curves)
                progress.advance(len(sids))


def _sites(
    store: Store, head: Head, locs: object
) -> tuple[tuple[str, ...] | None, NDArray[np.int64]]:
    """Return codes and rows in the file; of all sites no codes, and the rows in key order."""
    parts = store.parts(head.storage_id)
    starts = range(0, head.calculation.n_sites, SITES_PER_PART)
    if locs is None:
        found = [np.array(parts.site_part(start).sids, np.int64) for start in starts]
        return None, np.concatenate(found)
    wanted = {place.loc for place in places_of(store, head, list(locs))}  # type: ignore[call-overload]
    rows: dict[str, int] = {}
    for start in starts:
        part = parts.site_part(start)
        rows |= {loc: sid for loc, sid in zip(part.locs, part.sids, strict=True) if loc in wanted}
    for loc in wanted - rows.keys():
        raise no_such_site(store, head, loc)
    ordered = sorted(rows, key=lambda loc: rows[loc])
    return tuple(ordered), np.array([rows[loc] for loc in ordered], np.int64)
