"""The shape of the DAG: order, rules, names, and how little it needs to be parsed."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support import airflow_home

pytestmark = pytest.mark.airflow

STATS, REALISATIONS = "stats.write_stats", "realisations.write_realisations"
ORDER = {
    "inspect": {"plan", "store_meta"},
    "plan": {"go"},
    "go": {"store_meta"},
    "store_meta": {"stats.chunks", "realisations.chunks", "given_up", "audit", "decide", "publish"},
    "stats.chunks": {STATS},
    "realisations.chunks": {REALISATIONS},
    STATS: {"audit"},
    REALISATIONS: {"audit"},
    "audit": {"decide"},
    "decide": {"publish"},
    "publish": {"replaced", "stop_leftovers"},
    "replaced": {"remove_old"},
    "remove_old": {"stop_leftovers"},
    "given_up": {"clear"},
    "clear": {STATS, REALISATIONS},
    "stop_leftovers": set(),
}


@pytest.fixture(scope="module")
def dag(environment: None) -> Any:
    from tests.support.dag_runs import parsed

    return parsed()


def test_the_steps_have_their_order(dag: Any) -> None:
    assert {task.task_id: set(task.downstream_task_ids) for task in dag.tasks} == ORDER


def test_the_audit_comes_after_skipped_writers_and_the_decision_after_everything(dag: Any) -> None:
    from airflow.sdk import TriggerRule

    rules = {task.task_id: TriggerRule(task.trigger_rule).value for task in dag.tasks}
    assert (rules.pop("audit"), rules.pop("decide")) == ("none_failed", "all_done")
    assert rules.pop("stop_leftovers") == "all_done_setup_success"
    # What writers wait for is skipped where there is nothing to clear.
    assert {"none_failed"} == {rules.pop(name) for name in (STATS, REALISATIONS)}
    assert {"all_success"} == set(rules.values())


def test_clean_up_runs_however_the_run_ends_and_does_not_make_it_green(dag: Any) -> None:
    task = dag.task_dict["stop_leftovers"]
    assert task.is_teardown
    assert not task.on_failure_fail_dagrun


def test_heavy_work_runs_in_containers_mapped_over_chunks_and_named_by_sites(dag: Any) -> None:
    from hazard_airflow.ecs_operator import HazardStoreOperator

    of_chunks, removals = {STATS, REALISATIONS, "audit"}, {"clear", "remove_old"}
    containers = {"inspect"} | of_chunks | removals
    for task in dag.tasks:
        operator = getattr(task, "operator_class", type(task))
        assert (task.task_id in containers) == (operator is HazardStoreOperator)
        assert (task.task_id in containers - {"inspect"}) == task.is_mapped
        if task.task_id in of_chunks:
            assert task.partial_kwargs["map_index_template"] == "{{ task.name_of_chunk }}"


def test_every_task_retries_what_is_temporary_and_only_that(dag: Any) -> None:
    from hazard_airflow.retry_policy import RetryTemporary

    for task in dag.tasks:
        assert isinstance(task.retry_policy, RetryTemporary), task.task_id
        assert task.retries > 2
        assert task.retry_exponential_backoff == 2


def test_writers_are_told_stage_owner_and_attempt(dag: Any) -> None:
    for name in (STATS, REALISATIONS, "audit"):
        environment = dag.task_dict[name].partial_kwargs["environment"]
        assert environment == {
            "HAZARD_STORE_STAGE": "LOCAL",
            "HAZARD_STORE_TABLE_PREFIX": "Hazard",
            "HAZARD_STORE_REPLACE_GRACE_S": "15.0",
            "HAZARD_STORE_OWNER": "{{ dag.dag_id }}/{{ run_id }}",
            "HAZARD_STORE_ATTEMPT": "{{ task.chunk.attempt }}",
        }


def test_containers_are_as_the_settings_say(dag: Any) -> None:
    from hazard_airflow.settings import EcsSettings

    for name in (STATS, REALISATIONS, "audit"):
        given = dag.task_dict[name].partial_kwargs
        assert given.items() >= EcsSettings.from_environment().operator_arguments.items()


def test_no_more_writers_run_at_once_than_the_forecast_counts_on(dag: Any) -> None:
    from hazard_store.settings import Settings

    writers = Settings.from_environment().writers
    assert writers == dag.max_active_tasks
    assert writers == dag.task_dict[STATS].max_active_tis_per_dagrun


def test_it_is_triggered_by_people_and_its_page_tells_what_to_do_when_it_is_red(dag: Any) -> None:
    assert dag.schedule is None
    assert "## When it is red" in dag.doc_md
    helpers = {"stats.chunks", "realisations.chunks", "given_up", "replaced"}
    for task in ORDER.keys() - helpers:
        assert f"`{task}`" in dag.doc_md


def test_what_is_imported_at_the_top_of_a_dag_file() -> None:
    """Of `hazard_store` the settings only, of the rest of ours what Airflow needs to parse."""
    allowed = {
        "hazard_airflow.backfill.operators",
        "hazard_airflow.backfill_settings",
        "hazard_airflow.ecs_operator",
        "hazard_airflow.notifications",
        "hazard_airflow.retry_policy",
        "hazard_airflow.settings",
        "hazard_airflow.store_params",
        "hazard_store.settings",
    }
    for file in airflow_home.DAGS.glob("*.py"):
        tree = ast.parse(file.read_text())
        names = [n.module or "" for n in tree.body if isinstance(n, ast.ImportFrom)]
        names += [a.name for n in tree.body if isinstance(n, ast.Import) for a in n.names]
        assert {n for n in names if n.startswith(("hazard_", "include"))} <= allowed, file
        assert not {n for n in names if n.split(".")[0] in ("boto3", "h5py", "numpy")}, file


def test_parsing_imports_no_workflow_and_calls_nobody(environment: None) -> None:
    script = Path(__file__).with_name("parse_alone.py")
    done = subprocess.run(
        [sys.executable, str(script), str(airflow_home.DAGS)],
        env={**os.environ, "AWS_ENDPOINT_URL": "http://127.0.0.1:9"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    files = {file.stem: file.stem for file in airflow_home.DAGS.glob("*.py")}
    assert json.loads(done.stdout.splitlines()[-1]) == {"files": files, "errors": {}}
