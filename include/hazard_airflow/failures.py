"""How a task failed: last in its log, and in XCom for the tasks and pages that say what to do.

Airflow shows a traceback below every failure and keeps no reason in its database.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from airflow.sdk.exceptions import AirflowSkipException

from hazard_airflow.ecs.out_of_memory import OutOfMemory
from hazard_store.shown import one_line

END = "end"  # key of the XCom: the fields of `audit_ends.AuditEnd`, but for the calculation
REASON_LENGTH = 1000

log = logging.getLogger(__name__)


@contextmanager
def recording_end(context: Any) -> Iterator[None]:
    """Record in XCom how the task fails if the block raises, whether or not it is tried again.

    What defers or is skipped has not failed.
    """
    try:
        yield
    except AirflowSkipException:
        raise
    except Exception as error:
        _record(context, error)
        raise


def tell_failure(context: Any) -> None:
    """Tell why a task has failed (a callback of Airflow); what was killed has no reason."""
    error = context.get("exception")
    if not isinstance(error, BaseException):
        return
    log.error("%s", _reason(error))
    _record(context, error)


def _record(context: Any, error: BaseException) -> None:
    end = {
        "exit_code": getattr(error, "exit_code", None),
        "out_of_memory": isinstance(error, OutOfMemory),
        "reason": _reason(error),
    }
    context["ti"].xcom_push(key=END, value=end)


def _reason(error: BaseException) -> str:
    return one_line(error)[:REASON_LENGTH]
