"""A calculation is replaced by its next version: beside the old one, then in one write."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from hazard_store.errors import TryAgain
from hazard_store.model import IfStored, KeyScheme, Kind, Layout, Status
from hazard_store.store import Store
from hazard_store.workflow.audit import audit
from hazard_store.workflow.claim import claim
from tests.support.calc_factory import make_calc
from tests.support.laws import assert_same
from tests.support.loading import Silent, plan_of, stored
from tests.support.plain_curves import plain_calc

SCHEMES = list(KeyScheme)


@pytest.fixture
def store(store: Store) -> Store:
    """A store whose readers are not waited for."""
    return Store(store.settings.model_copy(update={"replace_grace_s": 0}))


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    """Two calculations of the same sites."""
    return tuple(make_calc(tmp_path / f"{n}.hdf5", n=8, r=5, seed=n).path for n in (1, 2))


def items_of(store: Store, kind: Kind) -> int:
    """Return how many items a table has, whoever's they are."""
    return store.client.scan(TableName=store.table(kind), Select="COUNT")["Count"]


@pytest.mark.parametrize("scheme", SCHEMES)
def test_another_file_replaces_and_leaves_nothing_of_the_old(store: Store, files, scheme):
    """Other items, other keys, an exact count; the audit passes; the old records are gone."""
    first, second = files
    stored(store, first, key_scheme=scheme)
    before = {kind: items_of(store, kind) for kind in Kind}
    loaded = stored(store, second, key_scheme=scheme, if_stored=IfStored.REPLACE)
    assert Status.PUBLISHED is loaded.head.status
    assert "A@2" == loaded.head.storage_id == store.head("A").storage_id
    assert_same(plain_calc(second), store, "A")
    assert audit(store, "A", str(second), None, Silent()).passed
    assert before == {kind: items_of(store, kind) for kind in Kind}
    assert store.heads.get("A") is None
    assert [] == list(store.parts("A").names())
    entry = store.heads.entry("A")
    assert ("A@2", None, (), 2) == (entry.storage_id, entry.next, entry.old, entry.versions)


def test_other_parameters_replace_too(store: Store, files):
    """The file is the same, its items are not."""
    stored(store, files[0])
    stored(store, files[0], layout=Layout.READABLE, if_stored=IfStored.REPLACE)
    assert Layout.READABLE is store.head("A").calculation.layout
    assert_same(plain_calc(files[0]), store, "A")


@pytest.mark.parametrize("scheme", SCHEMES)
def test_map_items_come_and_go_with_their_version(store: Store, files, scheme):
    """First a version without, then one with them, then one with fewer: each leaves nothing."""
    stored(store, files[0], key_scheme=scheme, map_statistics="none")
    for version, (maps, file) in enumerate((("all", files[0]), ("0.9", files[1])), 2):
        loaded = stored(
            store, file, key_scheme=scheme, map_statistics=maps, if_stored=IfStored.REPLACE
        )
        spec = loaded.head.calculation.maps
        found = store.client.scan(TableName=store.table(Kind.STATS))["Items"]
        of_maps = [item["haz_sol_id"]["S"] for item in found if "lat" not in item]
        assert sorted(spec.hash_keys) == sorted(of_maps)  # a single block
        assert spec.sites_key == f"A@{version}:map:sites"
        n_groups = len(loaded.head.calculation.spec(Kind.STATS).groups)
        assert 8 * n_groups == len(found) - len(of_maps)
        assert_same(plain_calc(file), store, "A")
        assert audit(store, "A", str(file), None, Silent(), scan=True).passed


def test_the_same_file_and_parameters_write_nothing(store: Store, files):
    stored(store, files[0])
    assert stored(store, files[0], if_stored=IfStored.REPLACE).already_published
    assert "A" == store.head("A").storage_id


