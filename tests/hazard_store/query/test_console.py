"""The predecessor's three console queries, as they were written, by boto3 alone."""

from __future__ import annotations

import boto3
import pytest
from boto3.dynamodb.conditions import Key

from hazard_store.keys import LOCATION_BIN, bin_code
from hazard_store.model import REALISATIONS_PER_ITEM, KeyScheme, Kind, Layout
from hazard_store.store import Store
from tests.support.calc_factory import make_calc
from tests.support.loading import stored

# Sites in three bins around those of the queries, some exactly at the queried codes.
LATS = [-42.55, -42.551, -42.4, -42.3, -41.5, -41.5, -41.5, -41.4, -41.6, -41.7, -42.55, -41.2]
LONS = [172.75, 172.8, 172.9, 173.2, 175.25, 174.8, 175.2, 175.1, 175.0, 174.9, 173.24, 175.3]
R = 14
N_ROWS = {1: 14, 5: 3, None: 2}

QUERIES = [
    (KeyScheme.CALC, "CALC13", "[-41.500~175.250]:00000"),
    (KeyScheme.LOCATION, "-42.5~173.0", "[-42.550~172.750]:00000"),
    (KeyScheme.LOCATION, "-41.5~175.0", "[-41.500~175.250]:00000"),
]


@pytest.mark.parametrize(
    ("layout", "group"),
    [(Layout.PACKED, 1), (Layout.PACKED, 5), (Layout.PACKED, None), (Layout.READABLE, None)],
)
@pytest.mark.parametrize(("scheme", "hash_key", "range_key"), QUERIES)
def test_a_console_query(
    store: Store, tmp_path, scheme: KeyScheme, hash_key: str, range_key: str, layout, group
):
    """It returns the keys that comparing strings over all (code, first realisation) gives."""
    path = tmp_path / "calc.hdf5"
    make_calc(path, n=len(LATS), r=R, lat=LATS, lon=LONS)
    options = {"key_scheme": scheme, "layout": layout, "realisations_per_item": group}
    stored(store, path, "CALC13", **options)
    stored(store, path, "CALC14", **options)

    step = 1 if layout is Layout.READABLE else group or REALISATIONS_PER_ITEM
    expected = set()
    for lat, lon in zip(LATS, LONS, strict=True):
        for first in range(0, R, step):
            for calc_id in ("CALC13", "CALC14"):
                key = f"[{lat:.3f}~{lon:.3f}]:{first:05d}"
                hash_of = calc_id
                if scheme is KeyScheme.LOCATION:
                    key += f":{calc_id}"
                    hash_of = bin_code(lat, lon, LOCATION_BIN)
                if hash_of == hash_key and key >= range_key:
                    expected.add(key)

    table = boto3.resource("dynamodb").Table(store.table(Kind.REALISATIONS))
    found = table.query(
        KeyConditionExpression=Key("haz_sol_id").eq(hash_key) & Key("loc_rlz_rk").gte(range_key)
    )["Items"]
    assert len(expected) > 2
    assert sorted(expected) == [item["loc_rlz_rk"] for item in found]


AGGS = ("0.1", "mean", "0.9")  # the mean first, between or last makes other groups
FIRSTS = {1: AGGS, 2: ("0.1", "0.9"), "mean": AGGS, 3: ("0.1",)}


@pytest.mark.parametrize(
    ("layout", "group"),
    [*((Layout.PACKED, group) for group in FIRSTS), (Layout.READABLE, None)],
)
@pytest.mark.parametrize(("scheme", "hash_key", "range_key"), QUERIES)
def test_a_console_query_of_statistics(
    store: Store, tmp_path, scheme: KeyScheme, hash_key: str, range_key: str, layout, group
):
    """It returns the first statistic of each group, and no map item: these have other hash keys."""
    path = tmp_path / "calc.hdf5"
    make_calc(path, n=len(LATS), r=1, lat=LATS, lon=LONS, aggs=AGGS)
    options = {"key_scheme": scheme, "layout": layout, "realisations": False}
    if layout is Layout.PACKED:
        options |= {"statistics_per_item": group, "map_statistics": "all"}
    for calc_id in ("CALC13", "CALC14"):
        stored(store, path, calc_id, **options)

    loc = range_key.partition(":")[0]
    suffixes = [":CALC13", ":CALC14"] if scheme is KeyScheme.LOCATION else [""]
    for row in AGGS:
        asked = f"{loc}:{row}"
        expected = sorted(
            f"{code}:{first}{suffix}"
            for code, is_there in codes_under(hash_key, scheme)
            for first in FIRSTS.get(group, AGGS)
            for suffix in suffixes
            if is_there and f"{code}:{first}{suffix}" >= asked
        )
        table = boto3.resource("dynamodb").Table(store.table(Kind.STATS))
        found = table.query(
            KeyConditionExpression=Key("haz_sol_id").eq(hash_key) & Key("loc_agg_rk").gte(asked)
        )["Items"]
        assert len(expected) > 1
        assert expected == [item["loc_agg_rk"] for item in found]


def codes_under(hash_key: str, scheme: KeyScheme) -> list[tuple[str, bool]]:
    """Return the code of each site, and whether it stands under a hash key."""
    return [
        (
            f"[{lat:.3f}~{lon:.3f}]",
            scheme is KeyScheme.CALC or bin_code(lat, lon, LOCATION_BIN) == hash_key,
        )
        for lat, lon in zip(LATS, LONS, strict=True)
    ]
