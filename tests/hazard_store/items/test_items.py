"""Curves <-> items: round trips, sizes, and what must not be taken for ours."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from hazard_store.items import (
    ItemError,
    ItemSpec,
    Place,
    item_bytes,
    item_digest,
    item_maker,
    largest_group,
    make_items,
    read_item,
    write_units,
)
from hazard_store.items.spec import rlz_rows
from hazard_store.keys import KeyMaker
from hazard_store.model import KeyScheme, Kind, Layout
from tests.support.items import (
    LAYOUTS,
    PLACE,
    curves_of,
    params_of,
    respelled,
    variations,
    ways,
)

LIMIT = 400 * 1024


@ways
def test_what_is_made_is_read_back(scheme: KeyScheme, layout: Layout, kind: Kind):
    spec = params_of(layout, kind, scheme)
    curves = curves_of(spec)
    items = make_items(spec, PLACE, curves)
    read = [read_item(spec, item) for item in items]
    assert len(spec.groups) == len(items)
    assert [PLACE] * len(items) == [rows.place for rows in read]
    assert [group.start for group in spec.groups] == [rows.first for rows in read]
    assert curves.tobytes() == np.concatenate([rows.curves for rows in read]).tobytes()
    assert spec.range_keys(PLACE) == [item[spec.range_name]["S"] for item in items]


@given(
    arrays(
        np.uint32,
        (2, 1, 3),
        elements=st.integers(0, 0x7F7FFFFF),  # every finite float32 from 0 up, subnormals too
    )
)
def test_readable_numbers_are_lossless(bits: np.ndarray):
    spec = params_of(Layout.READABLE, n_rows=2, n_imts=1, n_levels=3)
    curves = bits.view(np.float32)
    items = make_items(spec, PLACE, curves)
    read = np.concatenate([read_item(spec, item).curves for item in items])
    assert curves.tobytes() == read.tobytes()


@given(arrays(np.uint32, (4, 2, 3), elements=st.integers(0, 2**32 - 1)))
def test_packed_curves_are_lossless_whatever_their_bits(bits: np.ndarray):
    spec = params_of(n_rows=4, n_levels=3)
    curves = bits.view(np.float32)
    read = [read_item(spec, item).curves for item in make_items(spec, PLACE, curves)]
    assert curves.tobytes() == np.concatenate(read).tobytes()


def test_the_readable_layout_refuses_what_it_cannot_hold():
    """DynamoDB respells -0.0 as 0; other negative numbers (of a std, say) it keeps."""
    spec = params_of(Layout.READABLE)
    curves = curves_of(spec)
    curves[0, 0, 0] = -0.5
    read = [read_item(spec, item).curves for item in make_items(spec, PLACE, curves)]
    assert curves.tobytes() == np.concatenate(read).tobytes()
    curves[0, 0, 0] = -0.0
    with pytest.raises(ValueError, match="readable"):
        make_items(spec, PLACE, curves)


@ways
def test_an_item_says_the_same_every_time(scheme: KeyScheme, layout: Layout, kind: Kind):
    """Nothing random and no clock: a retry changes nothing."""
    spec = params_of(layout, kind, scheme)
    first, second = (list(item_maker(spec).writes(PLACE, curves_of(spec))) for _ in range(2))
    assert first == second


@ways
def test_the_readable_layout_is_the_predecessors(scheme: KeyScheme, layout: Layout, kind: Kind):
    spec = params_of(Layout.READABLE, kind, scheme, n_rows=1, n_imts=1, n_levels=2)
    (item,) = make_items(spec, PLACE, np.array([[[0.5, 0.25]]], np.float32))
    ((entry),) = item["values"]["L"]
    assert {"imt", "lvls", "vals"} == set(entry["M"])
    assert {"S": "SA(0.0)"} == entry["M"]["imt"]
    assert [0.5, 0.25] == [float(n["N"]) for n in entry["M"]["vals"]["L"]]
    assert spec.levels[0].tolist() == [float(n["N"]) for n in entry["M"]["lvls"]["L"]]


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize(
    "change",
    [
        lambda item: item.pop("lat"),
        lambda item: item.pop("lon"),
        lambda item: item.pop("haz_sol_id"),
        lambda item: item.pop("loc_rlz_rk"),
        lambda item: item.pop("curves", None) or item.pop("values"),
        lambda item: item.update(extra={"S": "x"}),
        lambda item: item.update(lat={"S": "-41.3"}),
        lambda item: item.update(lat={"N": "x"}),
        lambda item: item.update(vs30={"NULL": True}),
        lambda item: item.update(loc_rlz_rk={"S": "[-41.300~174.780]:00001"}),
        lambda item: item.update(loc_rlz_rk={"S": "[-41.300~174.780]:99999"}),
        lambda item: item.update(loc_rlz_rk={"S": "nonsense"}),
        lambda item: item.update(
            {"curves": {"B": b""}} if "curves" in item else {"values": {"L": []}}
        ),
        lambda item: item.update(
            {"curves": {"S": "x"}} if "curves" in item else {"values": {"S": "x"}}
        ),
        lambda item: item.update(
            {"curves": {"N": "1"}} if "curves" in item else {"rlz": {"S": "00001"}}
        ),
    ],
)
def test_what_is_not_ours_is_refused(layout: Layout, change: Any):
    """With one error, of ours, whatever is wrong."""
    spec = params_of(layout)
    item = make_items(spec, PLACE, curves_of(spec))[0]
    change(item)
    with pytest.raises(ItemError):
        read_item(spec, item)


@pytest.mark.parametrize(
    "change",
    [
        lambda entry: entry["imt"].update(S="PGV"),
        lambda entry: entry["lvls"]["L"].pop(),
        lambda entry: entry["vals"]["L"].pop(),
        lambda entry: entry["lvls"]["L"][0].update(N="0.123"),
        lambda entry: entry["vals"]["L"][0].update(N="much"),
        lambda entry: entry.pop("vals"),
    ],
)
def test_broken_number_lists_are_refused(change: Any):
    spec = params_of(Layout.READABLE)
    item = make_items(spec, PLACE, curves_of(spec))[0]
    change(item["values"]["L"][0]["M"])
    with pytest.raises(ItemError):
        read_item(spec, item)


@ways
def test_the_digest_is_the_same_before_and_after_the_table(
    scheme: KeyScheme, layout: Layout, kind: Kind
):
    spec = params_of(layout, kind, scheme)
    for write in item_maker(spec).writes(PLACE, curves_of(spec)):
        item = write.item()
        assert write.digest == item_digest(item)
        assert write.digest == item_digest(dict(reversed(item.items())))
        assert write.digest == item_digest(respelled(item))


@pytest.mark.parametrize(
    ("one", "other"),
    [("0.10", "0.1"), ("1e-05", "0.00001"), ("100.0", "1E+2"), ("-0.0", "0"), ("5E-1", "0.5")],
)
def test_numbers_are_digested_by_value(one: str, other: str):
    """DynamoDB spells numbers in its own way."""
    for spelled in ({"N": one}, {"L": [{"N": one}]}, {"M": {"a": {"L": [{"N": one}, {"N": "1"}]}}}):
        again = json.loads(json.dumps(spelled).replace(f'"{one}"', f'"{other}"'))
        assert item_digest({"x": spelled}) == item_digest({"x": again})


@ways
def test_the_digest_changes_with_every_change(scheme: KeyScheme, layout: Layout, kind: Kind):
    spec = params_of(layout, kind, scheme)
    item = make_items(spec, PLACE, curves_of(spec))[0]
    digests = {item_digest(item)}
    changed = list(variations(item))
    assert len(changed) > len(item)
    for other in changed:
        digests.add(item_digest(other))
    assert 1 + len(changed) == len(digests)


def test_the_digest_knows_what_belongs_to_what():
    """Values that moved from one attribute to another are no longer the same item."""
    pairs = [
        ({"a": {"S": "xy"}, "b": {"S": "z"}}, {"a": {"S": "x"}, "b": {"S": "yz"}}),
        ({"a": {"S": "1"}}, {"a": {"N": "1"}}),
        ({"a": {"S": "1"}}, {"a": {"B": b"1"}}),
        ({"a": {"L": [{"N": "1"}]}}, {"a": {"L": [{"L": [{"N": "1"}]}]}}),
        ({"a": {"L": []}}, {"a": {"M": {}}}),
        ({"a": {"L": [{"S": "x"}, {"S": "y"}]}}, {"a": {"L": [{"S": "y"}, {"S": "x"}]}}),
    ]
    for one, other in pairs:
        assert item_digest(one) != item_digest(other)


def counted_bytes(value: Any) -> float:
    """DynamoDB's documented sizes, counted in another way."""
    ((kind, content),) = value.items()
    if kind == "S":
        return len(content.encode())
    if kind == "B":
        return len(content)
    if kind == "N":  # pairs of decimal digits, from the point in both directions
        whole, _, rest = format(abs(Decimal(content)), "f").partition(".")
        digits = whole.rjust(len(whole) + len(whole) % 2, "0")
        digits += rest.ljust(len(rest) + len(rest) % 2, "0")
        pairs = [digits[i : i + 2] for i in range(0, len(digits), 2)]
        used = [i for i, pair in enumerate(pairs) if pair != "00"]
        return 1 + (used[-1] - used[0] + 1 if used else 0) + content.startswith("-")
    if kind == "L":
        return 3 + sum(1 + counted_bytes(entry) for entry in content)
    return 3 + sum(1 + len(name) + counted_bytes(entry) for name, entry in content.items())


