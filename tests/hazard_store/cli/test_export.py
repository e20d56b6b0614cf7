"""`hazard-store export`: files are where it says, and a bad question leaves none."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hazard_store.cli import export
from hazard_store.export.formats import Format
from hazard_store.store import Store
from tests.support.exporting import left_in
from tests.support.loading import FILE, stored


def test_it_prints_where_the_files_are(store: Store, tmp_path: Path, cli):
    stored(store, FILE, "CALC13")
    words = ("--imt", "PGA", "--agg", "mean", "--box", "-50,160,-30,180")
    ended = cli("export", "CALC13", "--as", "csv", *words, "--out", tmp_path / "csv")
    assert (0, f"{tmp_path}/csv\n") == (ended.code, ended.out)
    assert ["hazard_curve-mean-PGA_13.csv"] == left_in(tmp_path / "csv")


def test_a_rebuilt_file_of_another_name_is_explained(store: Store, tmp_path: Path, cli):
    stored(store, FILE, "CALC13")
    ended = cli("export", "CALC13", "--as", "hdf5", "--out", tmp_path / "a.hdf5")
    assert (0, f"{tmp_path}/a.hdf5\n") == (ended.code, ended.out)
    assert "calc_13.hdf5" in ended.err


def test_a_map_has_the_target_of_its_options(store: Store, tmp_path: Path, cli):
    stored(store, FILE)
    at = ("--imt", "PGA", "--return-period", 475, "--agg", "0.5")
    ended = cli("export", "A", "--as", "geojson", *at, "--out", tmp_path)
    features = json.loads(Path(ended.out.strip()).read_text())["features"]
    assert {"0.5"} == {each["properties"]["agg"] for each in features}


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("A", "--as", "csv"), 2, "--out"),
        (("A", "--as", "xml", "--out", "x"), 2, "xml"),
        (("B", "--as", "csv", "--out", "x"), 66, "no such calculation"),
        (("A", "--as", "csv", "--imt", "PGX", "--out", "x"), 66, "no IMT PGX"),
        (("A", "--as", "csv", "--loc", "0,0", "--out", "x"), 66, "no site"),
        (("A", "--as", "csv", "--poe", "0.1", "--out", "x"), 2, "geojson"),
        (("A", "--as", "geojson", "--imt", "PGA", "--out", "x"), 2, "geojson"),
        (("A", "--as", "ths-parquet", "--out", "x"), 73, "44"),
        (("A", "--as", "npz", "--out", "no/where/x"), 2, "make it first"),
    ],
    ids=str,
)
def test_bad_questions_leave_nothing(
    store: Store, tmp_path: Path, cli, monkeypatch: pytest.MonkeyPatch, words, code: int, said: str
):
    monkeypatch.chdir(tmp_path)
    stored(store, FILE)
    ended = cli("export", *words)
    assert (code, "", []) == (ended.code, ended.out, left_in(tmp_path))
    assert said in ended.err


def test_the_verb_offers_each_format() -> None:
    assert list(export.FORMATS) == [each.value for each in Format]
