"""What a caller asks to be exported."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hazard_store.model import Kind
from hazard_store.query.ask import Asked, ask
from hazard_store.query.opened import Calculation, opened
from hazard_store.store import Store


@dataclass(frozen=True)
class ExportRequest:
    """Which curves of a calculation; nothing named: all of both kinds.

    As for curves: with statistics named and no realisations, only statistics, and the reverse.
    """

    calculation: Calculation  # its id, or itself
    locs: Sequence[str] | None = None  # site codes, custom ids or "LAT,LON"; None: all sites
    imts: Sequence[str] | None = None  # None: all
    aggs: Sequence[str] | None = None  # statistics
    rlzs: Sequence[str | int] | None = None  # realisations
    unpublished: bool = False
    kinds: tuple[Kind, ...] = tuple(Kind)  # that the format can hold

    @property
    def is_whole(self) -> bool:
        """Whether all of the calculation is asked for."""
        return all(each is None for each in (self.locs, self.imts, self.aggs, self.rlzs))

    @property
    def rows(self) -> dict[Kind, Sequence[str | int] | None]:
        """The rows of each kind that is asked for; None: all."""
        named = {Kind.STATS: self.aggs, Kind.REALISATIONS: self.rlzs}
        both = self.aggs is None and self.rlzs is None
        return {k: named[k] for k in self.kinds if both or named[k] is not None}

    def questions(self, store: Store | None) -> dict[Kind, Asked]:
        """Return the questions that this asks, of one version of the calculation.

        Raises:
            NoSuchCalculation: it is not stored, or not published.
            NoSuchCurve: it has no such measure, statistic or realisation.
        """
        calculation = opened(self.calculation, self.unpublished, store)
        return {
            kind: ask(kind, calculation, self.locs, self.imts, rows, self.unpublished, store=store)
            for kind, rows in self.rows.items()
        }
