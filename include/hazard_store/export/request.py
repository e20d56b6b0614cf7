"""What a caller asks to be exported."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hazard_store.model import Kind


@dataclass(frozen=True)
class ExportRequest:
    """Which curves of a calculation; nothing named: all of both kinds.

    As for curves: with statistics named and no realisations, only statistics, and the reverse.
    """

    calc_id: str
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
