"""The sentence of a task that has failed: last in its log, and where the page of its run reads it.

Airflow shows a traceback below every failure and keeps no reason in its database.
"""

from __future__ import annotations

import logging
from typing import Any

from hazard_store.shown import one_line

FAILURE = "failure"  # key of the XCom
EXIT_CODE = "exit_code"  # likewise, of what has one: `submit --follow` ends with it
SENTENCE_LENGTH = 1000

log = logging.getLogger(__name__)


def tell_failure(context: Any) -> None:
    """Tell why a task has failed (a callback of Airflow); what was killed has no sentence."""
    error = context.get("exception")
    if not isinstance(error, BaseException):
        return
    sentence = one_line(error)[:SENTENCE_LENGTH]
    log.error("%s", sentence)
    context["ti"].xcom_push(key=FAILURE, value=sentence)
    exit_code = getattr(error, "exit_code", None)
    if exit_code is not None:
        context["ti"].xcom_push(key=EXIT_CODE, value=exit_code)
