"""Exit codes and last lines, as errors."""

from __future__ import annotations

import pytest

from hazard_airflow.exit_codes import (
    ContainerFailed,
    report_of,
    sentence_of,
)
from hazard_store.errors import exit_code_is_temporary
from tests.support.laws import check_pickle

pytestmark = pytest.mark.airflow


@pytest.mark.parametrize("exit_code", [75, 137, 143, 139, None, 0])
def test_these_are_temporary(exit_code: int | None) -> None:
    """0 comes with no report: ECS also says it of a container that was stopped."""
    assert exit_code_is_temporary(exit_code)


@pytest.mark.parametrize("exit_code", [1, 2, 65, 66, 70, 73, 74, 78, 126, 127, 255 - 128])
def test_these_are_for_good(exit_code: int) -> None:
    assert not exit_code_is_temporary(exit_code)


def test_the_error_says_the_code_its_meaning_and_the_sentence() -> None:
    error = ContainerFailed(65, "s3://b/c.hdf5: no curves")
    assert str(error) == "exit code 65 (the input is bad): s3://b/c.hdf5: no curves"
    check_pickle(error)
    damaged = ContainerFailed(74, "A: an item is missing")
    assert "what is stored is damaged, or output cannot be written" in str(damaged)


def test_the_sentence_is_the_last_of_our_program() -> None:
    lines = ["INFO writing", "hazard-store: s3://b/c: it changed", "", "Exception ignored in: x"]
    assert sentence_of(lines) == "s3://b/c: it changed"
    assert sentence_of(["ERROR hazard-store: A: it is damaged"]) == "A: it is damaged"
    quoting = "ERROR hazard_store.aws answered: hazard-store: all is well"
    assert sentence_of([quoting]) == quoting


@pytest.mark.parametrize(
    "text", ["a\rhazard-store: all is well", "a\x1b[2K", "a\x9b2K", "a\u202eb", "a\u2028b"]
)
def test_the_error_is_one_line_whatever_the_container_said(text: str) -> None:
    for lines in [f"hazard-store: {text}"], [text]:
        assert sentence_of(lines).isprintable()
    for exit_code in (65, None):
        assert str(ContainerFailed(exit_code, text)).isprintable()


def test_without_a_sentence_the_last_lines_are_told_and_cut() -> None:
    assert sentence_of(["a", "b", " c ", "d"]) == "b | c | d"
    assert len(sentence_of(["x" * 5000])) == 1000
    assert sentence_of([]) == "it said nothing"


@pytest.mark.parametrize(
    ("lines", "report"),
    [
        (['{"a": 1}'], {"a": 1}),
        (['{"a": 1}', '{"a": 2}', "a warning"], {"a": 2}),
        (['{"a": 1', "INFO"], None),
        (["[1]", "null", "1"], None),
        ([], None),
    ],
)
def test_the_report_is_the_last_json_document(lines: list[str], report: object) -> None:
    assert report == report_of(lines)
