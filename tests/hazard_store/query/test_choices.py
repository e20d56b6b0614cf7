"""What people write for measures, statistics and lists is taken for what it means."""

from __future__ import annotations

import re

import numpy as np
import pytest

from hazard_store.errors import BadParameter, NoSuchCurve
from hazard_store.query import (
    get_hazard_metadata,
    get_hazard_rlz_curves,
    get_hazard_stats_curves,
    get_logic_tree,
    get_sites,
)
from hazard_store.query.choices import listed, text
from hazard_store.store import Store
from tests.support.calc_factory import make_calc
from tests.support.loading import stored

IMTS = ("PGA", "SA(1.0)", "SDi(0.2,2.0)")


@pytest.fixture
def loaded(store: Store, tmp_path) -> Store:
    sites = {"lat": [-41.3, -41.4], "lon": [174.78, 174.9], "vs30": [400, 250]}
    stored(
        store, make_calc(tmp_path / "c.hdf5", n=2, imts=IMTS, aggs=("mean", "0.5"), **sites).path
    )
    return store


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"imts": "PGA"}, {"PGA"}),
        ({"imts": "pga"}, {"PGA"}),
        ({"imts": ["SA(1)", "sa(1.00)"]}, {"SA(1.0)"}),
        ({"imts": "SDi(0.2, 2)"}, {"SDi(0.2,2.0)"}),
        ({"aggs": 0.5}, {"0.5"}),
        ({"aggs": ["0.50"]}, {"0.5"}),
        ({"aggs": "quantile-0.5"}, {"0.5"}),
        ({"aggs": np.array([0.5])}, {"0.5"}),
        ({"locs": (-41.3, 174.78)}, {"[-41.300~174.780]"}),
        ({"locs": [(-41.3, 174.78), "-41.4,174.9"]}, {"[-41.300~174.780]", "[-41.400~174.900]"}),
        ({"locs": "[-41.400~174.900]"}, {"[-41.400~174.900]"}),
    ],
)
def test_one_value_or_several_are_what_they_mean(loaded: Store, given: dict, expected: set):
    name = {"imts": "imt", "aggs": "agg", "locs": "loc"}[next(iter(given))]
    curves = get_hazard_stats_curves("A", store=loaded, **given)
    assert expected == {getattr(curve, name) for curve in curves}


@pytest.mark.parametrize("rlzs", [1, "1", [1], ["00001"], np.int64(1), range(1, 2)])
def test_realisations(loaded: Store, rlzs):
    found = get_hazard_rlz_curves("A", imts="PGA", rlzs=rlzs, store=loaded)
    assert {"00001"} == {curve.rlz for curve in found}


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"imts": 5.5 + 1j}, "imts=(5.5+1j): an intensity measure"),
        ({"locs": -41.3}, "locs=-41.3: a site"),
        ({"locs": [(-41.3, 174.78, 0.0)]}, "locs=[(-41.3, 174.78, 0.0)]: a site"),
        ({"aggs": [None]}, "aggs=[None]: a statistic"),
    ],
)
def test_what_cannot_be_meant_says_what_is_expected(loaded: Store, given: dict, sentence: str):
    with pytest.raises(TypeError, match=re.escape(sentence)):
        list(get_hazard_stats_curves("A", store=loaded, **given))


def test_several_calculations_are_refused(loaded: Store):
    with pytest.raises(BadParameter, match="one calculation id is expected"):
        list(get_hazard_stats_curves(["A", "B"], store=loaded))  # type: ignore[arg-type]


def test_what_is_not_there_suggests_what_is(loaded: Store):
    with pytest.raises(NoSuchCurve, match=r"it has PGA, SA\(1.0\), .*; did you mean SA\(1.0\)"):
        list(get_hazard_stats_curves("A", imts="SA(1.1)", store=loaded))


def test_metadata_by_one_id_and_by_vs30(loaded: Store):
    assert ["A"] == [m.calc_id for m in get_hazard_metadata("A", store=loaded)]
    assert ["A"] == [m.calc_id for m in get_hazard_metadata(vs30s=400, store=loaded)]
    assert [] == list(get_hazard_metadata(vs30s=[401], store=loaded))


