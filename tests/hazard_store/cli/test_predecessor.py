"""`store_hazard` and `get_hazard`: the predecessor's commands and its progress lines."""

from __future__ import annotations

import csv
import io
import re

import numpy as np
import pytest

from hazard_store.store import Store
from tests.support.calc_factory import make_calc
from tests.support.loading import CALCS, drop_tables, items_of, stored
from tests.support.plain_curves import plain_calc

FILE = CALCS / "classical_rlzs_stats.hdf5"
TOOK = r"took \d+\.\d{5} secs"


def test_progress_lines(store: Store, cli):
    ended = cli("store_hazard", FILE, "A", "-n", "-v")
    assert ended.code == 0
    lines = ended.out.splitlines()[:6]
    patterns = [
        "Begin saving meta",
        f"Done saving meta, {TOOK}",
        r"Begin saving stats \(V2\)",
        f"Done saving stats, {TOOK}",
        r"Begin saving realisations \(V2\)",
        f"Done saving realisations, {TOOK}",
    ]
    for pattern, line in zip(patterns, lines, strict=True):
        assert re.fullmatch(pattern, line), line


def test_without_verbose_no_progress(store: Store, cli):
    ended = cli("store_hazard", FILE, "A")
    assert ended.code == 0
    assert "saving" not in ended.out


def test_skip_rlzs(store: Store, cli):
    ended = cli("store_hazard", FILE, "A", "-k", "-v")
    assert ended.code == 0
    assert "realisations (V2)" not in ended.out
    assert [] == items_of(store, store.settings.realisations_table)


def test_create_tables(store: Store, cli):
    drop_tables(store)
    assert cli("store_hazard", FILE, "A").code == 78
    assert cli("store_hazard", FILE, "A", "-c").code == 0
    assert cli("store_hazard", FILE, "A", "-c").code == 0


def test_force_normalised_sites(store: Store, cli):
    path = CALCS / "custom_ids.hdf5"
    assert cli("store_hazard", path, "A", "-f").code == 0
    keys = {item["loc_agg_rk"]["S"] for item in items_of(store, store.settings.stats_table)}
    assert all(key.startswith("[") for key in keys)


def test_bad_input(store: Store, cli):
    assert cli("store_hazard", CALCS / "disagg.hdf5", "A").code == 65


def test_get_hazard_gives_the_curves_back(store: Store, cli):
    stored(store, FILE)
    ended = cli("get_hazard", "A", "-n")
    assert ended.code == 0
    found: dict[tuple[str, str, str], list[float]] = {}
    for row in csv.DictReader(io.StringIO(ended.out)):
        name = row["loc"], row["agg_or_rlz"], row["imt"]
        found.setdefault(name, []).append(float(row["poe"]))
    calc = plain_calc(FILE)
    expected = calc.stats_curves() | calc.rlz_curves()
    assert expected == {k: np.array(v, np.float32).tobytes() for k, v in found.items()}


def test_get_hazard_chooses(store: Store, cli):
    stored(store, FILE)
    ended = cli(
        "get_hazard",
        "A",
        "--locs",
        "-41.300~174.780,[-40.350~175.620]",
        "--imts",
        "PGA",
        "--aggs",
        "mean,0.5",
        "--vs30s",
        "400",
    )
    rows = list(csv.DictReader(io.StringIO(ended.out)))
    assert {"[-41.300~174.780]", "[-40.350~175.620]"} == {row["loc"] for row in rows}
    assert {"mean", "0.5"} == {row["agg_or_rlz"] for row in rows}
    assert {"PGA"} == {row["imt"] for row in rows}
    assert "" == cli("get_hazard", "A", "--vs30s", "123").out


def test_get_hazard_of_several_calculations(store: Store, cli):
    stored(store, FILE, "A")
    stored(store, CALCS / "stats_only.hdf5", "B")
    out = cli("get_hazard", "A,B", "--aggs", "mean", "--imts", "PGA").out
    assert {"A", "B"} == {row["calc_id"] for row in csv.DictReader(io.StringIO(out))}
    assert cli("get_hazard", "A,nothing").code == 66


def test_get_hazard_by_vs30_gives_the_sites_that_have_it(store: Store, cli, tmp_path):
    path = make_calc(tmp_path / "c.hdf5", n=3, r=2, vs30=[300.0, 400.0, 300.0]).path
    stored(store, path)
    out = cli("get_hazard", "A", "--vs30s", "300,999").out
    assert {"300.0"} == {row["vs30"] for row in csv.DictReader(io.StringIO(out))}
    assert 2 == len({row["loc"] for row in csv.DictReader(io.StringIO(out))})
    ended = cli("get_hazard", "A", "--vs30s", "0")
    assert 2 == ended.code
    assert "leave --vs30s out" in ended.err


def test_get_hazard_usage(store: Store, cli):
    assert cli("get_hazard").code == 2
    assert cli("get_hazard", "A", "--vs30s", "x").code == 2


@pytest.mark.parametrize("calc_ids", ["", ",", " , "])
def test_get_hazard_of_nothing_is_no_question(store: Store, cli, calc_ids: str):
    ended = cli("get_hazard", calc_ids)
    assert (2, "") == (ended.code, ended.out)
    assert "names no calculation" in ended.sentence


def test_a_custom_id_may_look_like_a_code(store: Store, cli, tmp_path):
    path = make_calc(
        tmp_path / "c.hdf5", n=3, custom_ids=["A~B", "1.0~2.0", "C"], lat=[5, 6, 1], lon=[5, 6, 2]
    ).path
    stored(store, path)
    out = cli("get_hazard", "A", "--locs", "A~B,1.0~2.0", "--imts", "PGA", "--aggs", "mean").out
    rows = list(csv.DictReader(io.StringIO(out)))
    assert {("A~B", "5.0"), ("1.0~2.0", "6.0")} == {(row["loc"], row["lat"]) for row in rows}
