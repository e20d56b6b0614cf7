"""How a file's child run is started, found again and judged by what is published at its end."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowSkipException, DagRunTriggerException, TaskDeferred

from hazard_airflow.backfill.operators import ENDED, ChildFailed, StoreFile
from hazard_airflow.final_failures import Final
from hazard_store.store import Store
from hazard_store.workflow.inspect import inspect, inspection_json
from tests.support.calc_factory import make_calc
from tests.support.laws import check_pickle
from tests.support.loading import Silent, stored

pytestmark = pytest.mark.airflow

RUN_ID = "backfill__2026-11-23__calc_1-0123__4567"


@dataclass
class Instance:
    """A task instance, as far as the operator needs it."""

    child: str | None = None  # state of the child run; None: there is none
    is_paused: bool = False  # whether the child's DAG is
    xcoms: dict[str, Any] = field(default_factory=dict)

    def get_dr_count(self, dag_id: str, run_ids: list[str]) -> int:
        """Count the child."""
        assert ("store_hazard", [RUN_ID]) == (dag_id, run_ids)
        return 0 if self.child is None else 1

    def get_dagrun_state(self, dag_id: str, run_id: str) -> str | None:
        """Return the child's state."""
        return self.child

    def get_dag(self, dag_id: str) -> Instance:
        """Return what knows whether the DAG is paused."""
        return self

    def xcom_push(self, key: str, value: Any) -> None:
        """Keep a value."""
        self.xcoms[key] = value

    @property
    def outcome(self) -> tuple[str, str | None]:
        """The word that was left: the outcome, and the child's run id."""
        return self.xcoms["outcome"]["outcome"], self.xcoms["outcome"]["run_id"]


@pytest.fixture
def file(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    monkeypatch.setenv("HAZARD_STORE_INBOX", str(tmp_path))
    uri = str(make_calc(tmp_path / "calc_1.hdf5").path)
    return {
        "uri": uri,
        "name": "2026-11-23/calc_1.hdf5",
        "calc_id": "calc_1",
        "conf": {"calc_id": "calc_1", "calc_file": uri},
        "run_id": RUN_ID,
        "refused": None,
    }


@pytest.fixture
def operator(store: Store, file: dict[str, Any]) -> StoreFile:
    inspected = inspection_json(inspect(file["uri"], store.settings, Silent()))
    return StoreFile(task_id="store", file=file, inspected=inspected, trigger_dag_id="store_hazard")


def context(instance: Instance) -> Any:
    return {"ti": instance, "task_instance": instance}


def complete(operator: StoreFile, instance: Instance, state: str) -> None:
    event = ("DagStateTrigger", {"run_ids": [RUN_ID], RUN_ID: state})
    operator.execute_complete(context(instance), event)


def test_a_child_is_started_with_the_files_parameters_and_run_id(operator: StoreFile) -> None:
    with pytest.raises(DagRunTriggerException) as started:
        operator.execute(context(Instance()))
    asked = started.value
    assert (operator.file["conf"], RUN_ID) == (asked.conf, asked.dag_run_id)
    assert asked.wait_for_completion
    assert asked.deferrable
    assert asked.logical_date is None, "two children of one moment would clash"


@pytest.mark.parametrize("state", ["queued", "running"])
def test_a_child_that_is_under_way_is_waited_for_and_not_begun_again(
    operator: StoreFile, state: str
) -> None:
    """The parent's task was cleared, or its worker died after the start."""
    instance = Instance(child=state)
    with pytest.raises(TaskDeferred) as deferred:
        operator.execute(context(instance))
    assert [RUN_ID] == deferred.value.trigger.run_ids
    assert ENDED == deferred.value.trigger.states
    assert RUN_ID == instance.xcoms["trigger_run_id"]


@pytest.mark.parametrize("state", ["failed", "success"])
def test_a_child_that_ended_without_a_published_calculation_is_run_again(
    operator: StoreFile, state: str
) -> None:
    with pytest.raises(DagRunTriggerException) as started:
        operator.execute(context(Instance(child=state)))
    assert started.value.reset_dag_run


def test_a_paused_store_hazard_is_one_clear_error(operator: StoreFile) -> None:
    """A run of a paused DAG would wait for ever, and this one with it."""
    instance = Instance(is_paused=True)
    with pytest.raises(Final, match="store_hazard: it is paused"):
        operator.execute(context(instance))
    assert "failed" == instance.outcome[0]


def test_what_is_published_is_skipped_and_something_else_refused(
    operator: StoreFile, store: Store
) -> None:
    stored(store, operator.file["uri"], "calc_1")
    instance = Instance()
    with pytest.raises(AirflowSkipException):
        operator.execute(context(instance))
    assert ("skipped", None) == instance.outcome
    operator.file["conf"]["realisations"] = False
    with pytest.raises(Final):
        operator.execute(context(instance))
    assert ("refused", None) == instance.outcome
    operator.file["conf"]["if_stored"] = "replace"
    with pytest.raises(DagRunTriggerException):
        operator.execute(context(instance))


def test_stored_is_what_is_published_when_the_child_has_ended(
    operator: StoreFile, store: Store
) -> None:
    instance = Instance()
    with pytest.raises(Final, match=f"calc_1: it is not published; see the run {RUN_ID}"):
        complete(operator, instance, "success")
    assert ("failed", RUN_ID) == instance.outcome
    stored(store, operator.file["uri"], "calc_1")
    complete(operator, instance, "success")
    assert ("stored", RUN_ID) == instance.outcome
    assert "2026-11-23/calc_1.hdf5: stored" == operator.name_of_file


def test_a_child_that_failed_is_not_tried_again_by_its_parent(operator: StoreFile) -> None:
    """It has had its own retries."""
    instance = Instance()
    with pytest.raises(Final, match=f"calc_1: storing it failed; see the run {RUN_ID}") as error:
        complete(operator, instance, "failed")
    assert ("failed", RUN_ID) == instance.outcome
    check_pickle(error.value)
    check_pickle(ChildFailed("calc_1", RUN_ID, "storing it failed"))


def test_a_child_that_failed_behind_the_publication_has_stored_its_file(
    operator: StoreFile, store: Store
) -> None:
    """Removing what it replaced failed, say: what counts is what readers see."""
    stored(store, operator.file["uri"], "calc_1")
    instance = Instance()
    complete(operator, instance, "failed")
    assert ("stored", RUN_ID) == instance.outcome
    assert "a task behind that failed" in instance.xcoms["outcome"]["reason"]


def test_a_dry_run_stores_nothing_and_is_skipped(operator: StoreFile) -> None:
    operator.file["conf"]["dry_run"] = True
    instance = Instance()
    with pytest.raises(AirflowSkipException, match="dry run"):
        complete(operator, instance, "success")
    assert ("skipped", RUN_ID) == instance.outcome
