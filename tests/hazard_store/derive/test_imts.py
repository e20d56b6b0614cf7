"""Units and periods of intensity measures."""

from __future__ import annotations

import pytest

from hazard_store.derive import period_of, unit_of


@pytest.mark.parametrize(
    ("imt", "unit", "period"),
    [
        ("PGA", "g", 0.0),
        ("SA(0.5)", "g", 0.5),
        ("SA(10.0)", "g", 10.0),
        ("AvgSA", "g", None),
        ("PGV", "cm/s", None),
        ("SDi(0.2,2.0)", "cm", None),
        ("IA", "m/s", None),
        ("MMI", None, None),
        ("NEW(1)", None, None),
    ],
)
def test_a_measure_has_its_unit_and_its_period(imt: str, unit: str | None, period: float | None):
    assert (unit, period) == (unit_of(imt), period_of(imt))
