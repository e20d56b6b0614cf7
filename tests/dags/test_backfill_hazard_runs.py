"""Runs of `backfill_hazard` over one day whose files need no child: skipped, refused, failed."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hazard_store.errors import EX_CONFIG, EX_TEMPFAIL
from hazard_store.store import Store
from local import aws
from tests.support.calc_factory import make_calc
from tests.support.dag_runs import Run, ended, parsed
from tests.support.loading import all_items, stored

pytestmark = pytest.mark.airflow

INSPECT, STORE = "file.inspect", "file.store"


@pytest.fixture
def put(stack: Any, upload: Callable[..., str], tmp_path: Path) -> Callable[..., str]:
    """Put something into a day of the inbox: a calculation by its seed, or text; return its URI."""

    def put_one(key: str, what: int | str | dict[str, Any]) -> str:
        file = tmp_path / str(what if isinstance(what, int) else "text")
        if not isinstance(what, int):
            file.write_text(what if isinstance(what, str) else json.dumps(what))
        elif not file.exists():  # HDF5 keeps the time: made anew, it would be another file
            make_calc(file, n=2, r=1, seed=what)
        return upload(file, key)

    return put_one


@pytest.fixture
def run_day(database: None, faults: Any, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Run]:
    """Run the DAG to its end for a day."""
    monkeypatch.setenv("HAZARD_STORE_BACKFILL_START", "2026-01-01")

    def to_end(day: str) -> Run:
        midnight = dt.datetime.fromisoformat(day).replace(tzinfo=dt.UTC) + dt.timedelta(days=1)
        return ended(parsed("backfill_hazard", alone=True), scheduled=True, logical_date=midnight)

    return to_end


def summary_of(ended: Run) -> dict[str, Any]:
    (summary,) = ended.xcoms["summary", "summary"]
    return summary


def reasons(summary: dict[str, Any], outcome: str) -> dict[str, str]:
    return {entry["file"]: entry["reason"] for entry in summary[outcome]}


def tasks_of(stack: Any) -> set[str]:
    ecs = aws.client(stack, "ecs")
    return {
        arn
        for status in ("RUNNING", "STOPPED")
        for arn in ecs.list_tasks(cluster=stack.cluster, desiredStatus=status)["taskArns"]
    }


def test_a_day_on_which_nothing_arrived_is_green(
    run_day: Callable, put: Callable, caplog: pytest.LogCaptureFixture
) -> None:
    put("2026-06-02/calc_other_day.hdf5", 1)
    put("2026-06-01/readme.txt", "not a calculation")
    ended = run_day("2026-06-01")
    assert ended.state == "success"
    assert ["skipped"] == ended.states[INSPECT] == ended.states[STORE]
    nothing: dict[str, Any] = {"stored": [], "skipped": [], "refused": [], "failed": []}
    day = "from 2026-06-01 00:00:00 to 2026-06-02 00:00:00 UTC"
    assert nothing | {"interval": day, "left_out": 0, "ignored": 1} == summary_of(ended)
    assert f"0 files arrived {day}: 0 stored" in caplog.text


def test_by_hand_the_date_of_the_form_does_not_matter(
    database: None, put: Callable, store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    """All that arrived until now and is not stored: here nothing, and the run says so."""
    stored(store, put("2026-06-07/BYHAND.hdf5", 30), "BYHAND")
    for key in ("2026-06-02/calc_other_day.hdf5",):
        stored(store, put(key, 1), "calc_other_day")
    done = ended(parsed("backfill_hazard", alone=True))
    summary = summary_of(done)
    assert summary["left_out"] >= 2
    assert "success" == done.state, summary
    assert summary["interval"].startswith("until ")
    assert f"arrived {summary['interval']}: " in caplog.text


def test_published_files_are_skipped_and_bad_ones_refused_each_visibly(
    run_day: Callable, put: Callable, store: Store, stack: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    day = "2026-06-03"
    same = put(f"{day}/PUBLISHED.hdf5", 10)
    stored(store, same, "PUBLISHED")
    put(f"{day}/nz/COPY.hdf5", 10)
    put(f"{day}/nz/COPY.json", {"calc_id": "PUBLISHED.COPY"})
    stored(store, same, "PUBLISHED.COPY")
    put(f"{day}/bad.hdf5", "this is no calculation")
    put(f"{day}/OTHER.hdf5", 11)
    stored(store, same, "OTHER")
    put(f"{day}/a+b.hdf5", 12)
    put(f"{day}/{{{{ conn.aws_default.password }}}}.hdf5", 12)
    put(f"{day}/typo.hdf5", 12)
    put(f"{day}/typo.json", {"realisation": False})
    put(f"{day}/one/TWICE.hdf5", 13)
    put(f"{day}/two/TWICE.hdf5", 14)
    before, containers = all_items(store), len(tasks_of(stack))

    ended = run_day(day)

    assert ended.state == "failed"
    assert before == all_items(store)
    assert 3 == len(tasks_of(stack)) - containers, "only these had to be read: COPY, bad, OTHER"
    names = {
        name: (inspect, ended.states[STORE][index])
        for index, (name, inspect) in enumerate(
            zip(ended.names[INSPECT], ended.states[INSPECT], strict=True)
        )
    }
    refused = ("failed", "upstream_failed")
    assert {
        f"{day}/PUBLISHED.hdf5: skipped": ("skipped", "skipped"),
        f"{day}/nz/COPY.hdf5": ("success", "skipped"),
        f"{day}/bad.hdf5: refused": refused,
        f"{day}/OTHER.hdf5": ("success", "failed"),
        f"{day}/a+b.hdf5: refused": refused,
        f"{day}/{{{{ conn.aws_default.password }}}}.hdf5: refused": refused,
        f"{day}/typo.hdf5: refused": refused,
        f"{day}/one/TWICE.hdf5: refused": refused,
        f"{day}/two/TWICE.hdf5: refused": refused,
    } == names
    assert f"{day}/OTHER.hdf5: refused" in ended.names[STORE]
    assert {1, 0} == {tries for task in (INSPECT, STORE) for tries in ended.tries[task]}

    summary = summary_of(ended)
    assert ([], []) == (summary["stored"], summary["failed"])
    assert {f"{day}/PUBLISHED.hdf5", f"{day}/nz/COPY.hdf5"} == set(reasons(summary, "skipped"))
    why = reasons(summary, "refused")
    assert 7 == len(why)
    assert "exit code 65 (the input is bad)" in why[f"{day}/bad.hdf5"]
    assert f"another file ({same}) is published under this id" in why[f"{day}/OTHER.hdf5"]
    assert "the file's name gives 'a+b'" in why[f"{day}/a+b.hdf5"]
    assert "has the character '{'" in why[f"{day}/{{{{ conn.aws_default.password }}}}.hdf5"]
    sidecar = f"s3://hazard-inbox/{day}/typo.json: parameters: there is no parameter 'realisation'"
    assert sidecar in why[f"{day}/typo.hdf5"]
    assert f"{day}/one/TWICE.hdf5 of the same day" in why[f"{day}/two/TWICE.hdf5"]
    assert "7 refused (" in capfd.readouterr().out
    assert (["failed"], [1]) == (ended.states["summary"], ended.tries["summary"])


@pytest.mark.slow
def test_an_inspection_that_fails_is_failed_and_not_refused(
    run_day: Callable, put: Callable, store: Store, faults: Any
) -> None:
    """Temporary failures are tried again first."""
    day = "2026-06-04"
    uri = put(f"{day}/copy.hdf5", 20)
    stored(store, put("FAILS.hdf5", 20), "copy")
    faults.add("inspect", exit=EX_TEMPFAIL, say="hazard-store: S3: slow down")
    faults.add("inspect", exit=EX_CONFIG, say="hazard-store: AWS_REGION: it is not set")
    ended = run_day(day)
    assert ended.state == "failed"
    assert ([2], ["upstream_failed"]) == (ended.tries[INSPECT], ended.states[STORE])
    why = reasons(summary_of(ended), "failed")
    assert "AWS_REGION: it is not set" in why[f"{day}/copy.hdf5"]

    again = run_day(day)
    assert again.state == "success", uri
    assert [f"{day}/copy.hdf5"] == list(reasons(summary_of(again), "skipped"))


def test_without_an_inbox_the_summary_says_that_nothing_was_looked_at(
    run_day: Callable, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HAZARD_STORE_INBOX", "s3://no-such-bucket/")
    ended = run_day("2026-06-05")
    assert ended.state == "failed"
    assert (["failed"], [1]) == (ended.states["find"], ended.tries["find"])
    log = capfd.readouterr().out
    assert "HAZARD_STORE_INBOX: there is no bucket no-such-bucket" in log
    assert "inbox: it was not listed; see the task find" in log
