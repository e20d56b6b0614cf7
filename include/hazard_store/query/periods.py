"""Intensity measures by the period that is wanted."""

from __future__ import annotations

from hazard_store.derive import period_of
from hazard_store.errors import BadParameter, NoSuchCurve
from hazard_store.query.opened import Calculation, opened
from hazard_store.store import Store


def imts_around(
    calc_id: Calculation, period: float, unpublished: bool = False, *, store: Store | None = None
) -> tuple[str, ...]:
    """Return the intensity measure with a period, or else the two whose periods bracket it.

    Args:
        calc_id: the calculation, or one that is open.
        period: seconds; that of PGA is 0.
        unpublished: also if the calculation is not published.
        store: where; by default as the environment says.

    Raises:
        NoSuchCurve: no measure has a period, or all are shorter, or all longer.
        BadParameter: the period is below 0.
    """
    if not period >= 0:
        raise BadParameter("period", f"{period:g} s is below 0")
    calculation = opened(calc_id, unpublished, store)
    imts = calculation.head.calculation.imts
    periods = sorted((p, imt) for imt in imts if (p := period_of(imt)) is not None)
    exact = tuple(imt for p, imt in periods if p == period)
    if exact:
        return exact
    below = [imt for p, imt in periods if p < period]
    above = [imt for p, imt in periods if p > period]
    if not (below and above):
        known = ", ".join(imt for _, imt in periods) or "none with a period"
        raise NoSuchCurve(calculation.calc_id, "IMTs around the period", f"{period:g} s", known)
    return below[-1], above[0]
