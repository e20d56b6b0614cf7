"""What `inspect` leaves in the records for `plan` and `store_meta`, and that it goes away."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from hazard_airflow import store_steps
from hazard_store.model import Status, Units
from hazard_store.store import Store
from hazard_store.workflow.inspect import inspect
from local import aws
from tests.support.loading import CALCS, Silent, inspections_of, stored

pytestmark = pytest.mark.airflow

FILE = CALCS / "classical_rlzs_stats.hdf5"


@pytest.fixture
def killed(store: Store) -> Callable[[], None]:
    """Leave what a run that was killed two days ago has left, and one that is under way."""
    found, now = inspect(str(FILE), store.settings, Silent()), dt.datetime.now(dt.UTC)

    nothing = Units({}, {}, ())

    def leave() -> None:
        store.inspections.put("store_hazard/killed", found, nothing, now - dt.timedelta(days=2))
        store.inspections.put("store_hazard/under-way", found, nothing, now)

    return leave


@pytest.mark.slow
def test_plan_and_store_meta_open_no_file_and_a_failed_run_leaves_nothing(
    run: Callable,
    upload: Callable,
    store: Store,
    stack: Any,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """The file is deleted when it was inspected: the first to miss it are the writers."""
    uri = upload(FILE, "deleted.hdf5")
    plan = store_steps.plan
    found = []

    def delete_and_plan(*arguments: Any) -> dict[str, Any]:
        found.extend(inspections_of(store))
        aws.client(stack, "s3").delete_object(Bucket=stack.inbox_bucket, Key="deleted.hdf5")
        return plan(*arguments)

    monkeypatch.setattr(store_steps, "plan", delete_and_plan)
    ended = run(calc_id="DELETED", calc_file=uri)
    assert [f"inspect#store_hazard/{ended.run_id}"] == found
    assert "failed" == ended.state
    assert ["success"] == ended.states["plan"] == ended.states["store_meta"]
    assert 12 == ended.xcoms["plan", "forecast"][0]["stats_items"]
    assert ["failed"] == ended.states["write_stats"] == ended.states["write_realisations"]
    assert "exit code 66 (no such input or calculation)" in capfd.readouterr().out
    assert Status.FAILED is store.head("DELETED").status
    assert ["success"] == ended.states["remove_inspection"]
    assert [] == inspections_of(store)


@pytest.mark.slow
@pytest.mark.parametrize("dry_run", [True, False])
def test_the_next_run_removes_what_a_killed_one_left(
    run: Callable, upload: Callable, store: Store, killed: Callable[[], None], dry_run: bool
) -> None:
    """Beside its own, and not what another run still needs; a dry run too."""
    killed()
    ended = run(calc_id=f"NEXT{dry_run}", calc_file=upload(FILE), dry_run=dry_run)
    assert "success" == ended.state
    assert ["store_hazard/killed"] == ended.xcoms["remove_inspection", "return_value"][0]
    assert ["inspect#store_hazard/under-way"] == inspections_of(store)
    store_steps.remove_inspection("store_hazard/under-way")
    assert [] == inspections_of(store)


def test_the_weekly_audit_removes_what_a_killed_run_left(
    run: Callable, store: Store, killed: Callable[[], None], caplog: pytest.LogCaptureFixture
) -> None:
    stored(store, FILE, "WEEKLY")
    killed()
    assert "success" == run("audit_hazard", calc_ids=["WEEKLY"]).state
    assert ["inspect#store_hazard/under-way"] == inspections_of(store)
    assert "store_hazard/killed was killed or deleted" in caplog.text
    store_steps.remove_inspection("store_hazard/under-way")
