"""The summary: every file of the run is in it once, and it is red when it should be."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from hazard_airflow.backfill.summary import (
    OUTCOMES,
    NotAllStored,
    NothingFound,
    require_all_stored,
    summarise,
)

pytestmark = pytest.mark.airflow

INSPECT, STORE = "file.inspect", "file.store"
STATES = {  # of both tasks, when the word of the outcome was left by the second
    "stored": {INSPECT: "success", STORE: "success"},
    "skipped": {INSPECT: "success", STORE: "skipped"},
    "refused": {INSPECT: "success", STORE: "failed"},
    "failed": {INSPECT: "success", STORE: "failed"},
}
NAMES = ("a", "b", "c", "d")
FILES = [{"uri": f"s3://i/{name}", "name": name, "calc_id": name.upper()} for name in NAMES]


def word(name: str, outcome: str, run_id: str | None = None) -> dict[str, Any]:
    return {"uri": f"s3://i/{name}", "outcome": outcome, "reason": f"why {name}", "run_id": run_id}


def summary_of(names: Sequence[str], said: list[dict[str, Any]], **looked_at: Any) -> Any:
    """Return the summary of files whose second task has left these words."""
    states = {each["uri"]: STATES[each["outcome"]] for each in said}
    return summarise(FILES[: len(names)], looked_at, {STORE: said}, states)


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
        "interval": "until noon",
        "left_out": 2,
        "ignored": 3,
    } == summary_of(NAMES, said, interval="until noon", left_out=2, ignored=3)


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
    summary = summarise(FILES[:1], {}, {}, {"s3://i/a": states})
    (entry,) = summary[outcome]
    assert "no outcome was recorded" in entry["reason"]


@pytest.mark.parametrize(
    ("before", "states", "now", "outcome"),
    [
        ("stored", ("skipped", "skipped"), word("a", "skipped"), "skipped"),
        ("stored", ("failed", "upstream_failed"), word("a", "refused"), "refused"),
        ("failed", ("skipped", "skipped"), word("a", "skipped"), "skipped"),
        ("stored", ("failed", "upstream_failed"), None, "failed"),
        ("stored", ("skipped", "skipped"), None, "skipped"),
        ("stored", ("success", "failed"), None, "failed"),
        ("failed", ("success", "success"), None, "stored"),
    ],
)
def test_what_a_task_said_in_an_earlier_try_does_not_count(
    before: str, states: tuple[str, str], now: dict[str, Any] | None, outcome: str
) -> None:
    """The run is repeated, and the task that stored the file does not come to run."""
    said = {INSPECT: [now] if now else [], STORE: [word("a", before, "run-a")]}
    of_file = dict(zip((INSPECT, STORE), states, strict=True))
    summary = summarise(FILES[:1], {}, said, {"s3://i/a": of_file})
    assert outcome in {key for key, entries in summary.items() if entries}
    assert 1 == sum(len(summary[key]) for key in OUTCOMES)
    assert "run_id" not in summary[outcome][0]


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
        require_all_stored(summary_of(NAMES, said))
    assert sentence in str(error.value)


def test_it_is_green_if_all_were_stored_or_skipped_or_there_were_none() -> None:
    """It raises nothing."""
    require_all_stored(summary_of(NAMES[:2], [word("a", "stored"), word("b", "skipped")]))
    require_all_stored(summarise([], {"ignored": 5}, {}, {}))


def test_without_a_look_into_the_inbox_there_is_no_summary() -> None:
    with pytest.raises(NothingFound, match="see the task find"):
        summarise(None, None, {}, {})
