"""Statistics recomputed from the curves of realisations: `mean@rlzs`, `0.5@rlzs`.

By the engine's rules (`derive.statistics`), so that what it did not store can be had all the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from hazard_store.derive import mean_of, quantile_of
from hazard_store.errors import NoSuchCurve
from hazard_store.items.groups import MEAN
from hazard_store.model import Kind
from hazard_store.query.arrays import CurveBlock, Question
from hazard_store.query.opened import OpenCalculation
from hazard_store.query.weights import weights_of
from hazard_store.records import StoredCalculation

SUFFIX = "@rlzs"


def is_recomputed(agg: str) -> bool:
    """Tell whether a statistic, as users name it, is to be recomputed."""
    return agg.endswith(SUFFIX)


@dataclass(frozen=True)
class Recomputed:
    """A question about statistics of which some are recomputed, and others perhaps stored."""

    rlzs: Question  # all realisations of the sites and measures
    stats: Question | None  # the stored ones among the statistics
    aggs: tuple[str, ...]  # K, those that are recomputed with their suffix

    @classmethod
    def of(
        cls,
        calculation: OpenCalculation,
        locs: Sequence[str] | None,
        imts: Sequence[str] | None,
        aggs: Sequence[str],
    ) -> Self:
        """Return what users mean by these names.

        Raises:
            NoSuchCurve: it has no such measure or statistic, or no realisations are stored.
        """
        rlzs = Question.of(calculation, Kind.REALISATIONS, locs, imts, None)
        named = [agg for agg in aggs if not is_recomputed(agg)]
        stats = Question.of(calculation, Kind.STATS, locs, imts, named) if named else None
        kept = iter(stats.row_names if stats else ())
        names = [
            _name(calculation, agg) if is_recomputed(agg) else next(kept)
            for agg in dict.fromkeys(aggs)
        ]
        if not rlzs.rows:
            raise NoSuchCurve(
                calculation.calc_id, "statistic", aggs[0], "no realisations to recompute it from"
            )
        return cls(rlzs, stats, tuple(names))

    @property
    def kind(self) -> Kind:
        """Of the answers."""
        return Kind.STATS

    @property
    def calculation(self) -> OpenCalculation:
        """Whose curves they are."""
        return self.rlzs.calculation

    @property
    def stored(self) -> StoredCalculation:
        """What is stored of the calculation, and how."""
        return self.rlzs.stored

    @property
    def imts(self) -> list[int]:
        """The ordinals of the measures, M of them."""
        return self.rlzs.imts

    @property
    def row_names(self) -> list[str]:
        """The statistics, K of them."""
        return list(self.aggs)

    @property
    def shape(self) -> tuple[int, int, int]:
        """(K, M, L) of the curves of a site."""
        return len(self.aggs), *self.rlzs.shape[1:]

    def with_imts(self, imts: list[int]) -> Self:
        """Return the same question about other measures, by their ordinals."""
        stats = None if self.stats is None else self.stats.with_imts(imts)
        return replace(self, rlzs=self.rlzs.with_imts(imts), stats=stats)

    def blocks(self) -> Iterator[CurveBlock]:
        """Yield the curves of whole sites by blocks; raises as `Question.blocks`."""
        weights = weights_of(self.calculation, self.imts)
        for block in self.rlzs.blocks():
            curves = np.empty((len(block.sites), *self.shape), np.float32)
            for k, agg in enumerate(self.aggs):
                if is_recomputed(agg):
                    curves[:, k] = _recompute(agg.removesuffix(SUFFIX), block.curves, weights)
            self._fill_stored(block, curves)
            yield CurveBlock(block.sites, curves)

    def _fill_stored(self, block: CurveBlock, curves: NDArray[np.float32]) -> None:
        """Put the stored statistics of the same sites where they belong."""
        if self.stats is None:
            return
        same_sites = replace(self.stats, locs=list(block.sites.locs))
        found = np.concatenate([each.curves for each in same_sites.blocks()])
        for k, agg in enumerate(self.stats.row_names):
            curves[:, self.aggs.index(agg)] = found[:, k]


def _name(calculation: OpenCalculation, agg: str) -> str:
    """Return how answers name a recomputed statistic.

    Raises:
        NoSuchCurve: there is no rule for it.
    """
    rule = agg.removesuffix(SUFFIX).removeprefix("quantile-").strip()
    try:
        if rule == MEAN or 0 <= float(rule) <= 1:
            return f"{rule}{SUFFIX}"
    except ValueError:
        pass
    known = f"mean{SUFFIX} and quantiles from 0{SUFFIX} to 1{SUFFIX} to recompute"
    raise NoSuchCurve(calculation.calc_id, "statistic", agg, known)


def _recompute(
    rule: str, curves: NDArray[np.float32], weights: NDArray[np.float64]
) -> NDArray[np.float32]:
    """Return (n, M, L); one measure at a time, since thousands of realisations fill a memory."""
    made = np.empty((len(curves), *curves.shape[2:]), np.float32)
    for m, of_imt in enumerate(weights):
        some = curves[:, :, m : m + 1]
        at = slice(m, m + 1)
        made[:, at] = (
            mean_of(some, of_imt) if rule == MEAN else quantile_of(some, of_imt, float(rule))
        )
    return made
