"""CSV files are byte for byte those that the engine exported, recorded by their digests."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hazard_store.errors import CorruptItem, Refused
from hazard_store.records.parts import ENGINE_OBJECTS
from hazard_store.store import Store
from tests.support.damaged_records import altered, removed
from tests.support.engine_cases import CASES, made_case
from tests.support.exporting import digests, exported, left_in
from tests.support.loading import FILE, stored
from tests.support.old_store import put_old

GOLDEN = Path(__file__).parents[2] / "golden" / "engine_csv.json"


@pytest.mark.parametrize("case", CASES)
def test_files_are_those_of_the_engine(store: Store, tmp_path: Path, case: str):
    """`python -m tests.clients.make_golden` records what the engine writes."""
    stored(store, made_case(case, tmp_path))
    exported(store, "csv", tmp_path / "csv")
    assert json.loads(GOLDEN.read_text())[case] == digests(tmp_path / "csv")


def test_some_sites_are_the_same_rows_in_the_order_of_the_file(store: Store, tmp_path: Path):
    stored(store, made_case("maps", tmp_path))
    exported(store, "csv", tmp_path / "all")
    locs = ["-40.35,175.62", "-41.27,173.28"]
    exported(store, "csv", tmp_path / "some", locs=locs, imts=["PGA"], aggs=["mean"])
    names = ["hazard_curve-mean-PGA_7.csv", "hazard_map-mean_7.csv", "hazard_uhs-mean_7.csv"]
    assert names == left_in(tmp_path / "some")
    whole = (tmp_path / "all" / names[0]).read_bytes().splitlines(keepends=True)
    chosen = [line for line in whole if line.startswith((b"173.28", b"175.62"))]
    assert 2 == len(chosen)
    assert b"".join([*whole[:2], *chosen]) == (tmp_path / "some" / names[0]).read_bytes()


def test_realisations_that_are_named_have_files(store: Store, tmp_path: Path):
    """Also where the engine would leave them out: a single one is the mean."""
    stored(store, made_case("single_rlz_full", tmp_path))
    exported(store, "csv", tmp_path / "csv", rlzs=[0], imts=["PGA"])
    assert ["hazard_curve-rlz-000-PGA_7.csv"] == left_in(tmp_path / "csv")


def test_one_that_was_stored_before_says_what_it_lacks(store: Store, tmp_path: Path):
    put_old(store, "published")
    for as_format in ("csv", "hdf5"):
        with pytest.raises(Refused, match=r"full_lt, sitecol .* --if-stored replace"):
            exported(store, as_format, tmp_path / "out")
    assert [] == left_in(tmp_path)


@pytest.mark.parametrize("damage", [removed, altered])
def test_what_is_kept_for_the_engine_is_checked(store: Store, tmp_path: Path, damage):
    stored(store, FILE)
    damage(store, ENGINE_OBJECTS)
    with pytest.raises(CorruptItem):
        exported(store, "csv", tmp_path / "out")
    assert [] == left_in(tmp_path)
