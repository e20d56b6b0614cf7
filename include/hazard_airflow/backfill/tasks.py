"""The tasks of `backfill_hazard`; what they do is imported when they run."""

from __future__ import annotations

import datetime as dt
from typing import Any

from airflow.sdk import task, task_group

from hazard_airflow.backfill.operators import OUTCOME, InspectFile, StoreFile
from hazard_airflow.backfill.settings import BackfillSettings
from hazard_airflow.containers import Containers
from hazard_airflow.final_failures import fails_for_good
from hazard_airflow.run_states import owner_of, states_of

TASKS = ("file.inspect", "file.store")  # of each file, in their order
LOOKED_AT = "looked_at"  # key of the XCom: the interval, and how many files are not handed on
Files = list[dict[str, Any]]  # as `backfill.find.File`


@task(task_display_name="Find the files")
@fails_for_good
def find(
    data_interval_start: dt.datetime | None = None,
    data_interval_end: dt.datetime | None = None,
    ti: Any = None,
    **context: Any,
) -> Files:
    """Return the calculation files that arrived in the run's data interval.

    A run by hand is about all that arrived until now and is not stored.
    """
    from hazard_airflow.backfill import find as finding
    from hazard_airflow.backfill.published import is_stored
    from hazard_airflow.forms import require_known_conf

    require_known_conf(context)
    run = context["dag_run"]
    by_hand = run.run_type == "manual"
    interval = finding.interval_of(by_hand, data_interval_start, data_interval_end)
    day = run.run_after if by_hand else interval.start
    files, others = finding.find(interval, day, owner_of(ti), is_stored if by_hand else None)
    ti.xcom_push(key=LOOKED_AT, value={"interval": finding.said(interval), **others})
    return files


def store_files(containers: Containers, settings: BackfillSettings, files: Any) -> Any:
    """Inspect each file in a container, then let `store_hazard` store it."""

    @task_group(group_id="file")
    def each(file: dict[str, Any]) -> None:
        named = {"file": file, "map_index_template": "{{ task.name_of_file }}"}
        inspect = containers.operator(
            InspectFile, "inspect", task_display_name="Inspect the file", **named
        )
        StoreFile(
            task_id="store",
            task_display_name="Store it by a run of store_hazard",
            inspected=inspect.output,
            trigger_dag_id="store_hazard",
            poke_interval=containers.ecs.poll_s,
            max_active_tis_per_dagrun=settings.at_once,
            **named,
        )

    return each.expand(file=files)


@task(task_display_name="Sum up", trigger_rule="all_done")
@fails_for_good
def summary(files: Files | None, ti: Any = None) -> None:
    """Say what became of every file, in the XCom `summary`; red if one is not where it belongs."""
    from hazard_airflow.backfill import summary as summing

    recorded = {
        name: [word for word in ti.xcom_pull(task_ids=[name], key=OUTCOME) if word is not None]
        for name in TASKS
    }
    of_run = states_of(ti)
    states = {
        file["uri"]: {name: of_run.get(f"{name}_{index}") for name in TASKS}
        for index, file in enumerate(files or ())
    }
    looked_at = ti.xcom_pull(task_ids="find", key=LOOKED_AT)
    result = summing.summarise(files, looked_at, recorded, states)
    ti.xcom_push(key="summary", value=result)
    summing.require_all_stored(result)
