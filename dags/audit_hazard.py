"""Audit published calculations again, every week.

Everything that is stored is read back and compared with the digests that were recorded when it was
written, calculation by calculation, within a read budget.
**A difference changes nothing by itself:** the calculation stays published, its instance of `audit`
turns red, and so does `different`, which names the command that repairs it.
Where `repair` is on, a container writes exactly those items again from the calculation file and
audits again; the run is red only if that did not help. What should not be there is never deleted
here: `hazard-store repair CALC_ID` asks for that.

Each audit is kept with its calculation: `hazard-store show CALC_ID` lists them.
`stale` names calculations that failed, or whose run went silent, some days ago; where
`remove_stale` is on, failed ones are removed.
"""

from __future__ import annotations

from typing import Any

import pendulum
from airflow.sdk import CronDataIntervalTimetable, Param, dag, task

from hazard_airflow.ecs_operator import CALCULATION_TAG, OWNER_TAG, HazardStoreOperator
from hazard_airflow.notifications import NotificationSettings
from hazard_airflow.retry_policy import RetryTemporary
from hazard_airflow.settings import EcsSettings
from hazard_store.settings import Settings

SETTINGS, ECS = Settings.from_environment(), EcsSettings.from_environment()
OWNER = "{{ dag.dag_id }}/{{ run_id }}"
CONTAINER = {
    **ECS.operator_arguments,
    "region_name": SETTINGS.region,
    "tags": {OWNER_TAG: OWNER, CALCULATION_TAG: "{{ task.arguments[1] }}"},
    "environment": SETTINGS.of_containers,
    "map_index_template": "{{ task.arguments[1] }}",
}


@dag(
    schedule=CronDataIntervalTimetable("0 3 * * 0", timezone="UTC"),
    start_date=pendulum.datetime(2026, 1, 1, tz="UTC"),
    catchup=False,
    max_active_runs=1,
    doc_md=__doc__,
    tags=["hazard"],
    dag_display_name="Audit published calculations",
    default_args={"retry_policy": RetryTemporary(), **ECS.retry_arguments},
    params={
        "calc_ids": Param(
            None,
            title="Calculations",
            description="One id a line. Empty: all that are published.",
            type=["null", "array"],
            items={"type": "string"},
        ),
        "max_rcu_per_s": Param(
            None,
            title="Read budget",
            description="Read units a second of the whole run. Empty: no limit.",
            type=["null", "number"],
            exclusiveMinimum=0,
        ),
        "repair": Param(
            False,
            title="Repair what differs",
            description="On: missing and altered items are written again, and audited again.",
            type="boolean",
        ),
        "stale_days": Param(
            14,
            title="Stale after",
            description="Days after which an unpublished calculation is named by `stale`.",
            type="integer",
            minimum=1,
        ),
        "remove_stale": Param(
            False,
            title="Remove stale failed calculations",
            description="On: what has been `failed` for so long is removed.",
            type="boolean",
        ),
    },
    **NotificationSettings.from_environment().dag_arguments(SETTINGS.region),
)
def audit_hazard() -> None:
    """Audit all, then look for what is stale."""

    @task
    def published(params: Any = None) -> list[list[str]]:
        from hazard_airflow import audit_steps

        return audit_steps.audits(params)

    @task(trigger_rule="all_done")
    def different(audits: list[list[str]] | None, params: Any = None, ti: Any = None) -> Any:
        from hazard_airflow import audit_steps

        states = ti.get_task_states(dag_id=ti.dag_id, run_ids=[ti.run_id])[ti.run_id]
        failed = [
            arguments[1]
            for index, arguments in enumerate(audits or ())
            if states.get(f"audit_{index}") == "failed"
        ]
        return audit_steps.repairs(failed, params)

    @task
    def stale(params: Any = None) -> list[list[str]]:
        from hazard_airflow import audit_steps

        return audit_steps.stale(params)

    to_audit = published()
    to_repair = different(to_audit)
    audited = HazardStoreOperator.partial(
        task_id="audit", max_active_tis_per_dagrun=SETTINGS.writers, **CONTAINER
    ).expand(arguments=to_audit)
    audited >> to_repair
    HazardStoreOperator.partial(task_id="repair", max_active_tis_per_dagrun=1, **CONTAINER).expand(
        arguments=to_repair
    )
    HazardStoreOperator.partial(
        task_id="remove_stale", task_role=ECS.remover_role, max_active_tis_per_dagrun=1, **CONTAINER
    ).expand(arguments=stale())


audit_hazard()
