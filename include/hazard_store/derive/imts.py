"""Intensity measures: the unit of their levels, and the period that a spectrum has on its axis."""

from __future__ import annotations

import re

_PERIOD = re.compile(r"SA\((\d+(?:\.\d*)?|\.\d+)(?:,\s*[\d.]+)?\)")
# As the engine has them (openquake.hazardlib.imt, version 3.26); what is not here has no unit.
_UNITS = {
    "PGA": "g",
    "SA": "g",
    "AvgSA": "g",
    "Sa_avg2": "g",
    "Sa_avg3": "g",
    "PGV": "cm/s",
    "FIV3": "cm/s",
    "PGD": "cm",
    "SDi": "cm",
    "IA": "m/s",
    "CAV": "g s",
    "RSD": "s",
    "RSD595": "s",
    "RSD575": "s",
    "RSD2080": "s",
    "LSD": "m",
    "PGDMax": "m",
    "PGDGeomMean": "m",
    "Disp": "m",
}


def unit_of(imt: str) -> str | None:
    """Return the unit of an intensity measure's levels; None where it has none, or it is not known.

    >>> unit_of("SA(0.5)"), unit_of("PGV"), unit_of("MMI")
    ('g', 'cm/s', None)
    """
    return _UNITS.get(imt.partition("(")[0])


def period_of(imt: str) -> float | None:
    """Return the period of an intensity measure, seconds; None for one that no spectrum has.

    >>> period_of("PGA"), period_of("SA(0.5)"), period_of("PGV")
    (0.0, 0.5, None)
    """
    if imt == "PGA":
        return 0.0
    match = _PERIOD.fullmatch(imt)
    return float(match[1]) if match else None