@pytest.mark.parametrize("is_removed", [False, True], ids=["withdrawn", "removed"])
@pytest.mark.parametrize("reads", range(3))
def test_who_comes_second_sees_one_moment(store: Store, files, monkeypatch, reads, is_removed):
    """The other switches between any two reads of the second, which then finds it published."""
    stored(store, files[0])
    plan, raced = plan_of(store, files[1]), Store(store.settings)
    if not is_removed:
        monkeypatch.setattr("hazard_store.workflow.load.remove_old", lambda *_: None)
    _before_read(raced, reads, lambda: stored(store, files[1], if_stored=IfStored.REPLACE))
    claimed = claim(raced, plan, "second", IfStored.REPLACE)
    assert claimed.already_published
    assert "A@2" == claimed.head.storage_id


@pytest.mark.parametrize("reads", range(2))
def test_a_run_finds_the_version_whenever_another_switches(store: Store, files, reads):
    stored(store, files[0])
    raced = Store(store.settings)
    _before_read(raced, reads, lambda: stored(store, files[1], if_stored=IfStored.REPLACE))
    assert "A@2" == raced.head("A", working=True).storage_id


def _before_read(store: Store, reads: int, action: Callable[[], object]) -> None:
    """Let somebody else act before the read after so many."""
    left = iter([None] * reads)

    def act(**_: object) -> None:
        if next(left, action) is action:
            store.client.meta.events.unregister("before-call.dynamodb.GetItem", act)
            action()

    store.client.meta.events.register("before-call.dynamodb.GetItem", act)


def test_readers_see_the_old_one_until_the_switch(store: Store, files, monkeypatch):
    """Also while the new one is written and audited, and when it fails; a resume then ends it."""
    from hazard_store.workflow import load as loading

    first, second = files
    stored(store, first)
    seen = []

    def fails(*_: object) -> None:
        assert_same(plain_calc(first), store, "A")
        seen.append(store.head("A", working=True).status)
        raise TryAgain("A", "told to fail")

    with monkeypatch.context() as patched:
        patched.setattr(loading, "publish", fails)
        with pytest.raises(TryAgain):
            stored(store, second, if_stored=IfStored.REPLACE)
    assert [Status.AUDITING] == seen
    assert Status.FAILED is store.head("A", working=True).status
    assert_same(plain_calc(first), store, "A")
    loaded = stored(store, second, if_stored=IfStored.RESUME)
    assert ("A@2", 2) == (loaded.head.storage_id, loaded.head.attempt)
    assert_same(plain_calc(second), store, "A")


@pytest.mark.parametrize("if_stored", [IfStored.FAIL, IfStored.REPLACE])
def test_a_failed_attempt_with_other_parameters_is_removed_first(store: Store, files, if_stored):
    """By the scheme that it was stored with; its items are gone before the new ones come."""
    stored(store, files[0], key_scheme=KeyScheme.LOCATION)
    head = store.head("A")
    store.client.update_item(
        TableName=store.settings.meta_table,
        Key={"haz_sol_id": {"S": "A"}, "record": {"S": "head"}},
        UpdateExpression="SET #s = :f",
        ExpressionAttributeNames={"#s": "status"},
        ExpressionAttributeValues={":f": {"S": "failed"}},
    )
    loaded = stored(store, files[0], key_scheme=KeyScheme.CALC, if_stored=if_stored)
    assert Status.PUBLISHED is loaded.head.status
    assert head.calculation.n_sites * 5 >= items_of(store, Kind.REALISATIONS)
    per_site = len(loaded.head.calculation.spec(Kind.REALISATIONS).groups)
    assert head.calculation.n_sites * per_site == items_of(store, Kind.REALISATIONS)
    assert_same(plain_calc(files[0]), store, "A")


def test_a_second_run_cannot_replace_at_the_same_time(store: Store, files, tmp_path: Path):
    """The second names the first."""
    from hazard_store.workflow.claim import claim
    from tests.support.loading import plan_of

    stored(store, files[0])
    claim(store, plan_of(store, files[1]), "one", IfStored.REPLACE)
    third = make_calc(tmp_path / "3.hdf5", n=3, r=2, seed=3).path
    for path in (files[1], third):
        with pytest.raises(TryAgain, match="held by the run one"):
            claim(store, plan_of(store, path), "two", IfStored.REPLACE)
    assert np.all(store.head("A").calculation.version == 1)
