"""A removed calculation is hidden, deleted within its budget and counted."""

from __future__ import annotations

from pathlib import Path

import pytest

from hazard_store.errors import NoSuchCalculation, TryAgain
from hazard_store.items import item_digest
from hazard_store.model import IfStored, KeyScheme, Kind, Layout
from hazard_store.store import Store
from hazard_store.workflow.claim import claim
from hazard_store.workflow.remove import remove
from tests.support.calc_factory import make_calc
from tests.support.loading import Silent, plan_of, stored


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return make_calc(tmp_path / "calc.hdf5", n=9, r=5).path


def everything(store: Store) -> dict[tuple[str, ...], bytes]:
    """Return the digest of every item in the tables of curves, by table and keys."""
    return {
        (
            kind,
            item["haz_sol_id"]["S"],
            next(v["S"] for k, v in item.items() if k.endswith("_rk")),
        ): (item_digest(item))
        for kind in Kind
        for item in store.client.scan(TableName=store.table(kind))["Items"]
    }


def records(store: Store) -> int:
    """Return how many calculation records there are."""
    return store.client.scan(TableName=store.settings.meta_table)["Count"]


@pytest.mark.parametrize("layout", list(Layout))
@pytest.mark.parametrize("scheme", list(KeyScheme))
def test_nothing_is_left(store: Store, path: Path, scheme: KeyScheme, layout: Layout):
    maps = "all" if layout is Layout.PACKED else "none"
    stored(store, path, key_scheme=scheme, layout=layout, map_statistics=maps)
    n_items = len(everything(store))
    removed = remove(store, "A", "me", Silent())
    assert n_items == removed.items > 0
    assert ({}, 0) == (everything(store), records(store))
    with pytest.raises(NoSuchCalculation):
        remove(store, "A", "me", Silent())


def test_one_of_three_that_share_bins_leaves_the_others_bit_for_bit(store: Store, path: Path):
    """Also where one id begins like another."""
    for calc_id in ("A", "AB", "B"):
        stored(store, path, calc_id, key_scheme=KeyScheme.LOCATION, map_statistics="mean")
    before = everything(store)
    remove(store, "A", "me", Silent())
    others = {
        key: digest
        for key, digest in before.items()
        if not (key[2].endswith(":A") or key[1].startswith("A:map:"))
    }
    assert others == everything(store)
    assert len(before) * 2 == len(others) * 3
    assert ["AB", "B"] == [head.calc_id for head in store.heads.all()]


def test_what_is_being_written_is_left_alone_unless_told(store: Store, path: Path):
    claim(store, plan_of(store, path), "living", IfStored.FAIL)
    with pytest.raises(TryAgain, match="held by the run living"):
        remove(store, "A", "me", Silent())
    assert "living" == store.head("A").owner
    remove(store, "A", "me", Silent(), take_over=True)
    assert 0 == records(store)


class Broken(Exception):
    """Stands for a process that was killed."""


class Breaking(Store):
    """A store whose n-th request fails, as if the process had ended there."""

    def __init__(self, store: Store, after: int) -> None:
        super().__init__(store.settings)
        self.left = after
        for client in (self.client, self.bulk_client):
            client.meta.events.register("before-send.dynamodb", self._count)

    def _count(self, **_: object) -> None:
        self.left -= 1
        if self.left < 0:
            raise Broken


@pytest.mark.slow
def test_an_interrupted_removal_is_continued(store: Store, path: Path):
    """At every request: nobody reads half a calculation, and the next removal ends it."""
    after, ended = 0, False
    while not ended:
        stored(store, path, "A", sites_per_chunk=3, map_statistics="mean")
        breaking = Breaking(store, after)
        try:
            remove(breaking, "A", "first", Silent())
            ended = True
        except Broken:
            ended = False
        head = store.heads.current("A")
        if not ended and head is not None:
            removed_before = head.status != "published"
            assert removed_before or 0 < len(everything(store))
            remove(store, "A", "second", Silent())
        assert ({}, 0) == (everything(store), records(store)), after
        after += 4
    assert after > 30
