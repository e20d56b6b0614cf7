"""Measures, statistics and realisations as users name them -> ordinals on their axis."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from numbers import Real

import numpy as np

from hazard_store.errors import NoSuchCurve
from hazard_store.model import Kind
from hazard_store.shown import cut, did_you_mean, quoted

_NUMBER = re.compile(r"\d+(?:\.\d*)?|\.\d+")
_ORDINAL = re.compile(r"0*(\d+)(?:\.0*)?")
MAX_LISTED = 12
AXES = {Kind.STATS: "statistic", Kind.REALISATIONS: "realisation"}


def choose(
    calc_id: str, axis: str, wanted: Sequence[str] | None, known: Sequence[str]
) -> list[int]:
    """Return the ordinals of what is wanted on an axis, all where nothing is named.

    Args:
        calc_id: the calculation.
        axis: "IMT", "statistic" or "realisation".
        wanted: as users write it: `pga` and `SA(1)` mean `PGA` and `SA(1.0)`.
        known: what the calculation has, in its order.

    Raises:
        NoSuchCurve: one of them is not there.
    """
    if wanted is None:
        return list(range(len(known)))
    exact = {name: i for i, name in enumerate(known)}
    meant: dict[str, int] = {}
    found = []
    for name in wanted:
        ordinal = exact.get(name)
        if ordinal is None and axis != "realisation":
            meant = meant or {_canonical(each): i for i, each in enumerate(known)}
            ordinal = meant.get(_canonical(name))
        if ordinal is None:
            raise NoSuchCurve(calc_id, axis, name, _listed(name, known))
        found.append(ordinal)
    return list(dict.fromkeys(found))


def _listed(name: str, known: Sequence[str]) -> str:
    some = ", ".join(map(cut, known[:MAX_LISTED])) + (" ..." if len(known) > MAX_LISTED else "")
    return (some or "none") + did_you_mean(name, known)


def _canonical(name: str) -> str:
    """Return a name without its case, its spaces, and the ways to write a number.

    >>> _canonical("SA(1)") == _canonical("sa( 1.00 )")
    True
    """
    text = name.lower().removeprefix("quantile-").replace(" ", "")
    return _NUMBER.sub(lambda match: repr(float(match[0])), text)


def listed(
    value: object, name: str, each: Callable[[object], str], example: str
) -> list[str] | None:
    """Return what a caller gave as a list of texts: one value alone is a list of one.

    Args:
        value: None, one value, or several.
        name: of the parameter.
        each: makes a text of one value; raises TypeError where it is none.
        example: what is expected, for the error.

    Raises:
        TypeError: it is something else.
    """
    if value is None:
        return None
    with suppress(TypeError):
        return [each(value)]
    with suppress(TypeError):
        if not isinstance(value, bytes | bytearray | memoryview):  # their parts are numbers
            return [each(one) for one in value]  # type: ignore[attr-defined]
    raise TypeError(f"{name}={quoted(value)}: {example} is expected, or a list of such")


def text(value: object) -> str:
    """Return a text, or a number as its shortest text: 0.5."""
    if isinstance(value, str):
        return value
    if isinstance(value, Real) and not isinstance(value, bool):
        number = float(value)
        if number.is_integer():
            return str(int(number))
        return str(value) if isinstance(value, np.floating) else repr(number)  # float32: 0.1
    raise TypeError


def place(value: object) -> str:
    """Return a site as a text: a code, an id, or "LAT,LON" of a pair."""
    if isinstance(value, str):
        return value
    if isinstance(value, tuple | list) and len(value) == 2:
        lat, lon = value
        if not isinstance(lat, str) and not isinstance(lon, str):
            return f"{_positional(lat)},{_positional(lon)}"
    raise TypeError


def rlz(value: object) -> str:
    """Return a realisation as it stands in keys: 7 and "7" are "00007"; what is none, as it is."""
    if isinstance(value, Real) and not isinstance(value, bool) and float(value).is_integer():
        value = str(int(float(value)))
    if isinstance(value, str):
        ordinal = _ORDINAL.fullmatch(value.strip())
        return f"{ordinal[1]:0>5}" if ordinal else value
    raise TypeError


def _positional(degrees: float) -> str:
    return np.format_float_positional(float(degrees), trim="-")
