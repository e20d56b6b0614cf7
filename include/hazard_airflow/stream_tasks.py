"""The tasks that only `stream_hazard` has: writers of what arrives, and its removal."""

from __future__ import annotations

from typing import Any

from airflow.sdk import task, task_group
from airflow.sdk.exceptions import AirflowSkipException

from hazard_airflow.arriving import InspectStream, WriteArrived
from hazard_airflow.containers import Containers
from hazard_airflow.final_failures import fails_for_good
from hazard_airflow.store_tasks import CALC_ID, inspect, store_chunks

MANIFEST = "{{ params.manifest }}"
SHARE = "{{ task.chunk.arrived }}"
SHARE_NAME = "{{ 'share ' ~ task.chunk.arrived if task.chunk.arrived else 'no share' }}"


def inspect_stream(containers: Containers) -> Any:
    """Read what a stream begins with in a container; see `store_tasks.inspect`."""
    return inspect(containers, MANIFEST, "", "Inspect the stream", of=InspectStream)


def write_arrived(containers: Containers, chunks: Any) -> Any:
    """Write the chunks of the stream as they arrive.

    In as many shares as the plan has chunks, and no more than may be written at once.
    """

    @task_group(prefix_group_id=False)
    def follow_stream(chunk: Any) -> None:
        containers.per_chunk(
            "write_arrived",
            ["write-arrived", MANIFEST, CALC_ID, f"--share={SHARE}"],
            chunk,
            SHARE_NAME,
            of=WriteArrived,
            at_once=containers.settings.writers,
            pre_execute=_skip_without_share,
            task_display_name="Write what arrives",
        )

    return follow_stream.expand(chunk=chunks)


def finish_chunks(containers: Containers, chunks: Any) -> Any:
    """Finish each chunk of the plan when all has arrived, and audit it."""
    return store_chunks(containers, chunks, MANIFEST, "")


@task(task_display_name="Remove the chunk files", trigger_rule="none_failed")
@fails_for_good
def remove_chunks(params: Any = None) -> int:
    """Remove the chunk files of the stream, which are stored and published now."""
    from hazard_airflow import store_steps

    return store_steps.remove_chunks(params["calc_id"], params["manifest"])


def _skip_without_share(context: Any) -> None:
    if not context["task"].chunk["arrived"]:
        raise AirflowSkipException("other tasks write the stream: as many as may run at once")