@ways
def test_sizes_are_right_within_two_percent(scheme: KeyScheme, layout: Layout, kind: Kind):
    spec = params_of(layout, kind, scheme, n_imts=10, n_levels=20)
    for item in make_items(spec, PLACE, curves_of(spec)):
        expected = sum(len(name) + counted_bytes(value) for name, value in item.items())
        assert item_bytes(item) == pytest.approx(expected, rel=0.02)
        assert write_units(item) == -(-item_bytes(item) // 1024)


@pytest.mark.parametrize(
    ("n_imts", "n_levels"), [(377, 44), (27, 44), (1, 1), (1, 20_000), (400, 40), (16, 16)]
)
@ways
def test_no_item_can_pass_400_kb(
    scheme: KeyScheme, layout: Layout, kind: Kind, n_imts: int, n_levels: int
):
    """Whatever the values: with the longest keys, and curves that cannot be compressed."""
    group = min(largest_group(layout, n_imts, n_levels), 500)
    assert group > 0 or (layout is Layout.READABLE and n_levels == 20_000)
    if not group:
        return
    levels = np.random.default_rng(0).random((n_imts, n_levels)) * 1.2345678901234567e-5
    rows = rlz_rows(group)
    if kind is Kind.STATS:
        rows = tuple(f"0.12345{row}" for row in rows)
    keys = KeyMaker(scheme, "A" * 128 + "@12")
    imts = tuple(f"SA({i}.1234567)" for i in range(n_imts))
    spec = ItemSpec(kind, layout, keys, rows, (group,), imts, levels)
    place = Place(-41.123456789012345, 174.12345678901234, 412.3456789012345, "%" * 256, "h" * 150)
    shape = (len(rows), n_imts, n_levels)
    highest = 2**32 if layout is Layout.PACKED else 0x3F800000
    bits = np.random.default_rng(1).integers(1, highest, shape, np.uint32)
    items = make_items(spec, place, bits.view(np.float32))
    assert 1 == len(items) or layout is Layout.READABLE
    assert max(item_bytes(item) for item in items) <= LIMIT
    for item in items:
        assert len(item[spec.range_name]["S"]) <= 1024


def test_a_row_that_cannot_fit_is_known_before():
    assert 0 == largest_group(Layout.PACKED, 1000, 200)
    assert 0 == largest_group(Layout.READABLE, 1000, 44)
    assert 6 == largest_group(Layout.PACKED, 377, 44)
    assert 12 < largest_group(Layout.PACKED, 27, 44)


def test_coordinates_near_zero_come_back():
    """DynamoDB keeps no -0.0 and nothing below 1e-130."""
    spec = params_of()
    for value in (0.0, -0.0, 1e-9, -1e-9, 1e-200):
        place = Place(value, -value, None, "x", "A")
        read = read_item(spec, make_items(spec, place, curves_of(spec))[0])
        assert read.place.lat == pytest.approx(value, abs=1e-99)
        assert read.place.vs30 is None
