"""Curves come by sites and go by blocks, however many come at once."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from hazard_store.items import MapSpec, Place
from hazard_store.keys import CodeRule
from hazard_store.workflow.map_blocks import Block, MapBlocks, block_sites

S, M, L = 4, 2, 3


def spec_of(per_block: int, aggs: tuple[str, ...] = ("b", "d")) -> MapSpec:
    rows = tuple("abcd".index(agg) for agg in aggs)
    return MapSpec("A", aggs, rows, ("PGA", "PGV"), L, per_block, CodeRule())


def sites_of(start: int, stop: int):
    return [
        (n + 100, Place(-n / 8, n / 4, float(n) if n % 3 else None, f"s{n}", "h"))
        for n in range(start, stop)
    ]


def curves_of(start: int, stop: int) -> np.ndarray:
    """Return curves that say of which site, statistic, IMT and level they are."""
    sites = np.arange(start, stop).reshape(-1, 1, 1, 1) * 1000
    return (sites + np.arange(S * M * L).reshape(1, S, M, L)).astype(np.float32)


def taken(spec: MapSpec, start: int, stop: int, cuts: list[int]) -> list[Block]:
    blocks, found = MapBlocks(spec, start, stop), []
    for a, b in zip([start, *cuts], [*cuts, stop], strict=True):
        found += blocks.add(sites_of(a, b), curves_of(a, b))
    return found


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_blocks_hold_their_own_sites_whatever_comes_at_once(data: st.DataObject):
    start, n, per_block = (data.draw(st.integers(*b)) for b in ((0, 9), (1, 30), (1, 12)))
    stop, spec = start + n, spec_of(per_block)
    cuts = sorted(data.draw(st.lists(st.integers(start, stop), max_size=6)))
    found = taken(spec, start, stop, cuts)
    assert spec.blocks(start, stop) == [(block.start, block.stop) for block in found]
    for block in found:
        items = [write.item() for write in block.writes]
        assert list(spec.hash_keys) == [write.hash_key for write in block.writes]
        sites = spec.read_sites(items[0])
        assert list(range(block.start + 100, block.stop + 100)) == sites.sids.tolist()
        curves = curves_of(block.start, block.stop)
        for (_, a, m), item in zip(spec.curve_keys, items[1:], strict=True):
            read = spec.read_curves(item, block.stop - block.start)
            assert curves[:, spec.rows[a], m].tobytes() == read.tobytes()


def test_without_map_statistics_there_are_no_blocks():
    assert [] == taken(spec_of(0, ()), 0, 9, [4])


def test_a_block_that_is_not_whole_is_not_given():
    blocks = MapBlocks(spec_of(4), 0, 8)
    assert [] == list(blocks.add(sites_of(0, 3), curves_of(0, 3)))
    (first,) = blocks.add(sites_of(3, 5), curves_of(3, 5))
    assert (0, 4) == (first.start, first.stop)


def test_a_site_without_vs30_is_nan_among_others_and_none_has_no_column():
    found = block_sites(sites_of(2, 5), with_ids=False)
    assert [2.0, True, 4.0] == [v if np.isfinite(v) else True for v in found.vs30s.tolist()]
    assert block_sites(sites_of(3, 4), with_ids=False).vs30s is None
    assert (None, ("s2", "s3")) == (found.ids, block_sites(sites_of(2, 4), with_ids=True).ids)
