"""Audit published calculations again, every week.

Everything that is stored is read back and compared with the digests that were recorded when it was
written, calculation by calculation, within a read budget.
**A difference changes nothing by itself:** the calculation stays published, its instance of `audit`
turns red, and so does `collect_failures`, which names the command that repairs it.
Where `repair` is on, a container writes exactly those items again from the calculation file and
audits again; the run is red only if that did not help. What should not be there is never deleted
here: `hazard-store repair CALC_ID` asks for that.

Each audit is kept with its calculation: `hazard-store show CALC_ID` lists them.
`find_stale` names calculations that failed, or whose run went silent, some days ago; where
`remove_stale` is on, failed ones are removed.
"""

from __future__ import annotations

import pendulum
from airflow.sdk import CronDataIntervalTimetable, dag

from hazard_airflow.audit_params import audit_params
from hazard_airflow.audit_tasks import collect_failures, find_stale, list_published
from hazard_airflow.containers import ARGUMENT, Containers

CONTAINERS = Containers(calculation=ARGUMENT)
WRITERS, REMOVER = CONTAINERS.settings.writers, CONTAINERS.ecs.remover_role


@dag(
    schedule=CronDataIntervalTimetable("0 3 * * 0", timezone="UTC"),
    start_date=pendulum.datetime(2026, 1, 1, tz="UTC"),
    catchup=False,
    max_active_runs=1,
    dag_display_name="Audit published calculations",
    params=audit_params(CONTAINERS.settings.max_map_length),
    **CONTAINERS.dag_arguments(__doc__),
)
def audit_hazard() -> None:
    """Audit all, repair what differs, then look for what is stale."""
    one = {"owned": False, "max_active_tis_per_dagrun": 1}
    audits = list_published()
    failures = collect_failures(audits)
    (
        CONTAINERS.per_argument("audit", audits, owned=False, max_active_tis_per_dagrun=WRITERS)
        >> failures
    )
    CONTAINERS.per_argument("repair", failures, **one)
    CONTAINERS.per_argument("remove_stale", find_stale(), task_role=REMOVER, **one)


audit_hazard()
