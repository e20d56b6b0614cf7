"""Store what arrived in the inbox, day by day.

Every run looks after the calculation files of one day (UTC) and lets `store_hazard` store each one.
**Running a day again is always safe**: what is published stays as it is.
A run that is triggered by hand is about everything that arrived until now and is not stored, whatever date it was given.

| task | where | what it does |
|---|---|---|
| `find` | Airflow | finds the day's files by the date in their key, else by when they were last modified |
| `file.inspect` | containers | one instance for each file, named by it: refuses a bad one before anything is stored |
| `file.store` | Airflow | skips what is published already; starts `store_hazard` for the others and waits, taking no worker's slot |
| `summary` | Airflow | what was stored, skipped, refused and failed, in its XCom `summary` and its log; red if anything was refused or failed; it says which interval was looked at |

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

from airflow.sdk import CronDataIntervalTimetable, dag

from hazard_airflow.backfill.settings import BackfillSettings
from hazard_airflow.backfill.tasks import find, store_files, summary
from hazard_airflow.containers import Containers

CONTAINERS = Containers(calculation="{{ task.file.calc_id or '' }}")
BACKFILL = BackfillSettings.from_environment()


@dag(
    schedule=CronDataIntervalTimetable("0 0 * * *", timezone="UTC"),
    start_date=BACKFILL.start_date,
    catchup=True,
    max_active_runs=1,
    max_active_tasks=CONTAINERS.settings.writers,
    dag_display_name="Store what arrived in the inbox",
    # No deadline: the runs of many days may wait for each other.
    **CONTAINERS.dag_arguments(__doc__, deadline=False),
)
def backfill_hazard() -> None:
    """Order the steps."""
    files = find()
    store_files(CONTAINERS, BACKFILL, files) >> summary(files)


backfill_hazard()
