"""A run is green only if what it is for was done: each task of each DAG fails in turn."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowFailException

from hazard_airflow import audit_steps, store_steps
from hazard_store.model import Status
from hazard_store.store import Store
from tests.support.dag_runs import Run, ended, parsed
from tests.support.loading import CALCS, inspections_of, stored
from tests.support.stand_in_containers import stand_in
from tests.support.streams import whole_stream

pytestmark = pytest.mark.airflow

HOUSEKEEPING = ("stop_orphans", "remove_inspection")  # nothing that a run is for depends on it
AFTER_PUBLISH = ("remove_old_versions.find", "remove_old_versions.remove", *HOUSEKEEPING)
TASKS = {
    "store_hazard": (
        *("inspect", "plan", "store_meta", "write_stats", "write_realisations", "audit"),
        *("decide", "publish", *AFTER_PUBLISH),
    ),
    "stream_hazard": (
        *("inspect", "plan", "store_meta", "write_arrived", "write_stats", "write_realisations"),
        *("audit", "decide", "publish", "remove_chunks", *AFTER_PUBLISH),
    ),
    "audit_hazard": (
        *("list_published", "audit", "collect_failures", "repair", "report_unrepaired"),
        *("find_stale", "remove_stale"),
    ),
    "remove_hazard": ("confirm", "remove"),
    "backfill_hazard": ("find", "file.inspect", "file.store", "summary"),
}
OF_CHUNKS = ("write_stats", "write_realisations", "audit")
EACH = [(dag_id, task_id) for dag_id, task_ids in TASKS.items() for task_id in task_ids]
FILE = CALCS / "classical_rlzs_stats.hdf5"
DAY = "2026-07-01"
# Where nobody behind them would turn the run red: these are fast tests.
AT_THE_BEGINNING = {
    ("store_hazard", "inspect"),
    ("stream_hazard", "inspect"),
    ("audit_hazard", "list_published"),
    ("backfill_hazard", "find"),
    ("remove_hazard", "confirm"),
}


@pytest.fixture
def fail(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Let a task raise what no retry helps; without one, whatever it is for is done."""

    def in_task(task_id: str) -> None:
        from airflow.providers.amazon.aws.operators.ecs import EcsRunTaskOperator
        from airflow.providers.standard.operators.python import PythonOperator
        from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator

        def pre_execute(operator: Any, context: Any) -> None:
            if operator.task_id == task_id:
                raise AirflowFailException("it fails, as it was told to")

        for operator in (EcsRunTaskOperator, PythonOperator, TriggerDagRunOperator):
            monkeypatch.setattr(operator, "pre_execute", pre_execute, raising=False)

    stand_in(monkeypatch)
    return in_task


@pytest.fixture
def run_of(
    database: None,
    store: Store,
    upload: Callable[..., str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Callable[[str, str], Run]]:
    """Run a DAG that has something to do for each of its tasks."""
    monkeypatch.setenv("HAZARD_STORE_BACKFILL_START", "2026-01-01")
    remove = ["remove", "RETIRED", "--yes", "--json"]
    monkeypatch.setattr(store_steps, "removals_of_old_versions", lambda _: [remove])
    monkeypatch.setattr(audit_steps, "stale", lambda _: [remove])

    def to_end(dag_id: str, calc_id: str) -> Run:
        uri = upload(FILE, f"{DAY}/KEPT.hdf5" if dag_id == "backfill_hazard" else FILE.name)
        stored(store, uri, "RETIRED")
        if dag_id == "stream_hazard":
            made = whole_stream(FILE, tmp_path, calc_id=calc_id)
            for file in made.folder.iterdir():
                upload(file, f"streams/{calc_id}/{file.name}")
            manifest = upload(made.manifest, f"streams/{calc_id}/{made.manifest.name}")
            conf = {"calc_id": calc_id, "manifest": manifest}
            return ended(parsed(dag_id), run_conf=conf)
        if dag_id == "store_hazard":
            return ended(parsed(dag_id), run_conf={"calc_id": calc_id, "calc_file": uri})
        stored(store, str(FILE) if dag_id == "backfill_hazard" else uri, "KEPT")
        if dag_id == "backfill_hazard":
            after = dt.datetime.fromisoformat(f"{DAY}T00:00:00+00:00") + dt.timedelta(days=1)
            return ended(parsed(dag_id), scheduled=True, logical_date=after)
        if dag_id == "remove_hazard":
            return ended(parsed(dag_id), run_conf={"calc_id": "KEPT", "confirm": "KEPT"})
        repair = [["repair", "KEPT", "--json"]]
        monkeypatch.setattr(audit_steps, "repairs", lambda *_: repair)
        return ended(parsed(dag_id), run_conf={"calc_ids": ["KEPT"], "repair": True})

    yield to_end
    for left in inspections_of(store):  # by a run in which nobody removed it
        store.inspections.remove(left.removeprefix("inspect#"))


def test_no_task_is_forgotten(environment: dict[str, str]) -> None:
    assert {dag_id: set(task_ids) for dag_id, task_ids in TASKS.items()} == {
        dag_id: {task.task_id for task in parsed(dag_id).tasks} for dag_id in TASKS
    }


@pytest.mark.life
@pytest.mark.parametrize("dag_id", TASKS)
def test_a_run_in_which_nothing_fails_is_green(
    run_of: Callable, fail: Callable, dag_id: str
) -> None:
    """Else the tests below would tell nothing."""
    done = run_of(dag_id, "NOTHING-FAILS")
    assert "success" == done.state, done.states
    assert {"success"} == {state for states in done.states.values() for state in states} - {
        "skipped"
    }


@pytest.mark.parametrize(
    ("dag_id", "task_id"),
    [
        pytest.param(*each, marks=() if each in AT_THE_BEGINNING else pytest.mark.life)
        for each in EACH
    ],
)
def test_a_run_is_red_whichever_task_fails(
    run_of: Callable, fail: Callable, store: Store, dag_id: str, task_id: str
) -> None:
    """Housekeeping hides nothing and undoes nothing: what was published stays."""
    calc_id = f"{dag_id}-{task_id}".upper().replace("_", "-")
    fail(task_id)
    done = run_of(dag_id, calc_id)
    assert set(done.states[task_id]) == {"failed"}
    assert set(done.tries[task_id]) == {1}
    assert ("success" if task_id in HOUSEKEEPING else "failed") == done.state, done.states
    if task_id == "inspect" and dag_id != "backfill_hazard":
        behind = AFTER_PUBLISH[:2]
        of_chunks = OF_CHUNKS
        if dag_id == "stream_hazard":
            behind, of_chunks = (*behind, "remove_chunks"), (*of_chunks, "write_arrived")
        ends = {task: {"failed"} for task in ("inspect", "plan", "decide")}
        ends |= {end: {"success"} for end in HOUSEKEEPING}
        ends |= {each: {"upstream_failed"} for each in ("publish", *behind)}
        ends |= {of: {"upstream_failed"} for of in ("store_meta", *of_chunks)}
        assert ends == {k: set(v) for k, v in done.states.items() if set(v) != {"skipped"}}
    if dag_id in ("store_hazard", "stream_hazard"):
        head = store.heads.current(calc_id)
        published = head is not None and head.status is Status.PUBLISHED
        assert published == (task_id in (*AFTER_PUBLISH, "remove_chunks"))
