"""What `plan` says a load would do, in the light of what is stored."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hazard_store.model import IfStored
from hazard_store.store import Store
from hazard_store.workflow.claim import claim
from hazard_store.workflow.foreseen import foresee
from tests.support.calc_factory import make_calc
from tests.support.laws import nothing_changed
from tests.support.loading import given_up, plan_of, stored


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return make_calc(tmp_path / "calc.hdf5", n=4, r=1, aggs=("mean", "0.1", "0.9")).path


@pytest.fixture
def other(tmp_path: Path) -> Path:
    return make_calc(tmp_path / "other.hdf5", n=5, r=1, seed=1).path


def told(cli, path: Path, *options: object) -> tuple[str | None, list[int], int]:
    """Return what `plan` says of what is stored, the groups of statistics and the map items."""
    ended = cli("plan", path, "A", "--json", *options)
    assert 0 == ended.code, ended.err
    said = json.loads(ended.out)
    return said["if_loaded"], said["statistics_per_item"], said["forecast"]["maps_items"]


def test_of_nothing_stored_it_is_todays_defaults_and_what_is_named(store: Store, cli, path: Path):
    with nothing_changed(store):
        assert (None, [1, 2], 0) == told(cli, path)
        named = ("--statistics-per-item", 2, "--map-statistics", "all")
        assert (None, [2, 1], 1 + 3 * 2) == told(cli, path, *named)


def test_of_what_is_published_it_writes_nothing_however_that_was_stored(
    store: Store, cli, path: Path
):
    stored(store, path, statistics_per_item=1, map_statistics="mean", key_scheme="calc")
    with nothing_changed(store):
        for options in ((), ("--if-stored", "replace"), ("--statistics-per-item", 1)):
            note, sizes, n_maps = told(cli, path, *options)
            assert "It is published already: a load writes nothing." == note
            assert ([1, 1, 1], 3) == (sizes, n_maps)


def test_what_is_named_and_differs_is_refused_or_replaces(
    store: Store, cli, path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("HAZARD_STORE_REPLACE_GRACE_S", "0")
    stored(store, path, statistics_per_item=1)
    with nothing_changed(store):
        named = ("--statistics-per-item", "mean", "--map-statistics", "mean")
        note, sizes, n_maps = told(cli, path, *named)
        assert "refused unless --if-stored replace" in note
        assert "statistics_per_item" in note
        assert "map_statistics" in note
        assert ([1, 2], 3) == (sizes, n_maps)
        note, *_ = told(cli, path, *named, "--if-stored", "replace")
        assert "would be stored as version 2 instead" in note
    assert 73 == cli("load", path, "A", *named).code
    assert 0 == cli("load", path, "A", *named, "--if-stored", "replace").code
    assert "A@2" == store.head("A").storage_id


def test_of_another_file_it_says_so(store: Store, cli, path: Path, other: Path):
    stored(store, path)
    note, *_ = told(cli, other)
    assert "(published)" in note
    assert "other statistics, sites, levels or weights" in note
    assert "refused unless" in note


def test_what_failed_is_resumed_as_it_was_begun(store: Store, cli, path: Path):
    given_up(store, path, "A", statistics_per_item=2, map_statistics="0.9")
    with nothing_changed(store):
        note, sizes, n_maps = told(cli, path)
        assert "stored already, failed: a load writes at most this" in note
        assert ([2, 1], 3) == (sizes, n_maps)


def test_what_another_run_holds_is_said(store: Store, cli, path: Path):
    claim(store, plan_of(store, path, statistics_per_item=2), "run-1", IfStored.FAIL)
    assert "stored already, writing" in told(cli, path)[0]


def test_the_version_under_way_is_recognised_beside_the_published_one(
    store: Store, path: Path, other: Path
):
    """And the published one beside it."""
    stored(store, path)
    claim(store, plan_of(store, other, statistics_per_item=1), "run-1", IfStored.REPLACE)
    under_way = foresee(store, plan_of(store, other), IfStored.RESUME)
    assert ("A@2", (1, 1, 1)) == (
        under_way.calculation.storage_id,
        under_way.calculation.statistics_per_item,
    )
    published = foresee(store, plan_of(store, path), IfStored.FAIL)
    assert ("A", (1, 2)) == (
        published.calculation.storage_id,
        published.calculation.statistics_per_item,
    )
    assert "published already" in published.note


def test_without_a_store_it_says_so_and_takes_todays_defaults(cli, aws_environment, path: Path):
    """There are no tables."""
    note, sizes, _ = told(cli, path)
    assert "The store was not asked what it has" in note
    assert [1, 2] == sizes
