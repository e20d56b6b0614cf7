"""Map items: the curves of neighbouring sites, and the sites, <-> items."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hazard_store import codec
from hazard_store.codec.frame import framed
from hazard_store.items import BlockSites, ItemError, MapSpec, WriteRequest, item_digest
from hazard_store.items.maps import (
    MAX_RAW_BYTES,
    MAX_SITES,
    WRITER_BYTES,
    sites_per_block,
)
from hazard_store.items.size import item_bytes
from hazard_store.items.spec import MAX_ITEM_BYTES
from hazard_store.keys import CodeRule
from hazard_store.model import Kind
from hazard_store.store import Store

L = 5


def spec_of(rule: CodeRule | None = CodeRule(), **changes: Any) -> MapSpec:  # noqa: B008
    values: dict[str, Any] = {
        "storage_id": "A@2",
        "aggs": ("mean", "0.9"),
        "rows": (1, 3),
        "imts": ("PGA", "SA:50%"),
        "n_levels": L,
        "sites_per_block": 4,
        "rule": rule,
    }
    return MapSpec(**{**values, **changes})


def sites_of(n: int, *, ids: bool = False, vs30: bool = True) -> BlockSites:
    rng = np.random.default_rng(n)
    vs30s = rng.uniform(100, 1000, n)
    vs30s[::2] = np.nan
    return BlockSites(
        sids=rng.permutation(n).astype(np.uint32),
        lats=-rng.uniform(-0.001, 50, n),
        lons=np.where(np.arange(n) % 2, -180.0, 179.9999),
        vs30s=vs30s if vs30 else None,
        ids=tuple(f"a:{i}%" for i in range(n)) if ids else None,
    )


def curves_of(spec: MapSpec, n: int) -> np.ndarray:
    shape = (len(spec.aggs), len(spec.imts), n, spec.n_levels)
    bits = np.random.default_rng(n).integers(0, 2**32, shape, np.uint32)  # any float32 at all
    return bits.view(np.float32)


def written(spec: MapSpec, sites: BlockSites, start: int = 8) -> list[WriteRequest]:
    return list(spec.writes(start, sites, curves_of(spec, len(sites.sids))))


@pytest.mark.parametrize("vs30", [True, False])
@pytest.mark.parametrize("rule", [CodeRule(), CodeRule(5, with_vs30=True), None])
def test_sites_and_curves_come_back_bit_for_bit(rule: CodeRule | None, vs30: bool):
    spec, sites = spec_of(rule), sites_of(3, ids=rule is None, vs30=vs30)
    curves = curves_of(spec, 3)
    items = [write.item() for write in spec.writes(8, sites, curves)]
    assert sites.equals(spec.read_sites(items[0]))
    for (_, a, m), item in zip(spec.curve_keys, items[1:], strict=True):
        assert curves[a, m].tobytes() == spec.read_curves(item, 3).tobytes()
    expected = (
        sites.ids
        if rule is None
        else [
            rule.code(lat, lon, None if not vs30 or np.isnan(v) else v)
            for lat, lon, v in zip(
                sites.lats, sites.lons, sites.vs30s if vs30 else sites.lats, strict=True
            )
        ]
    )
    assert list(expected) == list(spec.read_sites(items[0]).locs(rule))


def test_the_keys_are_those_of_the_schema():
    """The IMT is percent-encoded; whose an item is, its hash key tells."""
    writes = written(spec_of(), sites_of(3))
    assert [
        "A@2:map:sites",
        "A@2:map:mean:PGA",
        "A@2:map:mean:SA%3A50%25",
        "A@2:map:0.9:PGA",
        "A@2:map:0.9:SA%3A50%25",
    ] == [write.hash_key for write in writes]
    assert {"00000008"} == {write.range_key for write in writes}
    assert all(write.is_map for write in writes)
    assert list(spec_of().hash_keys) == [write.hash_key for write in writes]


def test_nothing_random_is_in_an_item():
    spec, sites = spec_of(None), sites_of(4, ids=True)
    one, other = (written(spec, sites) for _ in range(2))
    assert [w.item() for w in one] == [w.item() for w in other]


def test_a_digest_is_that_of_the_item_before_and_after_it_was_stored(store: Store):
    table = store.table(Kind.STATS)
    for write in written(spec_of(None), sites_of(3, ids=True)):
        assert write.digest == item_digest(write.item())
        store.client.put_item(TableName=table, Item=write.item())
        key = spec_of().wire_key(write.hash_key, 8)
        found = store.client.get_item(TableName=table, Key=key)["Item"]
        assert write.digest == item_digest(found)
        assert write.item() == found


@pytest.mark.parametrize("length", [0, 1, 4, 5, 9, 100])
def test_blocks_divide_a_chunk_evenly(length: int):
    spec = spec_of()
    found = spec.blocks(7, 7 + length)
    assert -(-length // 4) == len(found)
    assert list(range(7, 7 + length)) == [i for start, stop in found for i in range(start, stop)]
    sizes = [stop - start for start, stop in found]
    assert not sizes or (max(sizes) <= 4 and max(sizes) - min(sizes) <= 1)
    assert len(found) * (2 * 2 + 1) == spec.n_items(7, 7 + length)


def test_without_statistics_there_is_nothing():
    spec = spec_of(aggs=(), rows=(), sites_per_block=0)
    assert ((), [], 0) == (spec.hash_keys, spec.blocks(0, 100), spec.n_items(0, 100))


@given(
    st.integers(1, 40),
    st.integers(1, 400),
    st.integers(1, 20_000),
    st.sampled_from([0, 1, 19, 256]),
)
def test_no_item_and_no_writer_grows_beyond_its_bound(n_aggs, n_imts, n_levels, code: int):
    """Of a single site there is nothing to divide: the row fits an item, or is refused."""
    n = sites_per_block(n_aggs, n_imts, n_levels, code)
    assert 1 <= n <= MAX_SITES
    if n > 1:
        assert 4 * n * n_levels <= MAX_RAW_BYTES
        assert n * (4 + 3 * 8 + code + 1) <= MAX_RAW_BYTES
        assert 4 * n * n_aggs * n_imts * n_levels <= WRITER_BYTES
    larger = n + 1  # and not smaller than it must be
    assert larger > MAX_SITES or (
        4 * larger * n_levels > MAX_RAW_BYTES
        or larger * (28 + code + 1) > MAX_RAW_BYTES
        or 4 * larger * n_aggs * n_imts * n_levels > WRITER_BYTES
    )


@pytest.mark.parametrize(("n_levels", "code"), [(44, 0), (1, 256), (3, 1)])
def test_the_largest_items_fit_dynamodb(n_levels: int, code: int):
    """With curves, coordinates and codes that nothing makes smaller."""
    n = sites_per_block(1, 1, n_levels, code)
    rng = np.random.default_rng(0)
    letters = rng.integers(97, 123, (n, code), np.uint8)
    sites = BlockSites(
        sids=rng.integers(0, 2**32, n, np.uint32),
        lats=rng.random(n),
        lons=rng.random(n),
        vs30s=rng.random(n),
        ids=tuple(bytes(row).decode() for row in letters) if code else None,
    )
    spec = spec_of(
        None if code else CodeRule(),
        aggs=("mean",),
        imts=("PGA",),
        rows=(0,),
        n_levels=n_levels,
        sites_per_block=n,
    )
    items = [write.item() for write in written(spec, sites)]
    assert all(item_bytes(item) < MAX_RAW_BYTES + 2048 < MAX_ITEM_BYTES for item in items)
    assert sites.equals(spec.read_sites(items[0]))


def changed(item: dict[str, Any], **attributes: Any) -> dict[str, Any]:
    found = {**item, **attributes}
    return {name: value for name, value in found.items() if value is not None}


@pytest.mark.parametrize(
    ("attributes", "says"),
    [
        ({"curves": None}, "curves"),
        ({"curves": {"S": "x"}}, "not a map item"),
        ({"curves": {"B": b""}}, "shorter than its header"),
        (
            {"curves": {"B": codec.encode_block(np.zeros((2, L), np.float32))}},
            "of 2 sites, not of 3",
        ),
        ({"curves": {"B": codec.encode_block(np.zeros((3, 4), np.float32))}}, "of 5 levels"),
        ({"curves": {"B": codec.encode(np.zeros((3, 1, L), np.float32))}}, "is not for this"),
        ({"note": {"S": "x"}}, "foreign attributes: note"),
        ({"lats": {"B": b""}}, "foreign attributes: lats"),
    ],
)
def test_curves_that_are_not_as_they_must_be(attributes: dict[str, Any], says: str):
    item = written(spec_of(), sites_of(3))[1].item()
    with pytest.raises(ItemError, match=says):
        spec_of().read_curves(changed(item, **attributes), 3)


@pytest.mark.parametrize(
    ("attributes", "says"),
    [
        ({"sids": None}, "sids"),
        ({"lats": None}, "lats"),
        ({"locs": None}, "locs"),
        ({"locs": {"B": b"a\nb"}}, "not one value a site"),
        ({"locs": {"B": b"\xff\nb\nc"}}, "not a map item"),
        ({"vs30s": {"B": codec.encode_column(np.zeros(2))}}, "not one value a site"),
        ({"lons": {"B": codec.encode_column(np.zeros(300, np.uint32))}}, "not of float64"),
        ({"curves": {"B": b""}}, "foreign attributes: curves"),
    ],
)
def test_sites_that_are_not_as_they_must_be(attributes: dict[str, Any], says: str):
    item = written(spec_of(None), sites_of(3, ids=True))[0].item()
    with pytest.raises(ItemError, match=says):
        spec_of(None).read_sites(changed(item, **attributes))


def test_codes_in_an_item_whose_codes_follow_from_coordinates():
    item = written(spec_of(None), sites_of(3, ids=True))[0].item()
    with pytest.raises(ItemError, match="its site codes stand in it"):
        spec_of().read_sites(item)


def test_what_a_newer_release_wrote_is_no_damage():
    item = written(spec_of(), sites_of(3))[1].item()
    newer = {"B": framed(codec.NEWEST + 1, 0, b"x")}
    with pytest.raises(codec.NewerCodec):
        spec_of().read_curves({**item, "curves": newer}, 3)
    with pytest.raises(codec.NewerCodec):
        spec_of().read_sites({**written(spec_of(), sites_of(3))[0].item(), "lats": newer})


def test_sites_are_the_same_only_bit_for_bit():
    one = sites_of(3)
    assert one.equals(sites_of(3))
    for other in (sites_of(3, vs30=False), sites_of(3, ids=True), sites_of(2)):
        assert not one.equals(other)
    moved = sites_of(3)
    moved.lats[1] = np.nextafter(moved.lats[1], 0)
    assert not one.equals(moved)
