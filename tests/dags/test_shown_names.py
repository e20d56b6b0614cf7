"""What a person reads in the lists and the grid: every DAG says what it is for, every task too."""

from __future__ import annotations

import pytest

from tests.support.dag_runs import parsed

pytestmark = pytest.mark.airflow

DAGS = ("store_hazard", "audit_hazard", "remove_hazard", "backfill_hazard")


@pytest.mark.parametrize("dag_id", DAGS)
def test_a_dag_has_a_name_and_a_description_of_one_sentence(
    environment: dict[str, str], dag_id: str
) -> None:
    dag = parsed(dag_id)
    assert dag_id != dag.dag_display_name
    assert dag.description.endswith(".")
    assert dag.doc_md.startswith(dag.description)


@pytest.mark.parametrize("dag_id", DAGS)
def test_every_task_has_a_name_for_people_that_no_other_has(
    environment: dict[str, str], dag_id: str
) -> None:
    names = {task.task_id: task.task_display_name for task in parsed(dag_id).tasks}
    for task_id, name in names.items():
        assert name not in (task_id, ""), task_id
        assert name[0].isupper(), task_id
    assert len(names) == len(set(names.values()))


@pytest.mark.parametrize("dag_id", ["store_hazard", "remove_hazard"])
def test_the_first_task_is_labelled_with_the_calculation(
    environment: dict[str, str], dag_id: str
) -> None:
    """The list of a run's tasks shows it; runs cannot be labelled from within."""
    (first,) = [task for task in parsed(dag_id).tasks if task.task_id in ("inspect", "confirm")]
    assert "{{ params.calc_id }}" == first.map_index_template


def test_the_asset_is_named_as_readers_know_it() -> None:
    from hazard_airflow.notifications import published_asset

    asset = published_asset("PROD")
    assert "hazard-store://PROD/published" == asset.name == asset.uri
