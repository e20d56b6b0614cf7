"""What a map is asked at: a probability in a time, a return period or an annual rate."""

from __future__ import annotations

import math
from dataclasses import dataclass

from hazard_store.errors import BadParameter


@dataclass(frozen=True)
class Target:
    """A rate of exceedance, said in one of three ways; exceedances are a Poisson process."""

    poe: float | None = None  # probability of exceedance in `years`
    years: float | None = None  # None: the calculation's investigation time
    return_period: float | None = None  # years
    rate: float | None = None  # a year

    def __post_init__(self) -> None:
        """Refuse what is no target.

        Raises:
            BadParameter: not exactly one way is given, or it is out of range.
        """
        given = [n for n in ("poe", "return_period", "rate") if getattr(self, n) is not None]
        if len(given) != 1:
            raise BadParameter(
                "target", "give one of a probability (poe), a return period and an annual rate"
            )
        if self.poe is not None and not 0 < self.poe < 1:
            raise BadParameter("poe", f"{self.poe:g} is no probability between 0 and 1")
        for name in ("years", "return_period", "rate"):
            value = getattr(self, name)
            if value is not None and not (value > 0 and math.isfinite(value)):
                raise BadParameter(name, f"{value:g} is not above 0")
        if self.years is not None and self.poe is None:
            raise BadParameter("years", "they go with a probability (poe)")

    def poe_in(self, investigation_time: float) -> float:
        """Return the probability in the time that a calculation's curves are of.

        Args:
            investigation_time: years.

        >>> Target(poe=0.1, years=50).poe_in(50)
        0.1
        >>> round(Target(poe=0.1, years=50).poe_in(1), 6)
        0.002105
        >>> round(Target(return_period=475).poe_in(1), 6)
        0.002103
        """
        if self.poe is not None and self.years in (None, investigation_time):
            return self.poe
        return -math.expm1(-self.annual_rate(investigation_time) * investigation_time)

    def annual_rate(self, investigation_time: float) -> float:
        """Return the rate of exceedance, a year.

        Args:
            investigation_time: years; of a probability without a time of its own.
        """
        if self.rate is not None:
            return self.rate
        if self.return_period is not None:
            return 1 / self.return_period
        return -math.log1p(-(self.poe or 0.0)) / (self.years or investigation_time)
