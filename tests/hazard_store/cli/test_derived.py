"""The verbs `map` and `uhs`: each answer says its probability, time and unit."""

from __future__ import annotations

import csv
import io
import json

import pytest

from hazard_store.query import Target, hazard_map
from hazard_store.store import Store
from tests.support.loading import CALCS, items_of, key_of, stored

FILE = CALCS / "classical_rlzs_stats.hdf5"
LOC = "[-41.300~174.780]"
AT = ("--poe", 0.1, "--years", 50)


def test_a_map_says_the_same_in_every_format(store: Store, cli):
    stored(store, FILE)
    (block,) = hazard_map("A", "PGA", Target(poe=0.1, years=50), store=store)
    ended = cli("map", "A", "--imt", "PGA", *AT, "--format", "json")
    rows = json.loads(ended.out)
    assert (0, 6) == (ended.code, len(rows))
    assert block.imls.tolist() == [row["iml"] for row in rows]
    assert {(0.1, 50.0, "g", "mean", "PGA")} == {
        tuple(row[name] for name in ("poe", "years", "unit", "agg", "imt")) for row in rows
    }
    lines = list(csv.DictReader(io.StringIO(cli("map", "A", "--imt", "PGA", *AT).out)))
    assert [row["iml"] for row in rows] == [float(line["iml"]) for line in lines]
    assert list(rows[0]) == list(lines[0])
    features = json.loads(cli("map", "A", "--imt", "pga", *AT, "--format", "geojson").out)
    assert "FeatureCollection" == features["type"]
    for row, feature in zip(rows, features["features"], strict=True):
        assert [row["lon"], row["lat"]] == feature["geometry"]["coordinates"]
        assert row["iml"] == feature["properties"]["iml"]


def test_without_years_the_investigation_time_is_meant_and_said(store: Store, cli):
    stored(store, FILE)
    ended = cli("map", "A", "--imt", "PGA", "--poe", 0.01, "--format", "json")
    assert {50.0} == {row["years"] for row in json.loads(ended.out)}
    assert "0.01 in 50 years." in ended.err


def test_a_spectrum_in_every_format(store: Store, cli):
    stored(store, FILE)
    words = ("uhs", "A", "--loc", LOC, "--agg", "mean", "--return-period", 475)
    (spectrum,) = json.loads(cli(*words, "--format", "json").out)
    assert len(spectrum["imts"]) == len(spectrum["periods"]) == len(spectrum["imls"])
    assert (LOC, "mean", "g", 50.0) == tuple(spectrum[n] for n in ("loc", "agg", "unit", "years"))
    lines = list(csv.DictReader(io.StringIO(cli(*words, "--format", "csv").out)))
    assert spectrum["imls"] == [float(line["iml"]) for line in lines]
    assert spectrum["imts"][0] in cli(*words).out


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("map", "A", "--imt", "PGA"), 2, "give one of"),
        (("map", "A", "--imt", "PGA", "--poe", 0.1, "--rate", 1), 2, "give one of"),
        (("map", "A", "--imt", "PGA", "--rate", 1, "--years", 50), 2, "years"),
        (("map", "A", "--imt", "PGA", "--poe", 1), 2, "--poe"),
        (("map", "A", "--imt", "PGX", "--poe", 0.1), 66, "no IMT PGX"),
        (("map", "A", "--imt", "PGA", "--agg", "0.7", "--poe", 0.1), 66, "no statistic 0.7"),
        (("map", "B", "--imt", "PGA", "--poe", 0.1), 66, "no such calculation"),
        (("uhs", "A", "--poe", 0.1), 2, "name --loc"),
        (("uhs", "A", "--loc", "[0.000~0.000]", "--poe", 0.1), 66, "no site"),
    ],
    ids=str,
)
def test_bad_questions_print_nothing_on_stdout(store: Store, cli, words, code: int, said: str):
    stored(store, FILE)
    ended = cli(*words)
    assert (code, "") == (ended.code, ended.out)
    assert said in ended.err


def test_a_damaged_site_leaves_the_others_a_whole_document(store: Store, cli):
    stored(store, FILE)
    table = store.settings.stats_table
    victim = next(i for i in items_of(store, table) if i["loc_agg_rk"]["S"] == f"{LOC}:mean")
    store.client.delete_item(TableName=table, Key=key_of(victim))
    for output_format in ("json", "geojson"):
        ended = cli("map", "A", "--imt", "PGA", *AT, "--format", output_format)
        assert 74 == ended.code
        content = json.loads(ended.out)
        assert 5 == len(content if output_format == "json" else content["features"])
