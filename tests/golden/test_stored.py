"""What an older release has stored is found again, resumed, audited, mended and replaced."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from hazard_store.errors import Refused
from hazard_store.model import IfStored, Kind, Status
from hazard_store.store import Store
from hazard_store.workflow.repair import repair
from tests.support.laws import assert_same, nothing_changed
from tests.support.loading import (
    FILE,
    Silent,
    all_items,
    counted_puts,
    items_of,
    key_of,
    stored,
)
from tests.support.old_store import put_old
from tests.support.plain_curves import PlainCalc, plain_calc

published = pytest.mark.parametrize("name", ["published", "location"])
# Each differs from what the older release stored in one thing that is named.
NAMED: list[dict[str, Any]] = [
    {"statistics_per_item": "mean"},
    {"map_statistics": "mean"},
    {"layout": "readable"},
    {"realisations_per_item": 5},
]


@pytest.fixture
def store(store: Store) -> Store:
    """A store whose readers are not waited for."""
    return Store(store.settings.model_copy(update={"replace_grace_s": 0}))


def calc(name: str) -> PlainCalc:
    """What must be read back; one was stored without its realisations."""
    read = plain_calc(FILE)
    return replace(read, rlzs=None) if name == "location" else read


def of_curves(store: Store) -> dict[str, list[dict[str, Any]]]:
    return {str(kind): items_of(store, store.table(kind)) for kind in Kind}


@published
def test_a_load_that_names_nothing_finds_it_published(store: Store, cli, name: str):
    """Today's groups, and the realisations that were left out, make no difference to it."""
    put_old(store, name)
    with nothing_changed(store):
        said = json.loads(cli("plan", FILE, "A", "--json").out)
        assert "published already" in said["if_loaded"]
        assert (36, 0) == (said["forecast"]["stats_items"], said["forecast"]["maps_items"])
        for if_stored in IfStored:
            assert 0 == cli("load", FILE, "A", "--if-stored", if_stored).code
        assert stored(store, FILE).already_published
        assert stored(store, FILE, statistics_per_item=1, map_statistics="none").already_published


@published
def test_its_curves_come_back_and_audits_pass(store: Store, cli, name: str):
    put_old(store, name)
    assert_same(calc(name), store, "A")
    for arguments in ((), ("--calc-file", FILE), ("--scan",)):
        ended = cli("audit", "A", "--json", *arguments)
        assert 0 == ended.code, ended.err
        assert 36 == json.loads(ended.out)["stats"]["stored"]
        assert {0} == set(json.loads(ended.out)["maps"].values())
    assert "A" in cli("list").out
    assert 0 == cli("show", "A").code


@published
def test_a_repair_writes_the_lost_item_again_and_no_other(store: Store, name: str):
    put_old(store, name)
    before = of_curves(store)
    lost = before["stats"][7]
    store.client.delete_item(TableName=store.table(Kind.STATS), Key=key_of(lost))
    puts = counted_puts(store)
    assert repair(store, "A", None, None, Silent(), lambda _: False).passed
    assert before == of_curves(store)
    assert [1] == puts


@published
@pytest.mark.parametrize("named", NAMED, ids=lambda named: next(iter(named)))
def test_what_is_named_and_differs_is_refused(store: Store, name: str, named: dict[str, Any]):
    put_old(store, name)
    with nothing_changed(store):
        for if_stored in (IfStored.FAIL, IfStored.RESUME):
            with pytest.raises(Refused, match="same file with other parameters"):
                stored(store, FILE, if_stored=if_stored, **named)


@published
def test_replaced_by_the_same_file_with_maps_it_has_groups_and_maps(store: Store, cli, name: str):
    """What was not named takes today's defaults; nothing of the old version is left."""
    put_old(store, name)
    loaded = stored(store, FILE, if_stored=IfStored.REPLACE, map_statistics="mean")
    calculation = loaded.head.calculation
    assert ("A@2", Status.PUBLISHED, 2) == (
        loaded.head.storage_id,
        loaded.head.status,
        calculation.format,
    )
    assert ((1, 5), ("mean",)) == (calculation.statistics_per_item, calculation.map_statistics)
    assert_same(plain_calc(FILE), store, "A")
    assert 0 == cli("audit", "A", "--scan").code
    keys = {item["haz_sol_id"]["S"] for item in of_curves(store)["stats"]}
    assert {key for key in keys if ":map:" in key} == set(calculation.maps.hash_keys)
    assert all(key.startswith("A@2:") for key in keys)


@pytest.mark.parametrize("name", ["published", "location", "half"])
def test_removed_it_leaves_nothing(store: Store, cli, name: str):
    put_old(store, name)
    assert 0 == cli("remove", "A", "--yes").code
    assert not any(all_items(store).values())


@pytest.mark.parametrize("if_stored", [IfStored.FAIL, IfStored.RESUME])
def test_what_failed_is_resumed_as_it_was_begun(store: Store, cli, if_stored: IfStored):
    """One chunk was whole, a writer was killed in the other: only what is missing is written.

    The new program's reports have a higher format than the plan, which is no reason to refuse.
    """
    put_old(store, "half")
    before = of_curves(store)
    said = json.loads(cli("plan", FILE, "A", "--json").out)
    assert "stored already, failed" in said["if_loaded"]
    assert (36, 0, [[0, 3], [3, 6]]) == (
        said["forecast"]["stats_items"],
        said["forecast"]["maps_items"],
        said["chunks"],
    )
    loaded = stored(store, FILE, if_stored=if_stored)
    assert ("A", 1, Status.PUBLISHED) == (
        loaded.head.storage_id,
        loaded.head.calculation.format,
        loaded.head.status,
    )
    report = loaded.report
    assert (34, 2) == (report.stats.found, report.stats.acknowledged)
    assert (3, 3) == (report.realisations.found, report.realisations.acknowledged)
    after = of_curves(store)
    assert all(item in after[kind] for kind in before for item in before[kind])
    assert_same(plain_calc(FILE), store, "A")
    assert 0 == cli("audit", "A").code


def test_what_failed_is_not_resumed_with_another_grouping(store: Store):
    put_old(store, "half")
    with nothing_changed(store), pytest.raises(Refused, match="statistics_per_item"):
        stored(store, FILE, if_stored=IfStored.RESUME, statistics_per_item="mean")


def test_what_failed_makes_way_for_what_is_named(store: Store):
    put_old(store, "half")
    loaded = stored(store, FILE, statistics_per_item="mean")
    assert ("A@2", (1, 5)) == (loaded.head.storage_id, loaded.head.calculation.statistics_per_item)
    assert_same(plain_calc(FILE), store, "A")
    assert {"A@2"} == {i["haz_sol_id"]["S"].partition(":")[0] for i in of_curves(store)["stats"]}
