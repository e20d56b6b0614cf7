"""Store what arrived in the inbox, day by day.

Every run looks after the calculation files of one day (UTC) and lets `store_hazard` store each one.
**Running a day again is always safe**: what is published stays as it is.

| task | where | what it does |
|---|---|---|
| `find` | Airflow | finds the day's files by the date in their key, else by when they were last modified |
| `file.inspect` | containers | one instance for each file, named by it: refuses a bad one before anything is stored |
| `file.store` | Airflow | skips what is published already; starts `store_hazard` for the others and waits, taking no worker's slot |
| `summary` | Airflow | what was stored, skipped, refused and failed, in its XCom `summary` and its log; red if anything was refused or failed |

The id of a calculation is its file's name without `.hdf5`.
A sidecar beside `calc_1.hdf5`, named `calc_1.json`, can give another `calc_id` and any other parameter of `store_hazard`: `{"calc_id": "CALC13", "realisations": false}`.

## What a file's instances show

| `file.inspect` | `file.store` | the file was |
|---|---|---|
| green | green | stored; the link "Triggered DAG" leads to its run |
| pink | pink | skipped: this very version is published |
| green | pink | skipped: the same file is published |
| red | orange | refused, or inspecting it failed; the last line of the log says which and why |
| green | red | refused, since something else is published under its id; or storing it failed |

One file does not stop the others.

## When it is red

Look at `summary`: it names each file and the reason.

* **Refused**: put a good file in its place, give it another name, or say more in a sidecar.
* **Failed**: look at its run of `store_hazard`, whose page says what to do.

Then clear the run, or `airflow backfill create --dag-id backfill_hazard --from-date ... --to-date ... --reprocess-behavior failed`.
Clear the whole run, not single tasks: files and sidecars are looked up by `find`.
"""  # noqa: E501

from __future__ import annotations

import datetime as dt
from typing import Any

from airflow.sdk import CronDataIntervalTimetable, dag, task, task_group

from hazard_airflow.backfill.operators import OUTCOME, InspectFile, StoreFile
from hazard_airflow.backfill_settings import BackfillSettings
from hazard_airflow.ecs_operator import OWNER_TAG
from hazard_airflow.notifications import NotificationSettings
from hazard_airflow.retry_policy import RetryTemporary
from hazard_airflow.settings import EcsSettings
from hazard_store.settings import Settings

SETTINGS, ECS = Settings.from_environment(), EcsSettings.from_environment()
BACKFILL = BackfillSettings.from_environment()
OWNER = "{{ dag.dag_id }}/{{ run_id }}"
TASKS = ("file.inspect", "file.store")  # of each file, in their order


@dag(
    schedule=CronDataIntervalTimetable("0 0 * * *", timezone="UTC"),
    start_date=BACKFILL.start_date,
    catchup=True,
    max_active_runs=1,
    max_active_tasks=SETTINGS.writers,
    doc_md=__doc__,
    tags=["hazard"],
    dag_display_name="Store what arrived in the inbox",
    # No deadline: the runs of many days may wait for each other.
    **NotificationSettings.from_environment(deadline_s=None).dag_arguments(SETTINGS.region),
    default_args={"retry_policy": RetryTemporary(), **ECS.retry_arguments},
)
def backfill_hazard() -> None:
    """Order the steps."""

    @task
    def find(
        owner: str,
        data_interval_start: dt.datetime | None = None,
        data_interval_end: dt.datetime | None = None,
        ti: Any = None,
    ) -> list[dict[str, Any]]:
        from hazard_airflow.backfill import find

        files, ignored = find.find(data_interval_start, data_interval_end, owner)
        ti.xcom_push(key="ignored", value=ignored)
        return files

    @task(trigger_rule="all_done")
    def summary(files: list[dict[str, Any]] | None, ti: Any = None) -> None:
        from hazard_airflow.backfill import summary

        recorded = {
            name: [word for word in ti.xcom_pull(task_ids=[name], key=OUTCOME) if word is not None]
            for name in TASKS
        }
        of_run = ti.get_task_states(dag_id=ti.dag_id, run_ids=[ti.run_id])[ti.run_id]
        states = {
            file["uri"]: {name: of_run.get(f"{name}_{index}") for name in TASKS}
            for index, file in enumerate(files or ())
        }
        ignored = ti.xcom_pull(task_ids="find", key="ignored")
        result = summary.summarise(files, ignored, recorded, states)
        ti.xcom_push(key="summary", value=result)
        summary.require_all_stored(result)

    @task_group(group_id="file")
    def each(file: dict[str, Any]) -> None:
        inspect = InspectFile(
            task_id="inspect",
            file=file,
            tags={OWNER_TAG: OWNER},
            region_name=SETTINGS.region,
            map_index_template="{{ task.name_of_file }}",
            **ECS.operator_arguments,
        )
        StoreFile(
            task_id="store",
            file=file,
            inspected=inspect.output,
            trigger_dag_id="store_hazard",
            poke_interval=ECS.poll_s,
            max_active_tis_per_dagrun=BACKFILL.at_once,
            map_index_template="{{ task.name_of_file }}",
        )

    files = find(OWNER)
    each.expand(file=files) >> summary(files)


backfill_hazard()
