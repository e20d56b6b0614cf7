"""Runs of `store_hazard` in the later life of a calculation: dry, replacing, after a failure."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from hazard_store.model import KeyScheme, Status
from hazard_store.store import Store
from hazard_store.workflow.audit import audit
from tests.support.dag_runs import page_of
from tests.support.laws import assert_same
from tests.support.loading import CALCS, Silent, all_items, given_up, stored
from tests.support.plain_curves import plain_calc

pytestmark = pytest.mark.airflow

FIRST, SECOND = CALCS / "classical_rlzs_stats.hdf5", CALCS / "rlzs_only.hdf5"
REMOVE_OLD = "remove_old_versions.remove"


@pytest.fixture(autouse=True)
def no_grace(monkeypatch: pytest.MonkeyPatch) -> None:
    """Readers are not waited for."""
    monkeypatch.setenv("HAZARD_STORE_REPLACE_GRACE_S", "0")


def test_a_dry_run_plans_and_writes_nothing(run: Callable, upload: Callable, store: Store) -> None:
    before = all_items(store)
    ended = run(calc_id="DRY", calc_file=upload(FIRST), dry_run=True)
    assert "success" == ended.state
    plan = ended.xcoms["plan", "forecast"][0]
    assert 12 == plan["stats_items"]
    assert 0 < plan["dollars"]
    assert 0 < plan["seconds"]
    for task in ("store_meta", "decide", "publish"):
        assert ["skipped"] == ended.states[task]
    assert before == all_items(store)
    (shown,) = page_of("store_hazard", ended.run_id)
    assert ("stats", "12", str(plan["stats_wcu"])) == shown.rows[0]


@pytest.mark.slow
def test_replace_switches_and_removes_the_old_one(
    run: Callable, upload: Callable, store: Store
) -> None:
    """Only with `replace`; without, the published one stays as it is."""
    stored(store, upload(FIRST), "REPLACE")
    other = {"calc_id": "REPLACE", "calc_file": upload(SECOND, "second.hdf5")}
    refused = run(**other)
    assert ("failed", ["failed"]) == (refused.state, refused.states["store_meta"])
    assert_same(plain_calc(FIRST), store, "REPLACE")
    replaced = run(**other, if_stored="replace")
    assert "success" == replaced.state
    assert ["success"] == replaced.states[REMOVE_OLD]
    assert_same(plain_calc(SECOND), store, "REPLACE")
    assert "REPLACE@2" == store.head("REPLACE").storage_id
    assert store.heads.get("REPLACE") is None


@pytest.mark.slow
def test_the_failed_attempt_is_removed_when_the_new_one_is_published(
    run: Callable, upload: Callable, store: Store
) -> None:
    """Its items have keys of their own, so no audit finds them extra; in the end they are gone."""
    uri = upload(FIRST)
    given_up(store, uri, "GIVEN-UP", key_scheme="calc")
    assert "'GIVEN-UP'" in str(all_items(store))
    conf = {"calc_id": "GIVEN-UP", "calc_file": uri}
    ended = run(**conf, key_scheme="location", if_stored="replace")
    assert "success" == ended.state
    assert ["success"] == ended.states[REMOVE_OLD]
    head = store.head("GIVEN-UP")
    assert (Status.PUBLISHED, KeyScheme.LOCATION) == (head.status, head.calculation.key_scheme)
    assert audit(store, "GIVEN-UP", None, None, Silent(), scan=True).passed
    assert not [key for key in map(str, all_items(store)) if "'GIVEN-UP'" in key]
