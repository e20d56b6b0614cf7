"""What answering a question will read: items, read units and dollars, before it is read."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from hazard_store.model import Kind
from hazard_store.prices import DOLLARS_PER_READ_UNIT
from hazard_store.query.arrays import Question
from hazard_store.query.ask import Asked
from hazard_store.query.recomputed import Recomputed


@dataclass(frozen=True)
class ReadCost:
    """What is read; units by the forecast of the calculation, from a sample of its items."""

    items: int = 0
    units: int = 0

    def __add__(self, other: ReadCost) -> ReadCost:
        return ReadCost(self.items + other.items, self.units + other.units)

    @property
    def dollars(self) -> float:
        """The price of the units."""
        return self.units * DOLLARS_PER_READ_UNIT


def cost_of(asked: Iterable[Asked]) -> ReadCost:
    """Return what some questions read together; nothing is read for it."""
    return sum(map(_cost_of, asked), ReadCost())


def _cost_of(asked: Asked) -> ReadCost:
    if isinstance(asked, Recomputed):
        return cost_of(each for each in (asked.rlzs, asked.stats) if each is not None)
    return _of_maps(asked) if asked.is_of_maps else _of_sites(asked)


def _of_sites(asked: Question) -> ReadCost:
    stored, spec = asked.stored, asked.spec
    n_sites = stored.n_sites if asked.locs is None else len(set(asked.locs))
    of_stats = asked.kind is Kind.STATS
    wcu = stored.forecast.stats_wcu if of_stats else stored.forecast.realisations_wcu
    kb_per_row = wcu / (stored.n_sites * max(1, len(spec.rows)))
    groups = {spec.group_of_row[row] for row in asked.rows}
    units = sum(math.ceil(spec.sizes[group] * kb_per_row / 4) for group in groups)
    return ReadCost(n_sites * len(groups), n_sites * units)


def _of_maps(asked: Question) -> ReadCost:
    stored = asked.stored
    n_blocks = sum(len(list(stored.maps.blocks(c.start, c.stop))) for c in stored.chunks)
    items = n_blocks * (1 + len(asked.rows) * len(asked.imts))
    kb = stored.forecast.maps_wcu / max(1, stored.forecast.maps_items)
    return ReadCost(items, items * math.ceil(kb / 4))
