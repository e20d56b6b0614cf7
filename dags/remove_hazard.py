"""Remove a stored calculation for good.

The calculation is withdrawn first, so no reader sees it any more; then a container deletes its items
within the write budget, counts that none is left, and deletes its records.
**A removal that was interrupted is continued by clearing the red task, or by another run.**

| exit code | meaning | what to do |
|---|---|---|
| 66 | no such calculation is stored | it may be gone already: `hazard-store list --all` |
| 75 | a run is writing it, or temporary | wait for that run; if it is dead, run again with `take_over` |
"""  # noqa: E501

from __future__ import annotations

from typing import Any

from airflow.sdk import Param, dag, task

from hazard_airflow.ecs_operator import CALCULATION_TAG, OWNER_TAG, HazardStoreOperator
from hazard_airflow.notifications import NotificationSettings
from hazard_airflow.retry_policy import RetryTemporary
from hazard_airflow.settings import EcsSettings
from hazard_airflow.store_params import CALC_ID_PATTERN
from hazard_store.settings import Settings

SETTINGS, ECS = Settings.from_environment(), EcsSettings.from_environment()
CALC_ID = "{{ params.calc_id }}"
OWNER = "{{ dag.dag_id }}/{{ run_id }}"


@dag(
    schedule=None,
    doc_md=__doc__,
    tags=["hazard"],
    dag_display_name="Remove a hazard calculation",
    default_args={"retry_policy": RetryTemporary(), **ECS.retry_arguments},
    params={
        "calc_id": Param(
            title="Calculation id",
            description="What is removed, with all its versions.",
            type="string",
            pattern=CALC_ID_PATTERN,
        ),
        "confirm": Param(
            title="The id again",
            description="There is no way back, so it is asked for twice.",
            type="string",
            pattern=CALC_ID_PATTERN,
        ),
        "take_over": Param(
            False,
            title="Even if a run is writing it",
            description="That run's writers are fenced and stop at their next request.",
            type="boolean",
        ),
        "max_wcu_per_s": Param(
            None,
            title="Write budget",
            description="Write units a second. Empty: the budget it was stored with.",
            type=["null", "number"],
            exclusiveMinimum=0,
        ),
    },
    **NotificationSettings.from_environment().dag_arguments(SETTINGS.region),
)
def remove_hazard() -> None:
    """Ask twice, then remove."""

    @task
    def confirm(params: Any = None) -> None:
        from hazard_airflow import audit_steps

        audit_steps.confirm_removal(params)

    removed = HazardStoreOperator(
        task_id="remove",
        arguments=[
            *("remove", CALC_ID, "--yes", "--json"),
            "{{ '--take-over' if params.take_over else '' }}",
            "{{ '--max-wcu-per-s=' ~ params.max_wcu_per_s if params.max_wcu_per_s else '' }}",
        ],
        environment={**SETTINGS.of_containers, "HAZARD_STORE_OWNER": OWNER},
        task_role=ECS.remover_role,
        region_name=SETTINGS.region,
        tags={OWNER_TAG: OWNER, CALCULATION_TAG: CALC_ID},
        **ECS.operator_arguments,
    )
    confirm() >> removed


remove_hazard()
