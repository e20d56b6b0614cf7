"""Store the hazard curves of an OpenQuake calculation while the engine is still making them.

Takes what `hazard-store-stream` hands over from the engine's machine, chunk by chunk, stores every
hazard curve in DynamoDB as it arrives, reads everything back when the engine has ended, and only then
shows it to its readers. One run stores one stream. **Running it again is always safe.**

| task | where | what it does |
|---|---|---|
| `inspect` | container | reads what the stream begins with: mode, sites, levels, logic tree. Where something is published under this id, it waits for the stream's end, since only then can be told whether it is the same; in the triggerer, where tasks are deferred |
| `plan` | Airflow | forecasts items, write units, seconds and dollars by the shape of the curves, which are still to come; ends a dry run here |
| `store_meta` | Airflow | claims the calculation for this run, stores its records, divides the sites into chunks |
| `write_arrived` | triggerer, containers | write the stream's chunks as they arrive, each a share of them, until the stream ends. Where tasks are deferred, a share has a container only while chunks come, and waits for the next one in the triggerer |
| `write_stats` | containers | finishes the statistics of a chunk of sites when all has arrived: map items, digests, what is missing |
| `write_realisations` | containers | likewise the realisations |
| `audit` | containers | reads a chunk back and compares bit for bit: with the engine's file, where it was shipped with the stream, else with the stream's chunks |
| `decide` | Airflow | adds the audits up, records the content's digests; records `failed` and turns red if anything is wrong |
| `publish` | Airflow | shows the calculation to its readers, by one conditional write |
| `remove_chunks` | Airflow | removes the chunk files from the inbox; the small files of the stream stay, and the engine's file |
| `remove_old_versions` | Airflow, container | finds and removes versions that were replaced or given up |
| `remove_inspection` | Airflow | removes what `inspect` left with the records |
| `stop_orphans` | Airflow | stops containers of this run that no task waits for, however it ended |

## When it is red

The last line of the first red task's log names the reason in one sentence; its exit code says what to do.

| exit code | meaning | what to do |
|---|---|---|
| 65 in `write_arrived`, "the stream failed" | the engine, its disk or its machine failed, and the sentence says which | run the engine again, or `hazard-store submit` the calculation file if there is one; either takes the place of what failed |
| 65, "no sign of life" | the engine's machine is dead, or cannot reach the inbox | likewise; `HAZARD_STORE_STREAM_SILENCE_S` says after how many seconds |
| 65 in `audit` | the engine's file that was shipped is damaged, or of another calculation | run the engine again, or `hazard-store submit` the right file |
| 65, 66 elsewhere | the stream is damaged, or is not there | run the engine again |
| 2 | unknown or invalid parameter, or the manifest is outside the inbox | run again with other parameters |
| 73 | another calculation, or other parameters, are stored under this id; or it would cost more than `HAZARD_STORE_MAX_ITEMS` or `..._MAX_DOLLARS` allow | use another `calc_id`, those parameters, or `if_stored=replace`; or raise the limit |
| 75, 143, none, or 137 and "killed" | temporary, or stopped from outside; retried with backoff until the retries ran out | clear the red task, or run again |
| 1 | the audit found a difference; nothing was published | `hazard-store audit CALC_ID` names the items; run again with `if_stored=resume`, or, where the engine's file that was shipped is not what was streamed, run `store_hazard` with that file |
| 74, 78, 70, "out of memory" | as in `store_hazard` | see its page |

A red `remove_chunks` leaves the calculation published: its files cost storage until the task is cleared.
"""  # noqa: E501

from __future__ import annotations

from airflow.sdk import dag

from hazard_airflow.containers import Containers
from hazard_airflow.store_tasks import (
    decide,
    plan,
    publish,
    remove_inspection,
    remove_old_versions,
    stop_orphans,
    store_meta,
)
from hazard_airflow.stream_params import stream_params
from hazard_airflow.stream_tasks import (
    finish_chunks,
    inspect_stream,
    remove_chunks,
    write_arrived,
)

CONTAINERS = Containers()
ARGUMENTS = CONTAINERS.dag_arguments(__doc__)
# Audits go before the writers of later chunks, or they would all run last where slots are scarce.
ARGUMENTS["default_args"]["weight_rule"] = "upstream"


@dag(
    schedule=None,
    params=stream_params(CONTAINERS.settings),
    dag_display_name="Store a running hazard calculation",
    max_active_tasks=CONTAINERS.settings.writers,
    **ARGUMENTS,
)
def stream_hazard() -> None:
    """Order the steps."""
    inspected = inspect_stream(CONTAINERS)
    chunks = store_meta(inspected)
    plan(inspected) >> chunks
    published = publish(chunks)
    finished = finish_chunks(CONTAINERS, chunks)
    write_arrived(CONTAINERS, chunks) >> finished >> decide(chunks) >> published
    ends = [stop_orphans().as_teardown(), remove_inspection().as_teardown()]
    published >> remove_chunks() >> ends
    published >> remove_old_versions(CONTAINERS) >> ends


stream_hazard()
