"""Which statistics get map items by themselves, and how long their blocks may be."""

from __future__ import annotations

from typing import Any

import pytest

from hazard_store import codec
from hazard_store.errors import BadParameter
from hazard_store.items import maps
from hazard_store.model import Layout
from hazard_store.records import StoredCalculation
from hazard_store.workflow.maps import SITES_OF_A_CHUNK, with_maps
from tests.golden.make import calculation


def of(chunks: tuple[int, ...] = (0, 3), **changes: Any) -> StoredCalculation:
    """Return a calculation with the mean, std, 0.1 and 0.95 of 3 IMTs with 6 levels."""
    update = {"n_sites": chunks[-1], "chunk_borders": chunks, **changes}
    return calculation(large=False).model_copy(update=update)


@pytest.mark.parametrize(
    ("chunks", "aggs"),
    [
        ((0, SITES_OF_A_CHUNK), ("mean",)),
        ((0, SITES_OF_A_CHUNK - 1), ()),
        ((0, SITES_OF_A_CHUNK, 2 * SITES_OF_A_CHUNK), ("mean",)),
        ((0, SITES_OF_A_CHUNK, 2 * SITES_OF_A_CHUNK - 1), ()),  # on average too few
    ],
)
def test_the_mean_has_map_items_where_chunks_are_large(chunks, aggs: tuple[str, ...]):
    assert aggs == with_maps(of(chunks), None, 0).map_statistics


def test_without_a_mean_nothing_has_them_by_itself():
    made = of((0, 5000), aggs=("std", "0.1"))
    assert made == with_maps(made, None, 0)


@pytest.mark.parametrize(
    ("named", "aggs"),
    [
        ("none", ()),
        ("all", ("mean", "std", "0.1", "0.95")),
        ("0.95,mean", ("mean", "0.95")),  # in the order of the file
        (" quantile-0.1 , mean ", ("mean", "0.1")),
    ],
)
def test_what_is_named_has_them_however_small_the_chunks(named: str, aggs: tuple[str, ...]):
    made = with_maps(of(), named, 0)
    assert aggs == made.map_statistics == made.maps.aggs
    assert tuple(made.aggs.index(agg) for agg in aggs) == made.maps.rows
    assert (codec.BLOCK_VERSION if aggs else 1) == made.codec_version
    assert bool(aggs) == (made.sites_per_block > 0)


def test_none_is_none_however_large_the_chunks():
    assert () == with_maps(of((0, 5000)), "none", 0).map_statistics


def test_a_statistic_that_is_not_in_the_file_is_refused():
    with pytest.raises(BadParameter, match=r"'0.5'.*it has mean, std, 0.1, 0.95") as met:
        with_maps(of(), "mean,0.5", 0)
    assert 2 == met.value.exit_code


def test_the_readable_layout_has_none():
    made = of((0, 5000), layout=Layout.READABLE)
    assert made == with_maps(made, None, 0)


@pytest.mark.parametrize("longest", [0, 256])
def test_the_length_of_a_block_follows_from_the_shape_and_the_codes(longest: int):
    made = with_maps(of((0, 5000)), "all", longest)
    assert (
        maps.sites_per_block(4, 3, 6, longest) == made.sites_per_block == made.maps.sites_per_block
    )
    sizes = [stop - start for start, stop in made.maps.blocks(0, 5000)]
    assert (5000, True) == (sum(sizes), max(sizes) <= made.sites_per_block)