def test_many_values_of_vs30_are_found_too(store: Store, tmp_path):
    """Above 32 the head lists none; for calculations stored before, it does not say how many."""
    vs30s = [200.0 + i for i in range(40)]
    stored(store, make_calc(tmp_path / "many.hdf5", n=40, vs30=vs30s).path, "MANY")
    stored(store, make_calc(tmp_path / "none.hdf5", n=2, vs30=None).path, "NONE")
    assert () == store.head("MANY").calculation.vs30s
    assert (40, 0) == tuple(store.head(c).calculation.n_vs30s for c in ("MANY", "NONE"))
    assert ["MANY"] == [m.calc_id for m in get_hazard_metadata(vs30s=[239], store=store)]
    assert [] == list(get_hazard_metadata(vs30s=[240], store=store))
    key = {"haz_sol_id": {"S": "MANY"}, "record": {"S": "head"}}
    table = store.settings.meta_table
    text = store.client.get_item(TableName=table, Key=key)["Item"]["calculation"]["S"]
    store.client.update_item(
        TableName=table,
        Key=key,
        UpdateExpression="SET calculation = :c",
        ExpressionAttributeValues={":c": {"S": text.replace('"n_vs30s":40,', "")}},
    )
    assert store.head("MANY").calculation.n_vs30s is None
    assert ["MANY"] == [m.calc_id for m in get_hazard_metadata(vs30s=[239], store=store)]


@pytest.mark.parametrize(
    "given", [{"imts": b"PGA"}, {"aggs": bytearray(b"mean")}, {"rlzs": b"5"}], ids=str
)
def test_the_numbers_of_bytes_are_no_names(loaded: Store, given: dict):
    curves = get_hazard_rlz_curves if "rlzs" in given else get_hazard_stats_curves
    with pytest.raises(TypeError, match="is expected, or a list of such"):
        list(curves("A", store=loaded, **given))


@pytest.mark.parametrize("rlz", ["", "quantile-1", "-1", -1, "+1", "1e0", "rlz 1", "9" * 5000])
def test_what_is_no_realisation_is_none(loaded: Store, rlz: object):
    """It is named as it was asked for, and never taken for another."""
    with pytest.raises(NoSuchCurve, match="it has no realisation") as caught:
        list(get_hazard_rlz_curves("A", rlzs=rlz, store=loaded))  # type: ignore[arg-type]
    assert f"no realisation {str(rlz)[:80] or repr('')}" in str(caught.value)


@pytest.mark.parametrize("rlz", ["1", " 1 ", "1.0", "000001", np.int32(1), np.float32(1)])
def test_spellings_of_a_realisation(loaded: Store, rlz: object):
    found = list(get_hazard_rlz_curves("A", rlzs=rlz, imts="PGA", store=loaded))  # type: ignore[arg-type]
    assert {"00001"} == {curve.rlz for curve in found}


def test_a_float32_is_the_number_that_it_shows(loaded: Store):
    assert ["0.1"] == listed(np.float32(0.1), "aggs", text, "")
    assert ["0.5", "0.1"] == listed(np.array([0.5, 0.1], np.float32), "aggs", text, "")


@pytest.mark.parametrize("calc_id", [None, 13, b"A", ["A"]], ids=str)
@pytest.mark.parametrize("function", [get_sites, get_logic_tree])
def test_what_is_no_id_is_refused(loaded: Store, function, calc_id: object):
    with pytest.raises(BadParameter, match="one calculation id is expected, a text"):
        list(function(calc_id, store=loaded))


@pytest.mark.parametrize("calc_id", ["", "x" * 3000, "A\n", "\udcff"], ids=["", "x", "n", "u"])
def test_metadata_of_what_is_no_id(loaded: Store, calc_id: str):
    """DynamoDB refuses some of them, with an error of its own."""
    with pytest.raises(BadParameter, match="is not a valid calculation id"):
        list(get_hazard_metadata(calc_id, store=loaded))
