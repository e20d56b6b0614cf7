"""Waits for the end of a run, and says it as `load` would."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hazard_store.errors import EX_OK, EX_SOFTWARE, EX_TEMPFAIL, exit_code_is_temporary
from hazard_store.submit.airflow import Airflow
from hazard_store.workflow.progress import Progress

EVERY_S = 5
END = "end"  # key of the XCom in which a task that failed leaves `exit_code` and `reason`
SUMS_UP = "decide"  # a task that fails after any other
ENDED = ("success", "failed", "skipped", "upstream_failed", "removed")


@dataclass(frozen=True)
class RunEnd:
    """How a run ended."""

    exit_code: int
    reason: str = ""  # in a sentence, where it failed


def follow(
    airflow: Airflow,
    run_id: str,
    progress: Progress,
    wait: Callable[[float], None] = time.sleep,
) -> RunEnd:
    """Wait for the end of a run of `store_hazard`.

    Args:
        airflow: where it runs.
        run_id: of the run.
        progress: told of its tasks.
        wait: for some seconds.

    Returns:
        its end, with the exit code of what failed first.

    Raises:
        TryAgain: Airflow does not answer; the run goes on.
    """
    began, known, seen = time.monotonic(), 0, 0
    while True:
        state = airflow.state_of(run_id)
        instances = airflow.instances_of(run_id)
        if len(instances) != known:
            known, seen = len(instances), 0
            progress.phase("run", known, "task")
        done = sum(each["state"] in ENDED for each in instances)
        progress.advance(done - seen)
        seen = done
        if state in ("success", "failed"):
            progress.done(time.monotonic() - began)
            return RunEnd(EX_OK) if state == "success" else _failure(airflow, instances)
        wait(EVERY_S)


def _failure(airflow: Airflow, instances: list[dict[str, Any]]) -> RunEnd:
    failed = [each for each in instances if each["state"] == "failed"]
    failed.sort(key=lambda each: (each["task_id"] == SUMS_UP, each["end_date"] or ""))
    if not failed:
        return RunEnd(EX_SOFTWARE, "it failed, and no task of it did")
    first = failed[0]
    end: dict[str, Any] = airflow.left_by(first, END) or {}
    reason = end.get("reason", "it left no reason; its log has more")
    code: Any = end.get("exit_code")
    of_run = EX_TEMPFAIL if exit_code_is_temporary(code) else int(code)
    return RunEnd(of_run, f"{first['task_id']}: {reason}")
