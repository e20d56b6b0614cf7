"""Site chunks: every site in one, cut between hash keys."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from hazard_store.workflow.chunks import MIN_HASH_KEYS, chunk_borders

runs = st.lists(st.integers(1, 30), min_size=1, max_size=60)  # sites of each hash key
sizes = st.integers(1, 400)


def keys_of(lengths: list[int]) -> list[str]:
    return [f"{key:04d}" for key, length in enumerate(lengths) for _ in range(length)]


def n_keys(keys: list[str], start: int, stop: int) -> int:
    return len(set(keys[start:stop]))


@given(runs, sizes)
def test_chunks_tile_the_sites(lengths: list[int], size: int):
    keys = keys_of(lengths)
    borders = chunk_borders(keys, size)
    assert 0 == borders[0]
    assert len(keys) == borders[-1]
    assert all(start < stop for start, stop in pairwise(borders))


@given(runs, sizes)
def test_cuts_fall_between_hash_keys_where_there_are_several(lengths: list[int], size: int):
    keys = keys_of(lengths)
    if len(lengths) > 1:
        for border in chunk_borders(keys, size)[1:-1]:
            assert keys[border - 1] != keys[border]


@given(runs, sizes)
def test_no_chunk_has_fewer_than_ten_hash_keys_where_they_exist(lengths: list[int], size: int):
    keys = keys_of(lengths)
    borders = chunk_borders(keys, size)
    if len(lengths) > 1:
        enough = min(MIN_HASH_KEYS, len(lengths))
        for start, stop in pairwise(borders):
            assert n_keys(keys, start, stop) >= enough


@given(runs, sizes)
def test_a_chunk_is_no_larger_than_it_must_be(lengths: list[int], size: int):
    """Without its last key it would be too small, or have too few keys; the last takes the rest."""
    keys = keys_of(lengths)
    borders = chunk_borders(keys, size)
    if len(lengths) > 1:
        for start, stop in list(pairwise(borders))[:-1]:
            last = lengths[int(keys[stop - 1])]
            assert stop - start >= size
            too_small = stop - last - start < size
            too_few = n_keys(keys, start, stop - last) < MIN_HASH_KEYS
            assert too_small or too_few


@given(st.integers(1, 3000), sizes)
def test_a_single_hash_key_is_cut_by_sites(n: int, size: int):
    borders = chunk_borders(["A"] * n, size)
    lengths = [stop - start for start, stop in pairwise(borders)]
    assert n == sum(lengths)
    assert [size] * (len(lengths) - 1) == lengths[:-1]
    assert lengths[-1] <= size
