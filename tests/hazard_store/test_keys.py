"""Site codes, bins and range keys."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hazard_store.errors import BadParameter
from hazard_store.keys import (
    CALC_LOCATION_BIN,
    LOCATION_BIN,
    MAX_REALISATIONS,
    KeyMaker,
    bin_code,
    decode_loc,
    encode_loc,
    in_key_order,
    rlz_code,
    site_code,
    storage_id,
)
from hazard_store.model import KeyScheme

lats = st.floats(-90, 90)
lons = st.floats(-180, 180)
ids = st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=20)
sides = st.sampled_from([LOCATION_BIN, CALC_LOCATION_BIN])


@given(ids)
def test_an_encoded_id_comes_back(loc: str):
    assert loc == decode_loc(encode_loc(loc))


@given(ids)
def test_an_encoded_id_does_not_divide_a_key(loc: str):
    assert ":" not in encode_loc(loc)


def test_only_colon_and_percent_are_encoded():
    assert "a%3Ab%25 c/~#" == encode_loc("a:b% c/~#")


@given(ids, ids)
def test_different_ids_have_different_keys(one: str, other: str):
    assert (one == other) == (encode_loc(one) == encode_loc(other))


@given(ids, ids)
def test_no_site_prefix_begins_another(one: str, other: str):
    """A query by prefix finds one site and no other."""
    keys = KeyMaker(KeyScheme.CALC, "A")
    if one != other:
        assert not keys.range_key(other, "mean").startswith(keys.site_prefix(one))


@pytest.mark.parametrize(
    ("code", "lat", "lon"),
    [
        ("[-41.500~175.250]", -41.5, 175.25),
        ("[0.000~0.000]", -0.0, 0.0),
        ("[0.000~0.000]", -0.0004, 0.0004),
        ("[-0.001~0.000]", -0.0006, -0.0001),
        ("[-16.500~180.000]", -16.5, 179.9999),
        ("[-16.500~180.000]", -16.5, -179.9999),
        ("[-90.000~180.000]", -90, -180),
    ],
)
def test_site_code(code: str, lat: float, lon: float):
    assert code == site_code(lat, lon)


@given(lats, lons)
def test_no_code_has_a_negative_zero(lat: float, lon: float):
    assert "-0.000" not in site_code(lat, lon).strip("[]").split("~")


@pytest.mark.parametrize(
    ("code", "side", "lat", "lon"),
    [
        ("-41.5~175.2", CALC_LOCATION_BIN, -41.5, 175.25),
        ("-41.5~175.4", CALC_LOCATION_BIN, -41.5, 175.35),  # 175.35 is a little less in binary
        ("-42.5~173.0", LOCATION_BIN, -42.55, 172.75),
        ("-41.5~175.0", LOCATION_BIN, -41.5, 175.25),
        ("-41.0~176.0", LOCATION_BIN, -41.25, 175.75),
        ("-16.5~180.0", LOCATION_BIN, -16.5, -180.0),
        ("-16.5~180.0", CALC_LOCATION_BIN, -16.5, -179.9999),
        ("-16.5~180.0", CALC_LOCATION_BIN, -16.5, -179.96),
        ("-16.5~-179.9", CALC_LOCATION_BIN, -16.5, -179.94),
        ("0.0~0.0", CALC_LOCATION_BIN, -0.05, -0.01),
        ("0.0~0.0", LOCATION_BIN, -0.25, 0.25),
        ("-0.1~0.1", CALC_LOCATION_BIN, -0.051, 0.051),
        ("0.2~-0.2", CALC_LOCATION_BIN, 0.15, -0.15),
    ],
)
def test_bin_code(code: str, side: int, lat: float, lon: float):
    """Half to even, in exact thousandths."""
    assert code == bin_code(lat, lon, side)


@given(st.integers(-90_000, 90_000), st.integers(-180_000, 180_000), sides)
def test_a_bin_is_the_nearest_one(lat: int, lon: int, side: int):
    """Checked in whole thousandths, without any floating point."""
    texts = bin_code(lat / 1000, lon / 1000, side).split("~")
    found = [int(text.replace(".", "")) * 100 for text in texts]
    for thousandths, of_bin in zip((lat, lon), found, strict=True):
        assert of_bin % side == 0
        distance = abs(thousandths - of_bin)
        distance = min(distance, 360_000 - distance)
        assert distance <= side // 2
        if distance == side // 2:
            assert (of_bin // side) % 2 == 0


@given(lats, lons, sides)
def test_a_bin_follows_from_the_site_code(lat: float, lon: float, side: int):
    """A reader who knows only the code finds the hash key."""
    coded_lat, coded_lon = (float(text) for text in site_code(lat, lon).strip("[]").split("~"))
    assert bin_code(coded_lat, coded_lon, side) == bin_code(lat, lon, side)


@given(lats, lons, sides)
def test_no_bin_is_a_negative_zero_or_minus_180(lat: float, lon: float, side: int):
    parts = bin_code(lat, lon, side).split("~")
    assert "-0.0" not in parts
    assert parts[1] != "-180.0"


def test_realisations_sort_as_numbers():
    """Realisation 9 comes before realisation 10 in a range query."""
    keys = KeyMaker(KeyScheme.CALC_LOCATION, "A")
    assert keys.range_key("x", rlz_code(9)) < keys.range_key("x", rlz_code(10))


@given(st.integers(0, MAX_REALISATIONS - 1), st.integers(0, MAX_REALISATIONS - 1))
def test_realisation_codes_sort_as_numbers(one: int, other: int):
    assert (one < other) == (rlz_code(one) < rlz_code(other))


@pytest.mark.parametrize("ordinal", [-1, MAX_REALISATIONS, 100_000])
def test_ordinals_beyond_five_digits_are_refused(ordinal: int):
    with pytest.raises(ValueError, match="realisation"):
        rlz_code(ordinal)


@pytest.mark.parametrize(
    ("scheme", "hash_key", "range_key"),
    [
        (KeyScheme.CALC, "CALC13", "[-41.500~175.250]:00000"),
        (KeyScheme.LOCATION, "-41.5~175.0", "[-41.500~175.250]:00000:CALC13"),
        (KeyScheme.CALC_LOCATION, "CALC13:-41.5~175.2", "[-41.500~175.250]:00000"),
    ],
)
def test_keys_of_each_scheme(scheme: KeyScheme, hash_key: str, range_key: str):
    keys = KeyMaker(scheme, "CALC13")
    assert hash_key == keys.hash_key(-41.5, 175.25)
    assert range_key == keys.range_key("[-41.500~175.250]", "00000")


@given(ids)
def test_a_calculation_knows_its_items_from_those_of_others(loc: str):
    """Where calculations share hash keys, not even an id that looks like a suffix misleads."""
    keys = KeyMaker(KeyScheme.LOCATION, "A")
    assert keys.owns(keys.range_key(loc, "mean"))
    for other in ("B", "A@2", "AA", "A.", "a"):
        assert not keys.owns(KeyMaker(KeyScheme.LOCATION, other).range_key(f"{loc}:A", "mean"))


@pytest.mark.parametrize(
    "calc_id",
    ["CALC13", "CALC13.DSLOC", "T3BlbnF1YWtlSGF6YXJkVGFzazo2OTMxODkz=", "0", "a" * 128],
)
def test_calculation_ids(calc_id: str):
    assert calc_id == storage_id(calc_id)
    assert f"{calc_id}@2" == storage_id(calc_id, 2)


@pytest.mark.parametrize(
    "calc_id", ["", "a" * 129, "#calculations", "a@2", "a:b", ".a", "ä", "a\n"]
)
def test_what_is_no_calculation_id(calc_id: str):
    with pytest.raises(BadParameter):
        storage_id(calc_id)


@given(st.lists(st.tuples(st.sampled_from(["A:0.0~0.1", "A:0.0~0.2", "A"]), ids), max_size=30))
def test_key_order_is_the_byte_order_of_the_items(sites: list[tuple[str, str]]):
    hash_keys, locs = [site[0] for site in sites], [site[1] for site in sites]
    keys = KeyMaker(KeyScheme.CALC, "A")
    ordered = [
        (hash_keys[i].encode(), keys.range_key(locs[i], "mean").encode())
        for i in in_key_order(hash_keys, locs)
    ]
    assert sorted(ordered) == ordered
    assert len(sites) == len(ordered)
