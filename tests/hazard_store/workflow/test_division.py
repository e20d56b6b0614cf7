"""How many chunks there are, how fast their writers are, and why."""

from __future__ import annotations

import pytest

from hazard_store.model import StoreOptions
from hazard_store.settings import Settings
from hazard_store.workflow.division import MIN_CHUNK_SECONDS, Division, divide

PER_SITE = 30.0  # write units of both kinds


def divided(
    n_sites: int,
    kinds: int = 2,
    workers: int | None = None,
    options: StoreOptions | None = None,
    **settings: float,
) -> Division:
    """Divide sites of which each has a hash key of its own."""
    keys = [f"A:{number:06d}" for number in range(n_sites)]
    of = Settings(**settings)  # type: ignore[arg-type]
    return divide(keys, PER_SITE, kinds, options or StoreOptions(), of, workers)


def test_a_new_table_is_used_by_two_writers_of_a_kind_and_a_warm_one_by_more() -> None:
    new = divided(100_000)
    assert (2, 4, 4000 / 2) == (len(new.borders) - 1, new.writers, new.wcu_per_s)
    assert "can use 4,000 write units a second, and each sends 2,500" in new.reason
    warm = divided(100_000, table_wcu_per_s=40_000)
    assert (10, 20, 2000 + 500) == (len(warm.borders) - 1, warm.writers, warm.wcu_per_s)
    assert "each is to write for at least 60 s" in warm.reason
    large = divided(1_000_000, table_wcu_per_s=40_000)
    assert (16, 32, 2500) == (len(large.borders) - 1, large.writers, large.wcu_per_s)


def test_a_budget_decides_where_it_is_less_than_the_tables_take() -> None:
    slow = divided(100_000, options=StoreOptions(max_wcu_per_s=1000))
    assert (1, 2, 500) == (len(slow.borders) - 1, slow.writers, slow.wcu_per_s)
    fast = divided(1_000_000, table_wcu_per_s=40_000, options=StoreOptions(max_wcu_per_s=20_000))
    assert (4, 8, 2500) == (len(fast.borders) - 1, fast.writers, fast.wcu_per_s)


def test_no_chunk_writes_for_less_time_than_pays_for_its_start() -> None:
    small = divided(1000, table_wcu_per_s=40_000)
    assert 1 == len(small.borders) - 1
    assert "less time than their containers take to start" in small.reason
    for n_sites in (5000, 20_000, 80_000, 320_000):
        found = divided(n_sites, table_wcu_per_s=40_000)
        n_chunks = len(found.borders) - 1
        per_chunk = n_sites * PER_SITE / 2 / n_chunks / found.wcu_per_s
        assert n_chunks == 1 or per_chunk >= MIN_CHUNK_SECONDS


@pytest.mark.parametrize(("kinds", "writers"), [(1, 2), (2, 4)])
def test_each_kind_has_a_table_of_its_own(kinds: int, writers: int) -> None:
    found = divided(100_000, kinds=kinds)
    assert (writers, 2000) == (found.writers, found.wcu_per_s)


def test_what_was_asked_for_decides() -> None:
    found = divided(1000, options=StoreOptions(sites_per_chunk=100))
    assert (10, "sites_per_chunk is 100") == (len(found.borders) - 1, found.reason)
    found = divided(1000, workers=4)
    assert (4, 4, "there are 4 workers") == (len(found.borders) - 1, found.writers, found.reason)
