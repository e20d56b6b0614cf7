"""What people do to runs of `store_hazard` at every task: clear it, delete the run.

With a real scheduler. What is killed, and cleared after that, is in test_standalone_runs.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hazard_store.model import Status
from hazard_store.store import Store
from hazard_store.workflow.audit import audit
from tests.support import killer
from tests.support.calc_factory import make_calc
from tests.support.killable import killable
from tests.support.laws import assert_same
from tests.support.loading import Silent, inspections_of
from tests.support.plain_curves import plain_calc
from tests.support.standalone import Standalone

pytestmark = [pytest.mark.airflow, pytest.mark.life]

DAG = "store_hazard"
NEED_INSPECTION = {"plan", "store_meta"}  # which the end of a run removes
IN_TURN = ("inspect", "plan", "store_meta", "write_stats", "audit", "decide", "publish")


@pytest.fixture(scope="module")
def airflow(kills: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Standalone]:
    with killable(kills, tmp_path_factory, deferrable=True) as made:
        yield made


@pytest.fixture
def calc_file(tmp_path: Path) -> Path:
    return make_calc(tmp_path / "1.hdf5", n=12, r=3, imts=["PGA"]).path


def assert_published(store: Store, calc_file: Path, calc_id: str) -> None:
    """Assert that it is published, and whole."""
    assert Status.PUBLISHED is store.head(calc_id).status
    assert_same(plain_calc(calc_file), store, calc_id)
    assert audit(store, calc_id, str(calc_file), None, Silent(), scan=True).passed


def assert_nothing_left(store: Store) -> None:
    """Assert that no inspection is left of any run."""
    assert [] == inspections_of(store)


def owned(store: Store, calc_id: str) -> tuple[str, int]:
    head = store.head(calc_id)
    return head.storage_id, head.attempt


def test_each_task_of_a_published_run_is_cleared(airflow: Standalone, calc_file: Path) -> None:
    """Alone, from the last to the first; then the first with all behind it: nothing changes."""
    calc_id, store = "CLEARED", airflow.store
    uri = airflow.upload(calc_file, "cleared.hdf5")
    conf = {"calc_id": calc_id, "calc_file": uri, "sites_per_chunk": 6}
    run_id = airflow.api.trigger(DAG, conf)
    assert "success" == airflow.end_of(DAG, run_id)
    head = store.head(calc_id)
    for task_id in reversed(airflow.api.tasks(DAG)):
        airflow.clear(DAG, run_id, task_id, downstream=False)
        assert "success" == airflow.end_of(DAG, run_id), task_id  # by its ends: they stay green
        done = [each for each in airflow.api.instances(DAG, run_id) if each["task_id"] == task_id]
        if task_id in NEED_INSPECTION:
            assert ["failed"] == [each["state"] for each in done]
            assert "clear `inspect`" in airflow.api.log(done[0])
        else:
            assert {"success", "skipped"} >= {each["state"] for each in done}
        assert (head.storage_id, head.attempt) == owned(store, calc_id), task_id
        assert_published(store, calc_file, calc_id)
    airflow.clear(DAG, run_id, "inspect")
    assert "success" == airflow.end_of(DAG, run_id)
    assert (head.storage_id, head.attempt) == owned(store, calc_id)
    assert_nothing_left(store)


def test_a_run_is_deleted_at_each_task_and_triggered_anew(
    airflow: Standalone, kills: Path, calc_file: Path
) -> None:
    """What each left, the next resumes."""
    calc_id, store = "DELETED", airflow.store
    uri = airflow.upload(calc_file, "deleted.hdf5")
    conf = {"calc_id": calc_id, "calc_file": uri, "sites_per_chunk": 6, "if_stored": "resume"}
    for task_id in IN_TURN:
        ordered = killer.order(kills, task_id, killer.BEFORE)
        run_id = airflow.api.trigger(DAG, conf)
        assert "failed" == airflow.end_of(DAG, run_id), task_id
        assert not ordered.exists(), task_id
        airflow.delete(DAG, run_id)
        entry = store.heads.entry(calc_id)
        assert entry is None or store.head(calc_id).status is not Status.PUBLISHED
    run_id = airflow.api.trigger(DAG, conf)
    assert "success" == airflow.end_of(DAG, run_id)
    assert_published(store, calc_file, calc_id)
    assert_nothing_left(store)
