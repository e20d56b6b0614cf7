"""Remove a stored calculation for good.

The calculation is withdrawn first, so no reader sees it any more; then a container deletes its items
within the write budget, counts that none is left, and deletes its records.
**A removal that was interrupted is continued by clearing the red task, or by another run.**

| exit code | meaning | what to do |
|---|---|---|
| 2 | an unknown parameter, or `confirm` is another id | run again with other parameters; nothing was removed |
| 66 | no such calculation is stored | it may be gone already: `hazard-store list --all` |
| 75 | a run is writing it, or temporary | wait for that run; if it is dead, run again with `take_over` |
"""  # noqa: E501

from __future__ import annotations

from airflow.sdk import dag

from hazard_airflow.audit_params import remove_params
from hazard_airflow.audit_tasks import confirm
from hazard_airflow.containers import Containers

CONTAINERS = Containers()
REMOVE = [
    *("remove", "{{ params.calc_id }}", "--yes", "--json"),
    "{{ '--take-over' if params.take_over else '' }}",
    "{{ '--max-wcu-per-s=' ~ params.max_wcu_per_s if params.max_wcu_per_s else '' }}",
]


@dag(
    schedule=None,
    dag_display_name="Remove a hazard calculation",
    params=remove_params(),
    **CONTAINERS.dag_arguments(__doc__),
)
def remove_hazard() -> None:
    """Ask twice, then remove."""
    confirm() >> CONTAINERS.task(
        "remove",
        REMOVE,
        task_role=CONTAINERS.ecs.remover_role,
        task_display_name="Remove it",
        map_index_template="{{ params.calc_id }}",
    )


remove_hazard()
