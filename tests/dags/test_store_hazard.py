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

STATS, REALISATIONS = "write_stats", "write_realisations"
OF_CHUNKS = {STATS, REALISATIONS, "audit"}
FIND, REMOVE = "remove_old_versions.find", "remove_old_versions.remove"
ENDS = ("stop_orphans", "remove_inspection")
ORDER: dict[str, set[str]] = {
    "inspect": {"plan", "store_meta"},
    "plan": {"store_meta"},
    "store_meta": {*OF_CHUNKS, "decide", "publish"},
    STATS: {"audit"},
    REALISATIONS: {"audit"},
    "audit": {"decide"},
    "decide": {"publish"},
    "publish": {FIND},
    FIND: {REMOVE},
    REMOVE: {*ENDS},
    **{end: set() for end in ENDS},
}


@pytest.fixture(scope="module")
def dag(environment: dict[str, str]) -> Any:
    from tests.support.dag_runs import parsed

    return parsed()


def test_the_steps_have_their_order(dag: Any) -> None:
    assert {task.task_id: set(task.downstream_task_ids) for task in dag.tasks} == ORDER


def test_the_audit_comes_after_skipped_writers_and_the_decision_after_everything(dag: Any) -> None:
    from airflow.sdk import TriggerRule

    rules = {task.task_id: TriggerRule(task.trigger_rule).value for task in dag.tasks}
    assert {"none_failed"} == {rules.pop(name) for name in (*OF_CHUNKS, "publish")}
    assert "all_done" == rules.pop("decide")
    assert "all_done" == rules.pop("plan"), "behind a refused file it skips the rest"
    assert {"all_done_setup_success"} == {rules.pop(end) for end in ENDS}
    assert {"all_success"} == set(rules.values())


@pytest.mark.parametrize("end", ENDS)
def test_clean_up_runs_however_the_run_ends_and_does_not_make_it_green(dag: Any, end: str) -> None:
    task = dag.task_dict[end]
    assert task.is_teardown
    assert not task.on_failure_fail_dagrun


def test_heavy_work_runs_in_containers_mapped_over_chunks_and_named_by_sites(dag: Any) -> None:
    from hazard_airflow.ecs_operator import HazardStoreOperator

    for task in dag.tasks:
        operator = getattr(task, "operator_class", type(task))
        container = task.task_id in {"inspect", REMOVE, *OF_CHUNKS}
        assert container == issubclass(operator, HazardStoreOperator), task.task_id
        mapped = {REMOVE: task.is_mapped}.get(task.task_id, task.get_closest_mapped_task_group())
        assert (task.task_id in {REMOVE, *OF_CHUNKS}) == bool(mapped), task.task_id
        if task.task_id in OF_CHUNKS:
            assert task.map_index_template == "{{ task.name_of_chunk }}"
            assert task.template_fields[0] == "chunk", "the environment names parts of it"


def test_audits_go_before_the_writers_of_later_chunks(dag: Any) -> None:
    """Where slots are scarce, audits would else all run last."""
    weights = {name: dag.task_dict[name] for name in OF_CHUNKS}
    assert {"upstream"} == {str(task.weight_rule) for task in weights.values()}


def test_every_task_retries_what_is_temporary_and_only_that(dag: Any) -> None:
    from hazard_airflow.ecs_operator import HazardStoreOperator

    for task in dag.tasks:
        assert hasattr(getattr(task, "python_callable", None), "__wrapped__") or issubclass(
            getattr(task, "operator_class", type(task)), HazardStoreOperator
        ), f"{task.task_id} does not tell what is final"
        assert task.retries > 2
        assert task.retry_exponential_backoff == 2


def test_writers_are_told_stage_owner_and_attempt(dag: Any) -> None:
    for name in (STATS, REALISATIONS, "audit"):
        environment = dag.task_dict[name].environment
        assert environment == {
            "HAZARD_STORE_STAGE": "LOCAL",
            "HAZARD_STORE_TABLE_PREFIX": "Hazard",
            "HAZARD_STORE_REPLACE_GRACE_S": "15.0",
            "HAZARD_STORE_STREAM_SILENCE_S": "600.0",
            "HAZARD_STORE_MAX_ITEMS": "5000000.0",
            "HAZARD_STORE_MAX_DOLLARS": "100.0",
            "HAZARD_STORE_OWNER": "{{ dag.dag_id }}/{{ run_id }}",
            "HAZARD_STORE_ATTEMPT": "{{ task.chunk.attempt }}",
            "HAZARD_STORE_LOG_SERVICE": "true",
        }


def test_containers_are_as_the_settings_say(dag: Any) -> None:
    from hazard_airflow.settings import EcsSettings

    for name in (STATS, REALISATIONS, "audit"):
        task = dag.task_dict[name]
        for argument, value in EcsSettings.from_environment().operator_arguments.items():
            assert value == getattr(task, argument), argument


def test_no_more_writers_run_at_once_than_the_forecast_counts_on(dag: Any) -> None:
    from hazard_airflow.settings import EcsSettings
    from hazard_store.settings import Settings

    writers = Settings.from_environment().writers
    of_a_kind = EcsSettings.from_environment().writers_of_a_kind(writers)
    assert writers == dag.max_active_tasks
    assert {of_a_kind} == {dag.task_dict[name].max_active_tis_per_dagrun for name in OF_CHUNKS}


def test_it_is_triggered_by_people_and_its_page_tells_what_to_do_when_it_is_red(dag: Any) -> None:
    assert dag.schedule is None
    assert "## When it is red" in dag.doc_md
    for task in ORDER:
        assert f"`{task.partition('.')[0]}`" in dag.doc_md


def test_what_is_imported_at_the_top_of_a_dag_file() -> None:
    """Of ours what Airflow needs to parse: parameters, tasks, containers."""
    allowed = {
        "hazard_airflow.audit_params",
        "hazard_airflow.audit_tasks",
        "hazard_airflow.backfill.settings",
        "hazard_airflow.backfill.tasks",
        "hazard_airflow.containers",
        "hazard_airflow.store_params",
        "hazard_airflow.store_tasks",
        "hazard_airflow.stream_params",
        "hazard_airflow.stream_tasks",
    }
    for file in airflow_home.DAGS.glob("*.py"):
        tree = ast.parse(file.read_text())
        names = [n.module or "" for n in tree.body if isinstance(n, ast.ImportFrom)]
        names += [a.name for n in tree.body if isinstance(n, ast.Import) for a in n.names]
        assert {n for n in names if n.startswith(("hazard_", "include"))} <= allowed, file
        assert not {n for n in names if n.split(".")[0] in ("boto3", "h5py", "numpy")}, file


def test_a_dag_file_is_a_table_of_contents() -> None:
    """At most eighty lines of code: order, schedule and parameters."""
    for file in airflow_home.DAGS.glob("*.py"):
        tree = ast.parse(file.read_text())
        page = ast.get_docstring(tree, clean=False) or ""
        assert len(file.read_text().splitlines()) - len(page.splitlines()) <= 80, file
        logic = (ast.For, ast.While, ast.Try, ast.If, ast.Lambda)
        assert not any(isinstance(node, logic) for node in ast.walk(tree)), file


def test_parsing_imports_no_workflow_and_calls_nobody(environment: dict[str, str]) -> None:
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
