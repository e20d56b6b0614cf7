"""Reading on the command line: what is whole is served, what is damaged is named."""

from __future__ import annotations

import csv
import io
import json

import pytest

from hazard_store.store import Store
from tests.support.calc_factory import make_calc
from tests.support.loading import CALCS, items_of, key_of, stored

FILE = CALCS / "classical_rlzs_stats.hdf5"
SITE, OTHER = "[-41.300~174.780]", "[-41.510~173.950]"


def item_at(store: Store, row: str) -> dict:
    items = items_of(store, store.settings.stats_table)
    return next(item for item in items if item["loc_agg_rk"]["S"] == f"{SITE}:{row}")


@pytest.fixture(params=["missing", "altered"])
def damage(request: pytest.FixtureRequest, store: Store) -> str:
    """A published calculation of which the mean of one site is missing or altered."""
    stored(store, FILE)
    table, item = store.settings.stats_table, item_at(store, "mean")
    if request.param == "missing":
        store.client.delete_item(TableName=table, Key=key_of(item))
    else:
        item["curves"]["B"] = item["curves"]["B"][:-1] + b"\0"
        store.client.put_item(TableName=table, Item=item)
    return request.param


def test_lost_data_is_not_the_users_mistake(store: Store, cli, damage: str):
    ended = cli("curves", "A", "--loc", SITE, "--agg", "mean", "--format", "json")
    assert (74, []) == (ended.code, json.loads(ended.out))
    assert f"statistic mean of site {SITE} is {damage}" in ended.sentence
    assert "`hazard-store audit A` names all, `hazard-store repair A` writes them" in ended.sentence


@pytest.mark.parametrize("output_format", ["json", "csv"])
def test_whole_sites_are_served_before_damage_is_named(
    store: Store, cli, damage: str, output_format: str
):
    """The document on stdout is valid, and holds realisations of the damaged site too."""
    ended = cli("curves", "A", "--imt", "PGA", "--format", output_format)
    assert 74 == ended.code
    if output_format == "json":
        rows = [(curve["loc"], curve.get("agg")) for curve in json.loads(ended.out)]
    else:
        rows = [(r["loc"], r["agg_or_rlz"]) for r in csv.DictReader(io.StringIO(ended.out))]
    assert 6 == len({loc for loc, _ in rows})
    assert (OTHER, "mean") in rows
    assert (SITE, "mean") not in rows
    assert "sites are not whole" not in ended.sentence


def test_a_site_that_is_not_there_stays_the_users_mistake(store: Store, cli, damage: str):
    ended = cli("curves", "A", "--loc", "[-1.000~1.000]")
    assert 66 == ended.code
    assert "it has no site [-1.000~1.000]; it has 6 sites" in ended.sentence


def test_lists_are_not_cut_within_parentheses_or_quotes(store: Store, cli, tmp_path):
    imts = ("PGA", "SDi(0.2,2.0)")
    made = make_calc(tmp_path / "c.hdf5", n=2, imts=imts, custom_ids=["A,1", "B"])
    stored(store, made.path)
    ended = cli("get_hazard", "A", "--imts", "SDi(0.2,2.0),PGA", "--locs", '"A,1"')
    assert 0 == ended.code, ended.err
    rows = list(csv.DictReader(io.StringIO(ended.out)))
    assert {("A,1", imt) for imt in imts} == {(row["loc"], row["imt"]) for row in rows}


