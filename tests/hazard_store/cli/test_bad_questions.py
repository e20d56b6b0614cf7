"""Questions that cannot be answered: one sentence, exit code 2 or 66, and nothing on stdout."""

from __future__ import annotations

from typing import Any

import pytest

from hazard_store.store import Store
from tests.support.loading import CALCS, stored

FILE = CALCS / "classical_rlzs_stats.hdf5"
TARGET = ("--poe", 0.1)
VERBS: dict[str, tuple[Any, ...]] = {
    "curves": ("--imt", "PGA", "--agg", "mean", "--format", "json"),
    "sites": ("--json",),
    "map": ("--imt", "PGA", *TARGET),
    "uhs": ("--agg", "mean", *TARGET, "--format", "csv"),
}
IDS = [
    "A' OR '1'='1",
    "A; DROP TABLE",
    "#calculations",
    "A:map:sites",
    "../../etc/passwd",
    "${jndi:ldap://x}",
    "A@2",
    "A\x00B",
    "A" * 129,
    "*",
    "",
]
PLACES = [
    (("--loc", "-95,10"), 66),
    (("--nearest", "-95,10"), 2),
    (("--nearest", "10,999"), 2),
    (("--nearest", "nan,1"), 2),
    (("--box", "1,2,0,3"), 2),
    (("--box", "10,10,11,11"), 66),
    (("--box", "1,2,3"), 2),
    (("--within", "0,-41,174"), 2),
    (("--within", "1,0,0"), 66),
    (("--loc", "[-41.300~174.780]:mean"), 66),
    (("--loc", "' OR 1=1"), 66),
]


@pytest.mark.parametrize("verb", VERBS)
def test_ids_that_are_none(store: Store, cli, verb: str):
    """Whatever a key or another language would make of them."""
    stored(store, FILE)
    for calc_id in IDS:
        ended = cli(verb, calc_id, "--loc", "[-41.300~174.780]", *VERBS[verb])
        assert (2, "") == (ended.code, ended.out), calc_id
        assert "is not a valid calculation id" in ended.sentence


@pytest.mark.parametrize("verb", VERBS)
def test_places_that_are_none(store: Store, cli, verb: str):
    stored(store, FILE)
    for place, code in PLACES:
        ended = cli(verb, "A", *place, *VERBS[verb])
        assert (code, "") == (ended.code, ended.out), place
        assert ended.sentence


@pytest.mark.parametrize("verb", VERBS)
def test_an_unknown_calculation_names_what_is_like_it(store: Store, cli, verb: str):
    stored(store, FILE, "CALC13")
    ended = cli(verb, "CALC31", "--loc", "[-41.300~174.780]", *VERBS[verb])
    assert (66, "") == (ended.code, ended.out)
    assert "did you mean CALC13?" in ended.sentence
