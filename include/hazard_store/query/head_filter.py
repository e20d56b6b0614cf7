"""Which calculations are meant, by what they are."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Self

from hazard_store.errors import BadParameter, NoSuchCurve
from hazard_store.query.choices import choose, listed, text
from hazard_store.query.sites import all_places
from hazard_store.records import Head
from hazard_store.shown import quoted
from hazard_store.store import Store


@dataclass(frozen=True)
class HeadFilter:
    """What a calculation must be; nothing: any."""

    imts: list[str] | None  # it has all of these
    vs30s: set[float] | None  # m/s; one of them occurs
    engine_versions: list[str] | None  # "3.16.7", or "3.16" for all of its
    since: str  # day of the run, or empty
    until: str

    @classmethod
    def of(
        cls, imts: object, vs30s: object, engine_versions: object, since: object, until: object
    ) -> Self:
        """Return what users mean.

        Raises:
            BadParameter: a day is none.
            TypeError: something else is not what it should be.
        """
        return cls(
            listed(imts, "imts", text, 'an intensity measure ("SA(0.5)")'),
            None if vs30s is None else _numbers(vs30s),
            listed(engine_versions, "engine_versions", text, 'a version ("3.16")'),
            _day("since", since),
            _day("until", until),
        )

    def fits(self, store: Store, head: Head) -> bool:
        """Tell whether a calculation is meant; its sites are read where its vs30s are many."""
        day = head.calculation.date[:10]  # texts of days are in their order
        return (
            self.since <= day
            and (not self.until or day <= self.until)
            and self._is_of_version(head.calculation.engine_version)
            and self._has_imts(head)
            and (self.vs30s is None or bool(self.vs30s & _vs30s_of(store, head)))
        )

    def _is_of_version(self, stored: str) -> bool:
        wanted = self.engine_versions
        return wanted is None or any(stored == v or stored.startswith(f"{v}.") for v in wanted)

    def _has_imts(self, head: Head) -> bool:
        try:
            choose(head.calc_id, "IMT", self.imts, head.calculation.imts)
        except NoSuchCurve:
            return False
        return True


def _day(name: str, value: object) -> str:
    if value is None:
        return ""
    try:
        day = value.date() if isinstance(value, dt.datetime) else value
        return dt.date.fromisoformat(str(day)).isoformat()
    except ValueError:
        raise BadParameter(name, f"{quoted(value)} is no day: write 2024-05-31") from None


def _numbers(values: object) -> set[float]:
    try:
        return {float(one) for one in listed(values, "vs30s", text, "a vs30 (400)") or ()}
    except ValueError as error:
        raise TypeError(
            f"vs30s={quoted(values)}: a vs30 (400) is expected, or a list of such"
        ) from error


def _vs30s_of(store: Store, head: Head) -> set[float]:
    """Return the values of vs30 that occur; the head lists them only where they are few."""
    calculation = head.calculation
    if calculation.vs30s or calculation.n_vs30s == 0:
        return set(calculation.vs30s)
    sites = all_places(store, calculation)
    return {site.vs30 for site in sites if site.vs30 is not None}
