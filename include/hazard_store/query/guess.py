"""Guesses where the items of a question are, so that they come in one request with the head.

A wrong guess costs another request and nothing else: what an answer is made of follows from the
head that comes with the items.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from hazard_store.aws.batch_get import KEYS_PER_REQUEST
from hazard_store.errors import NoSuchCurve
from hazard_store.keys import CODE_RULES, CodeRule, KeyMaker, rlz_code
from hazard_store.limits import MAX_REALISATIONS
from hazard_store.model import REALISATIONS_PER_ITEM, KeyScheme, Kind
from hazard_store.query.choices import AXES, choose
from hazard_store.query.fetch import Key
from hazard_store.query.sites import place_of_code
from hazard_store.store import Described

MAX_KEYS = KEYS_PER_REQUEST - 2  # the index entry and the head are of the same request
MAX_NAME = 64  # characters of a row that may be one


@dataclass(frozen=True)
class Guess:
    """Which version of a calculation readers see, and the keys of a question's items."""

    storage_id: str
    kind: Kind
    keys: tuple[Key, ...] = ()


def guess(
    calc_id: str,
    last: Described | None,
    kind: Kind,
    locs: Sequence[str] | None,
    rows: Sequence[str] | None,
) -> Guess:
    """Return where the items of a question may be; no keys where that is anyone's guess.

    Args:
        calc_id: the calculation.
        last: what was read of it last; None: it is taken for one that is stored by default.
        kind: of the rows.
        locs: site codes; others are not guessed.
        rows: statistics or realisations; None: all.
    """
    rule: CodeRule | None
    if last is None:
        keys, rule = KeyMaker(KeyScheme.CALC_LOCATION, calc_id), CODE_RULES[0]
        firsts = _usual_firsts(kind, rows)
    else:
        keys, rule = last.calculation.key_maker, last.calculation.code_rule
        firsts = _known_firsts(last, kind, rows)
    places = [place_of_code(loc, rule, keys) for loc in locs or ()]
    found = [
        (place.hash_key, keys.range_key(place.loc, first))
        for place in places
        if place is not None
        for first in firsts
    ]
    unique = tuple(dict.fromkeys(found))
    fits = None not in places and len(unique) <= MAX_KEYS
    return Guess(keys.storage_id, kind, unique if fits else ())


def _known_firsts(last: Described, kind: Kind, rows: Sequence[str] | None) -> list[str]:
    """Return the first rows of the groups that hold the rows."""
    spec = last.specs[kind]
    with suppress(NoSuchCurve):
        chosen = choose(last.calculation.calc_id, AXES[kind], rows, spec.rows)
        groups = {spec.group_of_row[row] for row in chosen}
        return [spec.rows[spec.groups[group].start] for group in sorted(groups)]
    return []


def _usual_firsts(kind: Kind, rows: Sequence[str] | None) -> list[str]:
    short = [row for row in rows or () if row and len(row) <= MAX_NAME]
    if kind is Kind.STATS:
        return short  # the mean has an item of its own
    numbers = [int(row) for row in short if row.isdecimal()]
    return [rlz_code(n - n % REALISATIONS_PER_ITEM) for n in numbers if n < MAX_REALISATIONS]
