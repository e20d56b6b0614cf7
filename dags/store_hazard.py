"""Store the hazard curves of one OpenQuake calculation.

Takes a calculation file (`calc_N.hdf5`) from the inbox, stores every hazard curve in DynamoDB through
many small writer containers, reads everything back, and only then shows it to its readers.
One run stores one calculation. **Running it again is always safe**: what is right stays as it is.

| task | where | what it does |
|---|---|---|
| `inspect` | container | reads the file once, from end to end: right mode, values in range, checksum |
| `plan` | Airflow | forecasts items, write units, seconds and dollars, in its XCom `forecast` and its log; ends a dry run here, and skips the rest behind a file that was refused |
| `store_meta` | Airflow | claims the calculation for this run, stores its records, divides the sites into chunks |
| `write_stats` | containers | writes the statistics of a chunk of sites; skipped if there are none |
| `write_realisations` | containers | likewise the realisations, side by side with them |
| `audit` | containers | reads a chunk back as soon as both are written, and compares with the file bit for bit |
| `decide` | Airflow | adds the audits of all chunks up; records `failed` and turns red if anything is wrong |
| `publish` | Airflow | shows the calculation to its readers, by one conditional write |
| `remove_old_versions` | Airflow, container | finds and removes versions that were replaced or given up, if there are any, some time after the switch |
| `remove_inspection` | Airflow | removes what `inspect` left with the records for `plan` and `store_meta`, which open no file |
| `stop_orphans` | Airflow | stops containers of this run that no task waits for, however it ended |

## When it is red

The last line of the first red task's log names the reason in one sentence; its exit code says what to do.

| exit code | meaning | what to do |
|---|---|---|
| 65, 66 | the file is bad, changed meanwhile, or is not there | put a good file in the inbox, run again |
| 2 | unknown or invalid parameter, or the file is outside the inbox | run again with other parameters |
| 73 | another file, or other parameters, are stored under this id; or it would cost more than `HAZARD_STORE_MAX_ITEMS` or `..._MAX_DOLLARS` allow | use another `calc_id`, those parameters, or `if_stored=replace`; or raise the limit, where the file is what you meant |
| 74 | items or records of this id are damaged, or the container's output cannot be written | `hazard-store audit CALC_ID` names what is damaged; `hazard-store repair CALC_ID` writes it again |
| 75, 143, none, or 137 and "killed" | temporary, or stopped from outside; retried with backoff until the retries ran out | clear the red task, or run again |
| "out of memory" (137) | a container ran out of memory, and so did the larger one that was tried after it | raise `Memory` of the stack above what the sentence names; for writers and audits also set `HAZARD_STORE_ECS_RESIZE=false`, or run again with a smaller `sites_per_chunk` |
| 1 | the audit found a difference; nothing was published | `hazard-store audit CALC_ID` names the items; run again with `if_stored=resume`, which writes these and audits again |
| 78 | settings, credentials or tables are not as they must be | mend them, then clear the red task |
| 70 | an error in our program | report it, with the log |

*"it continues calculation N"* in `inspect`: weights and logic tree are in the file of that calculation. Put
`calc_N.hdf5` beside the file, or name it as `parent_file`, and run again.
*"it is held by the run ..."* in `store_meta`: another run is storing this calculation. If that run is dead,
run again with `if_stored=resume`: this run takes over, and containers of the old one stop at their next batch.
What `inspect` has left is removed when the run ends: to clear `plan` or `store_meta` of a run that has ended,
clear `inspect` as well.
*Red, and published all the same*: `remove_old_versions` failed. Readers have the new version; the replaced one
costs storage until it is removed: clear the red task, or `hazard-store remove CALC_ID --old-versions`.
A red `remove_inspection` or `stop_orphans` leaves the run as it is: what the first leaves goes after a day,
and the containers that the second would have stopped end at their next batch.
*`inspect` and `decide` are red, and what lies between is pink*: the file, or a parameter, was refused; `decide` says why.
*`inspect`, `plan` and `decide` are red*: inspecting the file failed through no fault of its own: clear what failed.
`decide` is red after every failure before it. If it says that nothing was stored by this run, look at the task before it.
"""  # noqa: E501

from __future__ import annotations

from airflow.sdk import dag

from hazard_airflow.containers import Containers
from hazard_airflow.store_params import store_params
from hazard_airflow.store_tasks import (
    decide,
    inspect,
    plan,
    publish,
    remove_inspection,
    remove_old_versions,
    stop_orphans,
    store_chunks,
    store_meta,
)

CONTAINERS = Containers()
ARGUMENTS = CONTAINERS.dag_arguments(__doc__)
# Audits go before the writers of later chunks, or they would all run last where slots are scarce.
ARGUMENTS["default_args"]["weight_rule"] = "upstream"


@dag(
    schedule=None,
    params=store_params(CONTAINERS.settings),
    dag_display_name="Store a hazard calculation",
    max_active_tasks=CONTAINERS.settings.writers,
    **ARGUMENTS,
)
def store_hazard() -> None:
    """Order the steps."""
    inspected = inspect(CONTAINERS)
    chunks = store_meta(inspected)
    plan(inspected) >> chunks
    published = publish(chunks)
    store_chunks(CONTAINERS, chunks) >> decide(chunks) >> published
    ends = [stop_orphans().as_teardown(), remove_inspection().as_teardown()]
    published >> remove_old_versions(CONTAINERS) >> ends


store_hazard()
