"""The summary: every file of the run is in it once, and it is red when it should be."""

from __future__ import annotations

from typing import Any

import pytest

from hazard_airflow.backfill_end import NotAllStored, NothingFound, require_all_stored, summarise

pytestmark = pytest.mark.airflow

NAMES = ("a", "b", "c", "d")
FILES = [{"uri": f"s3://i/{name}", "name": name, "calc_id": name.upper()} for name in NAMES]


def word(name: str, outcome: str, run_id: str | None = None) -> dict[str, Any]:
    return {"uri": f"s3://i/{name}", "outcome": outcome, "reason": f"why {name}", "run_id": run_id}


def test_every_file_is_there_once_with_its_reason_and_its_run() -> None:
    said = [
        word("b", "skipped"),
        word("a", "stored", "run-a"),
        word("d", "failed", "run-d"),
        word("c", "refused"),
    ]
    assert {
        "stored": [{"file": "a", "calc_id": "A", "reason": "why a", "run_id": "run-a"}],
        "skipped": [{"file": "b", "calc_id": "B", "reason": "why b"}],
        "refused": [{"file": "c", "calc_id": "C", "reason": "why c"}],
        "failed": [{"file": "d", "calc_id": "D", "reason": "why d", "run_id": "run-d"}],
        "ignored": 3,
    } == summarise(FILES, 3, said, {})


@pytest.mark.parametrize(
    ("states", "outcome"),
    [
        ({"file.inspect": "success", "file.store": "success"}, "stored"),
        ({"file.inspect": "success", "file.store": "skipped"}, "skipped"),
        ({"file.inspect": "failed", "file.store": "upstream_failed"}, "failed"),
        ({"file.inspect": None, "file.store": None}, "failed"),
        ({}, "failed"),
    ],
)
def test_a_task_that_left_no_word_counts_by_its_state(
    states: dict[str, str | None], outcome: str
) -> None:
    """It was killed, or marked by hand; a file never goes missing."""
    summary = summarise(FILES[:1], 0, [], {"s3://i/a": states})
    (entry,) = summary[outcome]
    assert "no word was left" in entry["reason"]


@pytest.mark.parametrize(
    ("outcomes", "sentence"),
    [
        ({"c": "refused"}, "1 refused (c); the summary gives each reason"),
        ({"a": "failed", "c": "refused"}, "1 refused (c) and 1 failed (a); the summary"),
        (dict.fromkeys(NAMES, "refused"), "4 refused (a, b, c ...); the summary"),
    ],
)
def test_it_is_red_if_any_was_refused_or_failed(outcomes: dict[str, str], sentence: str) -> None:
    said = [word(name, outcomes.get(name, "stored")) for name in NAMES]
    with pytest.raises(NotAllStored) as error:
        require_all_stored(summarise(FILES, 0, said, {}))
    assert sentence in str(error.value)


def test_it_is_green_if_all_were_stored_or_skipped_or_there_were_none() -> None:
    require_all_stored(summarise(FILES[:2], 0, [word("a", "stored"), word("b", "skipped")], {}))
    require_all_stored(summarise([], 5, [], {}))


def test_without_a_look_into_the_inbox_there_is_no_summary() -> None:
    with pytest.raises(NothingFound, match="see the task find"):
        summarise(None, None, [], {})
