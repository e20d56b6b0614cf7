"""The shape of the DAG `backfill_hazard`: schedule, order, rules and names."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from tests.support.dag_runs import parsed

pytestmark = pytest.mark.airflow

INSPECT, STORE = "file.inspect", "file.store"
ORDER = {
    "find": {INSPECT, STORE, "summary"},
    INSPECT: {STORE},
    STORE: {"summary"},
    "summary": set(),
}


@pytest.fixture(scope="module")
def dag(environment: dict[str, str]) -> Any:
    return parsed("backfill_hazard", alone=True)


def test_every_file_is_inspected_then_stored_and_the_summary_comes_last(dag: Any) -> None:
    assert ORDER == {task.task_id: set(task.downstream_task_ids) & set(ORDER) for task in dag.tasks}
    assert ["summary"] == [task.task_id for task in dag.leaves]


def test_one_bad_file_does_not_stop_the_others_nor_the_summary(dag: Any) -> None:
    from airflow.sdk import TriggerRule
    from airflow.sdk.definitions.taskgroup import MappedTaskGroup

    group = dag.task_group_dict["file"]
    assert isinstance(group, MappedTaskGroup), "else an inspection would wait for all others"
    rules = {task.task_id: TriggerRule(task.trigger_rule).value for task in dag.tasks}
    assert {INSPECT: "all_success", STORE: "all_success"} == {k: rules[k] for k in (INSPECT, STORE)}
    assert rules["summary"] == "all_done"


def test_every_day_is_an_interval_of_its_own_and_is_caught_up(dag: Any) -> None:
    """Airflow gives a plain cron schedule empty intervals, in which nothing can arrive."""
    from airflow.serialization.serialized_objects import DagSerialization

    served = DagSerialization.deserialize_dag(DagSerialization.serialize_dag(dag))
    first, last = dt.datetime(2026, 11, 22, tzinfo=dt.UTC), dt.datetime(2026, 11, 24, tzinfo=dt.UTC)
    intervals = [each.data_interval for each in served.iter_dagrun_infos_between(first, last)]
    assert ["2026-11-22", "2026-11-23", "2026-11-24"] == [f"{i.start:%Y-%m-%d}" for i in intervals]
    for interval in intervals:
        assert dt.timedelta(days=1) == interval.end - interval.start
        assert dt.timedelta(0) == interval.start.utcoffset()
    assert dag.catchup
    assert (dag.max_active_runs, dag.start_date) == (1, dt.datetime(2026, 11, 1, tzinfo=dt.UTC))


def test_children_are_waited_for_in_the_triggerer(dag: Any) -> None:
    """In a worker's slot, a parent could keep its own child from running."""
    store = dag.task_dict[STORE]
    assert (store.trigger_dag_id, store.wait_for_completion) == ("store_hazard", True)
    assert store.deferrable
    assert store.max_active_tis_per_dagrun == 4


def test_every_instance_is_named_by_its_file(dag: Any) -> None:
    for name in (INSPECT, STORE):
        assert "{{ task.name_of_file }}" == dag.task_dict[name].map_index_template


def test_every_task_retries_what_is_temporary_and_only_that(dag: Any) -> None:
    from hazard_airflow.backfill.operators import OfFile

    for task in dag.tasks:
        assert hasattr(getattr(task, "python_callable", None), "__wrapped__") or isinstance(
            task, OfFile
        ), f"{task.task_id} does not tell what is final"
        assert task.retries > 2


def test_settings_say_where_to_begin_and_how_many_to_store_at_once(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HAZARD_STORE_BACKFILL_START", "2025-02-03")
    monkeypatch.setenv("HAZARD_STORE_BACKFILL_AT_ONCE", "2")
    changed = parsed("backfill_hazard", alone=True)
    assert dt.datetime(2025, 2, 3, tzinfo=dt.UTC) == changed.start_date
    assert changed.task_dict[STORE].max_active_tis_per_dagrun == 2


def test_a_red_day_is_told_of_and_a_long_one_is_not(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A day that waits for those before it is not late."""
    monkeypatch.setenv("HAZARD_STORE_NOTICE_SNS_TOPIC", "arn:aws:sns:us-east-1:000000000000:t")
    monkeypatch.setenv("HAZARD_STORE_NOTICE_DEADLINE_S", "60")
    told = parsed("backfill_hazard", alone=True)
    assert 1 == len(told.on_failure_callback)
    assert not told.deadline


def test_its_page_tells_what_each_task_does_and_what_to_do_when_it_is_red(dag: Any) -> None:
    assert "## When it is red" in dag.doc_md
    for task in ORDER:
        assert f"`{task}`" in dag.doc_md