def test_ids_that_clash_can_be_replaced_where_the_sites_differ(store: Store, cli, tmp_path):
    """As the engine cuts ids to eight characters: two vs30 at one place."""
    place = {"lat": [-41.3, -41.3], "lon": [174.78, 174.78], "custom_ids": ["AAAAA:D", "AAAAA:D"]}
    path = make_calc(tmp_path / "c.hdf5", n=2, vs30=[400, 250], **place).path
    refused = cli("load", path, "A")
    assert 65 == refused.code
    assert "sites 0 and 1 have the same custom id AAAAA:D" in refused.sentence
    assert "--force-normalised-sites" in refused.sentence
    assert 0 == cli("load", path, "A", "--force-normalised-sites").code
    plan = json.loads(cli("plan", path, "A", "--force-normalised-sites", "--json").out)
    assert any("Site codes have 3 decimals and the vs30" in note for note in plan["notes"])
    alike = make_calc(tmp_path / "d.hdf5", n=2, vs30=400, **place).path
    refused = cli("load", alike, "B")
    assert 65 == refused.code
    assert "--force-normalised-sites" not in refused.sentence


@pytest.mark.parametrize("verb", ["show", "curves", "get_hazard"])
def test_an_unknown_id_suggests_a_similar_one(store: Store, cli, verb: str):
    stored(store, FILE, "CALC13.DSLOC")
    ended = cli(verb, "CALC13.DSLCO")
    assert 66 == ended.code
    assert "no such calculation is stored; did you mean CALC13.DSLOC?" in ended.sentence


@pytest.mark.parametrize("output_format", ["json", "csv", "table"])
@pytest.mark.parametrize("first", ["[-1.000~1.000]", OTHER])
def test_a_site_that_is_not_there_leaves_a_valid_document(
    store: Store, cli, tmp_path, first: str, output_format: str
):
    stored(store, FILE)
    other = OTHER if first != OTHER else "[-1.000~1.000]"
    words = ["curves", "A", "--loc", first, "--loc", other, "--format", output_format]
    ended = cli(*words, "--agg", "mean", "--imt", "PGA")
    assert 66 == ended.code
    assert "it has no site [-1.000~1.000]; it has 6 sites" in ended.sentence
    if output_format == "json":
        assert [OTHER] == [curve["loc"] for curve in json.loads(ended.out)]
    else:
        assert OTHER in ended.out


@pytest.mark.parametrize(
    "attribute", [{"lat": {"N": "1"}}, {"lon": {"N": "1e125"}}, {"vs30": {"N": "1"}}], ids=str
)
@pytest.mark.parametrize("words", [[], ["--loc", OTHER], ["--loc", SITE]], ids=str)
def test_an_item_of_another_place_is_altered(store: Store, cli, attribute, words: list[str]):
    """It is asked by its key; what it says of its site must be true all the same."""
    stored(store, FILE)
    item = item_at(store, "mean")
    store.client.put_item(TableName=store.settings.stats_table, Item={**item, **attribute})
    ended = cli("curves", "A", "--agg", "mean", "--imt", "PGA", "--format", "json", *words)
    locs = [curve["loc"] for curve in json.loads(ended.out)]
    by_code = words and "vs30" in attribute  # the code says nothing of it
    if words == ["--loc", OTHER] or by_code:
        assert (0, [words[1]]) == (ended.code, locs)
    else:
        assert (74, 0 if words else 5) == (ended.code, len(locs))
        assert f"mean of site {SITE} is altered (its coordinates or vs30 are not" in ended.sentence


def test_a_value_that_is_no_float32_is_altered(store: Store, cli):
    stored(store, FILE, layout="readable")
    item = item_at(store, "mean")
    item["values"]["L"][0]["M"]["vals"]["L"][0] = {"N": "1e120"}
    store.client.put_item(TableName=store.settings.stats_table, Item=item)
    ended = cli("curves", "A", "--agg", "mean", "--loc", SITE, "--format", "json")
    assert (74, []) == (ended.code, json.loads(ended.out))
    assert "a value is no float32" in ended.sentence


def test_get_hazard_serves_the_other_calculations(store: Store, cli, damage: str):
    stored(store, FILE, "B")
    ended = cli("get_hazard", "A,B", "--aggs", "mean", "--imts", "PGA", "--locs", SITE)
    assert 74 == ended.code
    assert f"A: statistic mean of site {SITE} is {damage}" in ended.sentence
    assert "B" in {line.split(",")[0] for line in ended.out.splitlines()}
