"""Leaves word in XCom of how a container failed, for the tasks behind it that say what to do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from hazard_airflow.ecs.out_of_memory import OutOfMemory
from hazard_airflow.ecs_operator import HazardStoreOperator
from hazard_airflow.exit_codes import LINE_LENGTH
from hazard_store.shown import one_line

if TYPE_CHECKING:
    from airflow.sdk import Context

END = "end"  # key of the XCom: the fields of `audit_ends.AuditEnd`, but for the calculation


class RecordingOperator(HazardStoreOperator):
    """A verb as an ECS task whose failure can be told from others by its XCom."""

    @contextmanager
    def told(self, context: Context) -> Iterator[None]:
        """Record how the container failed, whether or not that is final."""
        with super().told(context), recording_end(context):
            yield


@contextmanager
def recording_end(context: Context) -> Iterator[None]:
    """Record in XCom how the task ends if the block raises; a task that defers has not ended."""
    try:
        yield
    except Exception as error:
        end = {
            "exit_code": getattr(error, "exit_code", None),
            "out_of_memory": isinstance(error, OutOfMemory),
            "reason": one_line(error)[:LINE_LENGTH],
        }
        context["ti"].xcom_push(key=END, value=end)
        raise
