"""Sites by where they are, on the command line: every verb takes the same options."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from hazard_store.store import Store
from tests.support.loading import CALCS, stored

FILE = CALCS / "classical_rlzs_stats.hdf5"
LOC = "[-41.300~174.780]"
VERBS = {
    "curves": ("--imt", "PGA", "--agg", "mean", "--format", "json"),
    "sites": ("--json",),
    "map": ("--imt", "PGA", "--poe", 0.1, "--format", "json"),
    "uhs": ("--agg", "mean", "--poe", 0.1, "--format", "json"),
}


@pytest.fixture
def places(tmp_path: Path) -> Path:
    path = tmp_path / "places.csv"
    path.write_text("name,Lat, lon\nWellington,-41.29,174.79\nthere too,-41.31,174.77\n")
    return path


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_takes_the_same_selection(store: Store, cli, verb: str, places: Path):
    stored(store, FILE)
    for chosen in (
        ("--loc", LOC),
        ("--nearest", "-41.29,174.79"),
        ("--nearest", "-41.29,174.79", "--loc", LOC),
        ("--within", "3,-41.29,174.79"),
        ("--box", "-41.4,174.7,-41.2,174.8"),
        ("--places", places),
    ):
        ended = cli(verb, "A", *chosen, *VERBS[verb])
        assert 0 == ended.code, ended.err
        assert {LOC} == {each["loc"] for each in json.loads(ended.out)}, chosen


def test_the_nearest_site_is_told_with_its_distance(store: Store, cli):
    stored(store, FILE)
    ended = cli("curves", "A", "--nearest", "-41.29,174.79", *VERBS["curves"])
    assert f"Nearest to -41.29,174.79: {LOC}, 1.4 km away." in ended.err
    (site,) = json.loads(cli("sites", "A", "--nearest", "-41.29,174.79", "--json").out)
    assert 1.39 == pytest.approx(site["km"], abs=0.01)


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--nearest", "174.8,-41.3"), 2, "latitude: 174.8"),
        (("--nearest", "there"), 2, "is not LAT,LON"),
        (("--nearest", "1,2,3"), 2, "is not LAT,LON"),
        (("--nearest", "nan,0"), 2, "is not LAT,LON"),
        (("--box", "0,0,1"), 2, "is not SOUTH,WEST,NORTH,EAST"),
        (("--box", "1,0,0,1"), 2, "is above its north"),
        (("--box", "0,0,1,1"), 66, "as the nearest"),
        (("--within", "1,0,0"), 66, "as the nearest"),
        (("--within", "0,0,0"), 2, "not above 0"),
        (("--places", "/dev/null/none.csv"), 2, "--places"),
    ],
    ids=str,
)
@pytest.mark.parametrize("verb", VERBS)
def test_bad_places_are_told_in_one_sentence(store: Store, cli, verb: str, words, code, said):
    stored(store, FILE)
    ended = cli(verb, "A", *words, *VERBS[verb])
    assert (code, "") == (ended.code, ended.out)
    assert said in ended.err


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a,b\n1,2\n", "no columns lat and lon"),
        ("lat,lon\n", "0 places"),
        ("lat,lon\n1,x\n", "line 2"),
        ("lat,lon\n1\n", "line 2"),
        ("", "no columns lat and lon"),
        ("lat,lon\n99,0\n", "latitude: 99"),
    ],
)
def test_a_bad_file_of_places_is_refused(store: Store, cli, tmp_path: Path, text: str, said: str):
    path = tmp_path / "places.csv"
    path.write_text(text)
    stored(store, FILE)
    ended = cli("sites", "A", "--places", path)
    assert (2, "") == (ended.code, ended.out)
    assert said in ended.err


def test_answers_say_time_and_unit(store: Store, cli):
    stored(store, FILE)
    chosen = ("--loc", LOC, "--imt", "PGA", "--agg", "mean")
    (curve,) = json.loads(cli("curves", "A", *chosen, "--format", "json").out)
    assert (50.0, "g") == (curve["years"], curve["unit"])
    lines = list(csv.DictReader(io.StringIO(cli("curves", "A", *chosen, "--format", "csv").out)))
    assert {("50.0", "g")} == {(line["years"], line["unit"]) for line in lines}
    assert ["years", "unit"] == list(lines[0])[-2:]
