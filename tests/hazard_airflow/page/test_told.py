"""What the page of a run says, from what its tasks have left."""

from __future__ import annotations

from typing import Any

import pytest

from hazard_airflow.page.run import Ended, Run
from hazard_airflow.page.told import Section, told

pytestmark = pytest.mark.airflow


def run(
    dag_id: str,
    *ended: Ended,
    state: str = "success",
    left: dict[tuple[str, int, str], Any] | None = None,
    **conf: object,
) -> Run:
    return Run(dag_id, "r", state, conf, ended, left or {})


def only(of: Run) -> Section:
    (section,) = told(of)
    return section


def test_a_failed_run_says_why_the_first_task_first() -> None:
    ended = [
        Ended("inspect", -1, "", "failed"),
        Ended("write_stats", 2, "sites 0:9", "failed"),
        Ended("plan", -1, "", "upstream_failed"),
    ]
    left = {("inspect", -1, "end"): {"reason": "no such object"}}
    section = only(run("store_hazard", *ended, state="failed", left=left, calc_id="A"))
    assert section.sentences == (
        "inspect: no such object",
        "write_stats [sites 0:9]: it failed; its log says why",
    )
    assert section.tone == "bad"


def test_of_many_failures_some_are_told_and_the_others_counted() -> None:
    ended = [Ended("audit", index, "", "failed") for index in range(40)]
    section = only(run("store_hazard", *ended, state="failed"))
    assert "audit [0]: it failed; its log says why" == section.sentences[0]
    assert "35 more tasks failed." == section.sentences[-1]


FORECAST = {
    "stats_items": 1200,
    "stats_wcu": 3400,
    "realisations_items": 5,
    "realisations_wcu": 6,
    "maps_items": 0,
    "maps_wcu": 0,
    "chunks": 3,
    "writers": 2,
    "seconds": 60.0,
    "dollars": 1.5,
    "notes": ["a note"],
}


def test_a_dry_run_shows_its_plan_and_another_run_does_not() -> None:
    left = {("plan", -1, "forecast"): FORECAST}
    section = only(run("store_hazard", left=left, dry_run=True))
    assert section.rows[0] == ("stats", "1,200", "3,400")
    assert "nothing was written" in section.sentences[0]
    assert "3 site chunks, 2 writers at once" in section.sentences[1]
    assert section.sentences[-1] == "a note"
    assert told(run("store_hazard", left=left)) == []


def test_a_removal_says_what_was_removed() -> None:
    report = {"calc_id": "A", "versions": ["A", "A@2"], "items": 1234, "left": 0}
    section = only(run("remove_hazard", left={("remove", -1, "return_value"): report}))
    assert section.sentences == ("A, A@2: 1,234 items deleted; 0 left, counted.",)
    assert section.tone == "good"


def test_an_audit_lists_each_calculation_with_what_was_found() -> None:
    clean = {"calc_id": "A", "missing": 0, "extra": 0, "altered": 0}
    left = {
        ("audit", 0, "return_value"): clean,
        ("audit", 1, "end"): {"reason": "exit code 1: B: 2 missing"},
        ("repair", 0, "return_value"): {**clean, "calc_id": "B"},
    }
    ended = [
        Ended("audit", 1, "B", "failed"),
        Ended("audit", 0, "A", "success"),
        Ended("repair", 0, "B", "success"),
    ]
    audited, repaired = told(run("audit_hazard", *ended, left=left))
    assert audited.sentences == ("2 calculations: 1 passed, 1 not.",)
    assert audited.rows == (
        ("A", "passed", "0 missing, 0 extra, 0 altered"),
        ("B", "failed", "exit code 1: B: 2 missing"),
    )
    assert repaired.rows == (("B", "passed", "0 missing, 0 extra, 0 altered"),)


def test_a_backfill_lists_its_files_the_worst_first() -> None:
    entry = {"file": "a.hdf5", "calc_id": "a", "reason": "stored by a run"}
    bad = {"file": "b.hdf5", "calc_id": "b", "reason": "no curves"}
    summary = {"stored": [entry], "skipped": [], "refused": [bad], "failed": [], "ignored": 2}
    section = only(run("backfill_hazard", left={("summary", -1, "summary"): summary}))
    assert section.rows == (
        ("b.hdf5", "b", "refused", "no curves"),
        ("a.hdf5", "a", "stored", "stored by a run"),
    )
    assert section.sentences == (
        "1 stored, 0 skipped, 1 refused, 0 failed; 2 other files left alone.",
    )


@pytest.mark.parametrize("value", [None, "a path", 3, {}, {"stats_items": "x"}, []])
def test_what_is_not_as_expected_is_no_error(value: Any) -> None:
    """An XCom may be of another release, or lie elsewhere."""
    keys = [("plan", "forecast"), ("remove", "return_value"), ("summary", "summary")]
    keys += [("audit", "return_value"), ("plan", "end")]
    left = {(task, index, key): value for task, key in keys for index in (-1, 0)}
    ended = [Ended("audit", 0, "A", "success"), Ended("plan", -1, "", "failed")]
    for dag_id in ("store_hazard", "remove_hazard", "audit_hazard", "backfill_hazard", "other"):
        told(run(dag_id, *ended, state="failed", left=left, dry_run=True))
