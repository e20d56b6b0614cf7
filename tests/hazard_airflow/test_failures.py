"""How a task failed: in its log, and in XCom."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowSkipException

from hazard_airflow.ecs.out_of_memory import out_of_memory
from hazard_airflow.exit_codes import failure
from hazard_airflow.failures import END, REASON_LENGTH, recording_end, tell_failure
from hazard_store.submit import follow

pytestmark = pytest.mark.airflow


class TaskInstance:
    """Keeps what is pushed."""

    def __init__(self) -> None:
        self.pushed: dict[str, Any] = {}

    def xcom_push(self, key: str, value: Any) -> None:
        """Keep a value."""
        self.pushed[key] = value


def told(exception: object) -> dict[str, Any]:
    ti = TaskInstance()
    tell_failure({"ti": ti, "exception": exception})
    return ti.pushed


def recorded(exception: Exception) -> dict[str, Any]:
    ti = TaskInstance()
    with pytest.raises(type(exception)), recording_end({"ti": ti}):
        raise exception
    return ti.pushed


@pytest.mark.parametrize("how", [told, recorded])
def test_exit_code_and_reason_are_kept(how: Callable[[Exception], dict[str, Any]]) -> None:
    reason = "exit code 65 (the input is bad): s3://b/c.hdf5: no curves"
    end = {"exit_code": 65, "out_of_memory": False, "reason": reason}
    assert {END: end} == how(failure(65, "s3://b/c.hdf5: no curves"))
    died = how(out_of_memory(137, "", None, None, "give it more"))[END]
    assert (137, True) == (died["exit_code"], died["out_of_memory"])
    assert how(ValueError("a"))[END]["exit_code"] is None


def test_the_reason_is_logged_as_an_error(caplog: pytest.LogCaptureFixture) -> None:
    reason = told(failure(65, "s3://b/c.hdf5: no curves"))[END]["reason"]
    (record,) = caplog.records
    assert (logging.ERROR, reason, None) == (
        record.levelno,
        record.getMessage(),
        record.exc_info,
    )


def test_it_is_one_line_and_not_endless() -> None:
    assert "a\\nb" == told(ValueError("a\nb"))[END]["reason"]
    assert REASON_LENGTH == len(told(ValueError("x" * 5000))[END]["reason"])


def test_who_follows_a_run_finds_it_under_this_key() -> None:
    assert END == follow.END


def test_what_is_skipped_has_not_failed() -> None:
    assert {} == recorded(AirflowSkipException("published already"))


@pytest.mark.parametrize("exception", [None, "killed"])
def test_what_was_killed_has_no_reason(exception: object) -> None:
    assert told(exception) == {}
