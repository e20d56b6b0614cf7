"""Which rows of a site share an item."""

from __future__ import annotations

from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hazard_store.items.groups import MEAN, even, runs, statistics_groups

QUANTILES = tuple(f"0.{i}" for i in range(1, 40))


@st.composite
def statistics(draw: st.DrawFn) -> list[str]:
    """Statistics of a file, with the mean anywhere or nowhere."""
    aggs = list(QUANTILES[: draw(st.integers(0, 30))])
    if draw(st.booleans()):
        aggs.insert(draw(st.integers(0, len(aggs))), MEAN)
    return aggs


per_items = st.one_of(st.just(MEAN), st.integers(1, 50))


@given(statistics(), per_items, st.integers(1, 40))
def test_the_groups_hold_all_statistics_and_none_passes_what_fits(aggs, per_item, fit: int):
    sizes = statistics_groups(aggs, per_item, fit)
    assert len(aggs) == sum(sizes)
    assert all(1 <= size <= fit for size in sizes)
    if per_item != MEAN:
        assert all(size <= per_item for size in sizes)
        if per_item <= fit:
            assert tuple(runs(len(aggs), per_item)) == sizes


@given(statistics(), st.integers(1, 40))
def test_the_mean_is_alone_wherever_it_stands(aggs: list[str], fit: int):
    """The runs before and behind it are divided only where they do not fit."""
    sizes = statistics_groups(aggs, MEAN, fit)
    if MEAN not in aggs:
        assert tuple(even(len(aggs), fit)) == sizes
        return
    at = aggs.index(MEAN)
    starts = [0, *accumulate(sizes)]
    assert 1 == sizes[starts.index(at)]
    before, behind = at, len(aggs) - at - 1
    assert -(-before // fit) + 1 + -(-behind // fit) == len(sizes)


@given(st.integers(0, 500), st.integers(1, 60))
def test_groups_are_as_few_and_as_even_as_it_goes(n_rows: int, fit: int):
    sizes = even(n_rows, fit)
    assert (n_rows, -(-n_rows // fit)) == (sum(sizes), len(sizes))
    assert not sizes or (max(sizes) - min(sizes) <= 1 and max(sizes) <= fit)
    assert sorted(sizes, reverse=True) == sizes


@pytest.mark.parametrize(
    ("aggs", "per_item", "fit", "sizes"),
    [
        (["mean", "0.1", "0.9"], "mean", 12, (1, 2)),
        (["0.1", "mean", "0.9"], "mean", 12, (1, 1, 1)),
        (["0.1", "0.9", "mean"], "mean", 12, (2, 1)),
        (["0.1", "0.9"], "mean", 12, (2,)),
        (["mean"], "mean", 12, (1,)),
        ([], "mean", 12, ()),
        ([], 3, 12, ()),
        (["mean", "0.1", "0.9"], 100, 12, (3,)),
        (["mean", "0.1", "0.5", "0.7", "0.9"], 5, 2, (2, 2, 1)),
        (["mean", "0.1", "0.5", "0.7", "0.9"], "mean", 3, (1, 2, 2)),
    ],
)
def test_examples(aggs: list[str], per_item: int | str, fit: int, sizes: tuple[int, ...]):
    assert sizes == statistics_groups(aggs, per_item, fit)
