"""Answers as curves, one by one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from hazard_store.derive import unit_of
from hazard_store.model import Kind
from hazard_store.query.ask import Asked
from hazard_store.query.curves import RlzCurve, StatsCurve


def curves_of(asked: Asked) -> Iterator[StatsCurve | RlzCurve]:
    """Yield the curves of a question of either kind; raises as `Question.blocks`."""
    return stats_curves_of(asked) if asked.kind is Kind.STATS else rlz_curves_of(asked)


def stats_curves_of(asked: Asked) -> Iterator[StatsCurve]:
    """Yield the curves of a question about statistics; raises as `Question.blocks`."""
    for agg, told in _curves_of(asked):
        yield StatsCurve(agg=agg, **told)


def rlz_curves_of(asked: Asked) -> Iterator[RlzCurve]:
    """Yield the curves of a question about realisations; raises as `Question.blocks`."""
    for rlz, told in _curves_of(asked):
        yield RlzCurve(rlz=rlz, **told)


def _curves_of(asked: Asked) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield (row, all else) of each curve, by site, row and measure."""
    stored, rows = asked.stored, asked.row_names
    levels = stored.all_levels
    measures = [
        {
            "calc_id": stored.calc_id,
            "imt": stored.imts[m],
            "imls": levels[m],
            "years": stored.investigation_time,
            "unit": unit_of(stored.imts[m]),
        }
        for m in asked.imts
    ]
    for block in asked.blocks():
        for site, of_site in zip(block.sites, block.curves, strict=True):
            place = vars(site)
            for row, of_row in zip(rows, of_site, strict=True):
                for measure, poes in zip(measures, of_row, strict=True):
                    yield row, {**measure, **place, "poes": poes}
