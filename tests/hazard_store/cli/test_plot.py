"""`plot`, and `--out` of `map` and `uhs`: where a picture goes and what is refused before."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

pytest.importorskip("matplotlib")

from hazard_store.store import Store
from tests.support.calc_factory import make_calc
from tests.support.loading import CALCS, items_of, key_of, stored

FILE = CALCS / "classical_rlzs_stats.hdf5"
LOC = "[-41.300~174.780]"
AT = ("--poe", 0.1, "--years", 50)


def texts_of(path: Path) -> set[str]:
    """Return the texts of an SVG, which matplotlib leaves as comments beside their outlines."""
    parser = ET.XMLParser(target=ET.TreeBuilder(insert_comments=True))
    tree = ET.parse(path, parser)
    return {each.text.strip() for each in tree.iter() if each.tag is ET.Comment}


def test_curves_of_a_site_with_its_realisations(store: Store, cli, tmp_path: Path):
    stored(store, FILE)
    out = tmp_path / "a.svg"
    ended = cli("plot", "A", "--loc", LOC, "--imt", "PGA", "--out", out)
    assert (0, f"{out}\n") == (ended.code, ended.out)
    texts = texts_of(out)
    assert {"mean", "12 realisations", "PGA (g)"} <= texts
    assert any("vs30 400 m/s" in text for text in texts)


def test_with_a_statistic_named_realisations_are_neither_read_nor_drawn(
    store: Store, cli, tmp_path: Path
):
    stored(store, FILE)
    table = store.settings.realisations_table
    for item in items_of(store, table):
        store.client.delete_item(TableName=table, Key=key_of(item))
    out = tmp_path / "a.svg"
    assert 0 == cli("plot", "A", "--loc", LOC, "--agg", "mean", "--out", out).code
    assert not any("realisation" in text for text in texts_of(out))


def test_two_calculations_and_their_ratio(store: Store, cli, tmp_path: Path):
    stored(store, FILE)
    stored(store, FILE, "B")
    out = tmp_path / "a.svg"
    words = ("plot", "A", "B", "--nearest", "-41.3,174.7", "--imt", "PGA", "--ratio", "--out", out)
    ended = cli(*words)
    assert 0 == ended.code, ended.err
    assert {"A: mean", "B: mean"} <= texts_of(out)
    assert "6.7 km away" in ended.err


def test_without_out_it_is_named_after_the_first_calculation(
    store: Store, cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    stored(store, FILE)
    monkeypatch.chdir(tmp_path)
    assert "A.png\n" == cli("plot", "A", "--loc", LOC, "--imt", "PGA").out
    assert ["A.png"] == [path.name for path in tmp_path.iterdir()]


def test_a_calculation_of_realisations_only_is_drawn(store: Store, cli, tmp_path: Path):
    stored(store, CALCS / "rlzs_only.hdf5")
    out = tmp_path / "a.svg"
    assert 0 == cli("plot", "A", "--loc", LOC, "--imt", "PGA", "--out", out).code
    assert "12 realisations" in texts_of(out)
    asked = cli("plot", "A", "--loc", LOC, "--agg", "mean", "--out", out)
    assert (66, True) == (asked.code, "no statistic mean" in asked.err)


@pytest.mark.parametrize("ending", ["png", "svg", "pdf"])
def test_a_map_and_a_spectrum_as_pictures(store: Store, cli, tmp_path: Path, ending: str):
    stored(store, FILE)
    for words in (("map", "A", "--imt", "PGA", *AT), ("uhs", "A", "--loc", LOC, *AT)):
        out = tmp_path / f"{words[0]}.{ending}"
        ended = cli(*words, "--out", out)
        assert (0, f"{out}\n") == (ended.code, ended.out), ended.err
        assert out.stat().st_size > 1000
    assert 2 == len(list(tmp_path.iterdir()))


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("plot", "A"), 2, "which site is meant"),
        (("plot", "A", "--loc", LOC, "--ratio"), 2, "two calculations or more"),
        (("plot", "A", "A", "--loc", LOC, "--ratio"), 2, "two calculations or more"),
        (("plot",), 2, "CALC_ID"),
        (("plot", "A", "--box", "-80,0,80,-1"), 2, "cannot be told apart"),
        (("plot", "A", "--loc", LOC, "--imt", "PGX"), 66, "no IMT PGX"),
        (("plot", "A", "B", "--loc", LOC), 66, "no such calculation"),
        (("map", "A", "--imt", "PGA", *AT, "--format", "json"), 2, "leave --format out"),
        (("uhs", "A", *AT), 2, "which site is meant"),
        (("uhs", "A", "--loc", LOC, *AT, "--format", "csv"), 2, "leave --format out"),
    ],
    ids=str,
)
def test_what_is_refused_leaves_nothing(
    store: Store, cli, tmp_path: Path, words, code: int, said: str
):
    path = make_calc(tmp_path / "c.hdf5", n=9).path if "--box" in words else FILE
    stored(store, path)
    out = tmp_path / "out"
    out.mkdir()
    ended = cli(*words, "--out", out / "x.png")
    assert (code, "") == (ended.code, ended.out)
    assert said in ended.err
    assert [] == list(out.iterdir())


@pytest.mark.parametrize("words", [("plot", "A", "--loc", "x"), ("uhs", "A"), ("map", "A")])
@pytest.mark.parametrize(
    ("out", "said"),
    [("gone/x.png", "there is no folder gone"), ("x.gif", "does not end in one of .png .svg")],
)
def test_where_a_picture_goes_is_checked_before_anything_is_read(
    aws_environment: dict[str, str], cli, words, out: str, said: str
):
    ended = cli(*words, "--out", out)
    assert 2 == ended.code
    assert said in ended.err
