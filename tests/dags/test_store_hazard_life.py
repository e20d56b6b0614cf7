"""Runs of `store_hazard` in the later life of a calculation: dry, replacing, after a failure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from hazard_store.model import KeyScheme, Kind, Status
from hazard_store.store import Store
from hazard_store.workflow.audit import audit
from tests.support.laws import assert_same
from tests.support.loading import CALCS, Silent, all_items
from tests.support.plain_curves import plain_calc

pytestmark = pytest.mark.airflow

FIRST, SECOND = CALCS / "classical_rlzs_stats.hdf5", CALCS / "rlzs_only.hdf5"
CLEAR, REMOVE_OLD = "clear", "remove_old"


@pytest.fixture(autouse=True)
def no_grace(monkeypatch: pytest.MonkeyPatch) -> None:
    """Readers are not waited for."""
    monkeypatch.setenv("HAZARD_STORE_REPLACE_GRACE_S", "0")


def test_a_dry_run_plans_and_writes_nothing(run: Callable, upload: Callable, store: Store) -> None:
    before = all_items(store)
    ended = run(calc_id="DRY", calc_file=upload(FIRST), dry_run=True)
    assert "success" == ended.state
    plan = ended.xcoms["plan", "return_value"][0]
    assert 36 == plan["stats_items"]
    assert 0 < plan["dollars"]
    assert 0 < plan["seconds"]
    for task in ("store_meta", "decide", "publish"):
        assert ["skipped"] == ended.states[task]
    assert before == all_items(store)


def test_replace_switches_and_removes_the_old_one(
    run: Callable, upload: Callable, store: Store
) -> None:
    """Only with `replace`; without, the published one stays as it is."""
    assert "success" == run(calc_id="REPLACE", calc_file=upload(FIRST)).state
    other = {"calc_id": "REPLACE", "calc_file": upload(SECOND, "second.hdf5")}
    refused = run(**other)
    assert ("failed", ["failed"]) == (refused.state, refused.states["store_meta"])
    assert_same(plain_calc(FIRST), store, "REPLACE")
    replaced = run(**other, if_stored="replace")
    assert "success" == replaced.state
    assert (["skipped"], ["success"]) == (replaced.states[CLEAR], replaced.states[REMOVE_OLD])
    assert_same(plain_calc(SECOND), store, "REPLACE")
    assert "REPLACE@2" == store.head("REPLACE").storage_id
    assert store.heads.get("REPLACE") is None


def test_the_failed_attempt_is_cleared_before_the_writers(
    run: Callable, upload: Callable, store: Store, faults: Any
) -> None:
    """By its own key scheme; then the new one is stored, alone."""
    key = {"haz_sol_id": {"S": "GIVEN-UP"}, "loc_agg_rk": {"S": "[-41.300~174.780]:mean"}}
    delete = (
        f"boto3.client('dynamodb').delete_item(TableName={store.table(Kind.STATS)!r}, Key={key})"
    )
    faults.add("audit", run=f"import boto3; {delete}")
    conf = {"calc_id": "GIVEN-UP", "calc_file": upload(FIRST)}
    assert "failed" == run(**conf, key_scheme="calc").state
    ended = run(**conf, key_scheme="location", if_stored="replace")
    assert "success" == ended.state
    assert (["success"], ["skipped"]) == (ended.states[CLEAR], ended.states[REMOVE_OLD])
    head = store.head("GIVEN-UP")
    assert (Status.PUBLISHED, KeyScheme.LOCATION) == (head.status, head.calculation.key_scheme)
    assert audit(store, "GIVEN-UP", None, None, Silent(), scan=True).passed
    assert not [key for key in map(str, all_items(store)) if "'GIVEN-UP'" in key]


def test_what_is_published_is_an_asset_event(run: Callable, upload: Callable, store: Store) -> None:
    """With the calculation's identity and counts; a run that writes nothing emits none."""
    from airflow.models.asset import AssetEvent
    from airflow.utils.session import create_session
    from sqlalchemy import select

    def events() -> list[dict[str, Any]]:
        with create_session() as session:
            found = [event.extra for event in session.scalars(select(AssetEvent))]
        return [extra for extra in found if extra.get("calc_id") == "EVENT"]

    conf = {"calc_id": "EVENT", "calc_file": upload(FIRST)}
    assert "success" == run(**conf).state
    (extra,) = events()
    assert (36, "published") == (extra["stats"]["stored"], extra["status"])
    assert "success" == run(**conf).state
    assert 1 == len(events())
