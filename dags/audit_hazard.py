"""Audit published calculations again, every week.

Everything that is stored is read back and compared with the digests that were recorded when it was
written, calculation by calculation, within a read budget.
**The run is green only if every audit ended well**, or a repair has helped.
A difference changes nothing by itself: the calculation stays published.

| task | where | what it does |
|---|---|---|
| `list_published` | Airflow | finds what is published, or looks for what `calc_ids` names; red if none of that is published |
| `audit` | containers | one instance for each calculation, named by it |
| `collect_failures` | Airflow | says of each audit that failed how it ended and what is to be done; red unless something is repaired |
| `repair` | containers | where `repair` is on: writes exactly what is missing, altered or damaged again from the calculation file, and audits again |
| `report_unrepaired` | Airflow | red if, beside those that were repaired, others failed, or `calc_ids` names what is not published |
| `find_stale` | Airflow | names calculations that failed, or whose run went silent, some days ago |
| `remove_stale` | containers | where `remove_stale` is on: removes those that failed |

What should not be there is never deleted here: `hazard-store repair CALC_ID` asks for that.
Each audit is kept with its calculation: `hazard-store show CALC_ID` lists them.

## When it is red

`collect_failures` has a line for each audit that failed.

| it says | exit code | what to do |
|---|---|---|
| differs from what was written | 1 | `hazard-store repair CALC_ID`, or another run with `repair` on |
| damaged | 74 | likewise |
| removed meanwhile | 66 | nothing, if somebody meant it |
| busy until the retries ran out | 75 | clear its red `audit`, or run again |
| out of memory | 137 | give the containers more memory, then likewise |
| killed, stopped from outside | 137, 143 | clear its red `audit`, or run again |
| not configured | 78 | mend settings, credentials or tables, then likewise |
| met an error in our program | 70 | report it, with the log |

A red `repair` with 66: the file that the calculation was made of is gone, or was a stream to which no file was shipped.
`hazard-store repair CALC_ID --calc-file FILE` repairs it from a copy, wherever that is.
*"no such calculation is published"*: `calc_ids` names what is not published; all others were audited.
*"there is no parameter ..."* (2): the run was given a name that the form does not have; nothing was audited or removed.
"""  # noqa: E501

from __future__ import annotations

import pendulum
from airflow.sdk import CronDataIntervalTimetable, dag

from hazard_airflow.audit_params import audit_params
from hazard_airflow.audit_tasks import (
    collect_failures,
    find_stale,
    list_published,
    report_unrepaired,
)
from hazard_airflow.containers import ARGUMENT, Containers

CONTAINERS = Containers(calculation=ARGUMENT)
REMOVER = CONTAINERS.ecs.remover_role
AUDIT = {
    "owned": False,
    "max_active_tis_per_dagrun": CONTAINERS.settings.writers,
    "task_display_name": "Audit: read back and compare",
}
ONE = {"owned": False, "max_active_tis_per_dagrun": 1}


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
    audits = list_published()
    failures = collect_failures(audits)
    CONTAINERS.per_argument("audit", audits, **AUDIT) >> failures
    CONTAINERS.per_argument(
        "repair", failures, task_display_name="Repair what differs", **ONE
    ) >> report_unrepaired(audits)
    CONTAINERS.per_argument(
        "remove_stale",
        find_stale(),
        task_role=REMOVER,
        task_display_name="Remove what is stale",
        **ONE,
    )


audit_hazard()
