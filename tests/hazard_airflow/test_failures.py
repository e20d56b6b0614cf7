"""The sentence of a failed task: in its log, and in XCom."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from hazard_airflow.exit_codes import failure
from hazard_airflow.failures import EXIT_CODE, FAILURE, SENTENCE_LENGTH, tell_failure
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


def test_the_sentence_is_logged_as_an_error_and_kept(caplog: pytest.LogCaptureFixture) -> None:
    sentence = "exit code 65 (the input is bad): s3://b/c.hdf5: no curves"
    found = told(failure(65, "s3://b/c.hdf5: no curves"))
    assert {FAILURE: sentence, EXIT_CODE: 65} == found
    (record,) = caplog.records
    assert (logging.ERROR, sentence, None) == (
        record.levelno,
        record.getMessage(),
        record.exc_info,
    )


def test_it_is_one_line_and_not_endless() -> None:
    assert {FAILURE: "a\\nb"} == told(ValueError("a\nb"))
    assert SENTENCE_LENGTH == len(told(ValueError("x" * 5000))[FAILURE])


def test_who_follows_a_run_finds_it_under_these_keys() -> None:
    assert (EXIT_CODE, FAILURE) == (follow.EXIT_CODE, follow.FAILURE)
    assert EXIT_CODE not in told(failure(None, "its host died"))


@pytest.mark.parametrize("exception", [None, "killed"])
def test_what_was_killed_has_no_sentence(exception: object) -> None:
    assert told(exception) == {}
