"""Whole runs of `audit_hazard` and `remove_hazard`."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from hazard_store.errors import EX_DIFFERENCE
from hazard_store.model import IfStored, Kind, Status
from hazard_store.store import Store
from hazard_store.workflow.claim import claim
from tests.support.dag_runs import page_of
from tests.support.loading import CALCS, all_items, items_of, plan_of, stored

pytestmark = pytest.mark.airflow

FILE = CALCS / "classical_rlzs_stats.hdf5"


def test_published_calculations_are_audited_and_a_difference_is_red(
    run: Callable, store: Store, capfd: pytest.CaptureFixture[str]
) -> None:
    """The other one is audited all the same; nothing is withdrawn; the history grows."""
    for calc_id in ("SOUND", "DAMAGED"):
        stored(store, FILE, calc_id, key_scheme="calc")
    key = {"haz_sol_id": {"S": "DAMAGED"}, "loc_agg_rk": {"S": "[-41.300~174.780]:mean"}}
    store.client.delete_item(TableName=store.table(Kind.STATS), Key=key)
    ended = run("audit_hazard", calc_ids=["SOUND", "DAMAGED"], max_rcu_per_s=50)
    assert "failed" == ended.state
    assert {"SOUND": "success", "DAMAGED": "failed"} == dict(
        zip(ended.names["audit"], ended.states["audit"], strict=True)
    )
    assert Status.PUBLISHED is store.head("DAMAGED").status
    log = capfd.readouterr().out
    assert f"exit code {EX_DIFFERENCE} (the audit found a difference)" in log
    assert "hazard-store repair DAMAGED" in log
    why, audited = page_of("audit_hazard", ended.run_id)
    assert why.sentences[0].startswith(f"audit [DAMAGED]: exit code {EX_DIFFERENCE} ")
    assert audited.sentences == ("2 calculations: 1 passed, 1 not.",)
    assert ("SOUND", "passed", "0 missing, 0 extra, 0 altered") in audited.rows
    assert (["failed"], ["upstream_failed"]) == (
        ended.states["collect_failures"],
        ended.states["repair"],
    )
    assert [1] == [past["missing"] for past in store.reports(store.head("DAMAGED")).history()]
    assert [0] == [past["missing"] for past in store.reports(store.head("SOUND")).history()]


@pytest.mark.slow
def test_what_differs_is_repaired_if_told(run: Callable, store: Store, upload: Callable) -> None:
    """Exactly that, and audited again: the run is green."""
    for calc_id in ("WHOLE", "HOLED"):
        stored(store, upload(FILE), calc_id, key_scheme="calc")
    before = items_of(store, store.table(Kind.STATS))
    key = {"haz_sol_id": {"S": "HOLED"}, "loc_agg_rk": {"S": "[-41.300~174.780]:mean"}}
    store.client.delete_item(TableName=store.table(Kind.STATS), Key=key)
    ended = run("audit_hazard", calc_ids=["WHOLE", "HOLED"], repair=True)
    assert "success" == ended.state
    assert ["failed", "success"] == sorted(ended.states["audit"])
    assert (["HOLED"], ["success"]) == (ended.names["repair"], ended.states["repair"])
    assert before == items_of(store, store.table(Kind.STATS))
    assert [1, 0] == [past["missing"] for past in store.reports(store.head("HOLED")).history()][-2:]


@pytest.mark.slow
def test_what_is_stale_is_named_and_removed_only_if_told(
    run: Callable, store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    stored(store, FILE, "KEPT")
    begun = claim(store, plan_of(store), "dead", IfStored.FAIL).head
    store.transitions.fail(begun, {})
    store.client.update_item(
        TableName=store.settings.meta_table,
        Key={"haz_sol_id": {"S": "A"}, "record": {"S": "head"}},
        UpdateExpression="SET since = :long_ago",
        ExpressionAttributeValues={":long_ago": {"S": "2026-01-01T00:00:00+00:00"}},
    )
    named = run("audit_hazard", calc_ids=["KEPT"])
    assert ("success", ["skipped"]) == (named.state, named.states["remove_stale"])
    assert "A has been failed since 2026-01-01" in caplog.text
    removed = run("audit_hazard", calc_ids=["KEPT"], remove_stale=True)
    assert ("success", ["success"]) == (removed.state, removed.states["remove_stale"])
    assert store.heads.entry("A") is None
    assert Status.PUBLISHED is store.head("KEPT").status


def test_a_calculation_is_removed_if_its_id_was_given_twice(run: Callable, store: Store) -> None:
    stored(store, FILE, "GONE")
    before = all_items(store)
    mistyped = run("remove_hazard", calc_id="GONE", confirm="DONE")
    assert ("failed", ["failed"]) == (mistyped.state, mistyped.states["confirm"])
    assert before == all_items(store)
    (why,) = page_of("remove_hazard", mistyped.run_id)
    assert "confirm: " in why.sentences[0]
    assert "it is 'DONE', not 'GONE'" in why.sentences[0]
    ended = run("remove_hazard", calc_id="GONE", confirm="GONE", max_wcu_per_s=10_000)
    assert "success" == ended.state
    report = ended.xcoms["remove", "return_value"][0]
    assert (0, ["GONE"]) == (report["left"], report["versions"])
    assert report["items"] > 0
    assert "GONE" not in str(all_items(store))
    (removed,) = page_of("remove_hazard", ended.run_id)
    assert removed.sentences[0].startswith("GONE: ")
    assert removed.tone == "good"
