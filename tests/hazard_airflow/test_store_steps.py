"""The light steps: what they refuse, and how much they hand on."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from hazard_airflow import audit_steps, store_steps
from hazard_store.errors import BadParameter, LostOwnership, Misconfigured, NewerRelease, Refused
from hazard_store.model import IfStored, Status, StoreOptions
from hazard_store.records import Chunk
from hazard_store.settings import Settings
from hazard_store.store import Store
from hazard_store.workflow.inspect import inspect, inspection_json
from hazard_store.workflow.plan import make_plan
from tests.support.laws import nothing_changed
from tests.support.loading import CALCS, Silent, all_items, items_of, stored

pytestmark = pytest.mark.airflow

FILE = CALCS / "classical_rlzs_stats.hdf5"
PARAMS = {
    "calc_id": "A",
    "calc_file": str(FILE),
    "realisations": True,
    "key_scheme": "calc-location",
    "layout": "packed",
    "realisations_per_item": None,
    "force_normalised_sites": False,
    "if_stored": "fail",
    "sites_per_chunk": None,
    "max_wcu_per_s": None,
    "max_rcu_per_s": None,
}


RUNS = ("run-1", "run-2")
NOW = dt.datetime.now(dt.UTC)


def leave(store: Store, file: Path, *runs: str, at: dt.datetime = NOW) -> dict[str, Any]:
    """Leave an inspection of a file for some runs, as their containers do; return its report."""
    found = inspect(str(file), store.settings, Silent())
    units = make_plan(found, "A", StoreOptions.of(PARAMS), store.settings).units
    for run in runs:
        store.inspections.put(run, found, units, at)
    return inspection_json(found)


def left(store: Store) -> list[str]:
    """Return the runs for which something is left."""
    found = store.client.scan(TableName=store.settings.meta_table)["Items"]
    keys = {item["haz_sol_id"]["S"] for item in found}
    listed = {item["record"]["S"] for item in found if item["haz_sol_id"]["S"] == "inspect#"}
    of_runs = {key.removeprefix("inspect#") for key in keys if key.startswith("inspect#")} - {""}
    assert of_runs == listed
    return sorted(listed)


@pytest.fixture
def inspected(store: Store, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    monkeypatch.setenv("HAZARD_STORE_INBOX", str(CALCS))
    return leave(store, FILE, *RUNS)


def test_the_plan_writes_nothing_and_says_what_storing_takes(
    store: Store, inspected: dict[str, Any]
) -> None:
    with nothing_changed(store):
        said = store_steps.plan(inspected, PARAMS, "run-1")
    assert (said["stats_items"], said["realisations_items"], said["chunks"]) == (12, 6, 1)
    assert said["dollars"] > 0


def test_plan_and_store_meta_need_the_file_no_more(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They go by what `inspect` has left, and plan what they would with the file."""
    with_file = leave(store, FILE, "run-2")
    monkeypatch.setenv("HAZARD_STORE_INBOX", str(CALCS))
    planned = store_steps.plan(with_file, PARAMS, "run-2")
    monkeypatch.setenv("HAZARD_STORE_INBOX", str(tmp_path))
    file = Path(shutil.copy(FILE, tmp_path))
    inspected = leave(store, file, "run-1")
    file.unlink()
    params = PARAMS | {"calc_file": str(file)}
    assert planned == store_steps.plan(inspected, params, "run-1")
    (chunk,) = store_steps.store_meta(inspected, params, "run-1")
    assert (chunk["sites"], chunk["kinds"]) == ("0:6", ["stats", "realisations"])


def test_what_is_gone_is_asked_for_again(store: Store, inspected: dict[str, Any]) -> None:
    """A task that is cleared after the run's end finds nothing."""
    assert [] == store_steps.remove_inspection("run-1")
    with nothing_changed(store):
        for step in (store_steps.plan, store_steps.store_meta):
            with pytest.raises(Refused, match="clear `inspect` as well"):
                step(inspected, PARAMS, "run-1")
    assert ["run-2"] == left(store)


def test_what_a_newer_release_left_is_no_plan_of_ours(
    store: Store, inspected: dict[str, Any]
) -> None:
    """The image of the containers is newer than Airflow's own package."""
    parts = store.parts("inspect#run-1")
    newer = {"format": 3, "release": "9.1.0", "of_what_we_do_not_know": 1}
    parts.put_json("inspection", newer)
    with nothing_changed(store):
        for step in (store_steps.plan, store_steps.store_meta):
            with pytest.raises(NewerRelease, match=r"update to 9\.1\.0"):
                step(inspected, PARAMS, "run-1")


def test_a_calculation_of_a_newer_release_is_left_as_it_is(
    store: Store, inspected: dict[str, Any]
) -> None:
    stored(store, FILE)
    meta = store.settings.meta_table
    (head,) = (i for i in items_of(store, meta) if i["record"]["S"] == "head")
    newer = json.dumps({"calc_id": "A", "format": 3, "release": "9.1.0"})
    store.client.put_item(TableName=meta, Item={**head, "calculation": {"S": newer}})
    steps = (
        *(
            lambda policy=policy: store_steps.store_meta(
                inspected, PARAMS | {"if_stored": policy}, "run-1"
            )
            for policy in IfStored
        ),
        lambda: store_steps.decide([], [], "A", "run-1"),
        lambda: store_steps.decide(None, ["store_meta"], "A", "run-1"),
        lambda: store_steps.decide([{"sites": "0:6"}], [], "A", "run-1"),
        lambda: store_steps.publish("A", "run-1"),
        lambda: audit_steps.audits({"calc_ids": None, "max_rcu_per_s": None}),
        lambda: audit_steps.stale({"stale_days": 14, "remove_stale": True}),
    )
    with nothing_changed(store):
        for step in steps:
            with pytest.raises(NewerRelease, match=r"update to 9\.1\.0"):
                step()


def test_a_run_removes_what_it_left_and_what_killed_runs_left_a_day_ago(store: Store) -> None:
    leave(store, FILE, "killed", at=NOW - dt.timedelta(hours=25))
    leave(store, FILE, "under-way", at=NOW - dt.timedelta(hours=23))
    leave(store, FILE, "mine")
    assert ["killed"] == store_steps.remove_inspection("mine")
    assert ["under-way"] == left(store)
    assert [] == store_steps.remove_inspection("mine"), "again is safe"


def test_the_weekly_audit_removes_what_killed_runs_left(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    leave(store, FILE, "killed", "under-way", at=NOW)
    leave(store, FILE, "killed", at=NOW - dt.timedelta(hours=25))
    assert [] == audit_steps.stale({"stale_days": 14, "remove_stale": False})
    assert ["under-way"] == left(store)
    assert "killed was killed or deleted: what its inspection left was removed" in caplog.text


def test_a_file_outside_the_inbox_is_not_planned(
    store: Store, inspected: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HAZARD_STORE_INBOX", "s3://hazard-inbox/")
    with pytest.raises(BadParameter, match="not in the inbox"):
        store_steps.plan(inspected, PARAMS, "run-1")
    monkeypatch.delenv("HAZARD_STORE_INBOX")
    with pytest.raises(Misconfigured, match="HAZARD_STORE_INBOX"):
        store_steps.check_inbox(str(FILE))


def test_what_was_inspected_is_what_is_planned(store: Store, inspected: dict[str, Any]) -> None:
    with pytest.raises(Refused, match="was inspected"):
        store_steps.plan(inspected, PARAMS | {"calc_file": str(CALCS / "stats_only.hdf5")}, "run-1")


def test_the_chunks_are_those_of_the_head(store: Store, inspected: dict[str, Any]) -> None:
    """A resume keeps the stored plan, whatever the form says now."""
    by_one = PARAMS | {"key_scheme": "calc", "sites_per_chunk": 2}
    first = store_steps.store_meta(inspected, by_one, "run-1")
    assert [chunk["sites"] for chunk in first] == ["0:2", "2:4", "4:6"]
    assert {1} == {chunk["attempt"] for chunk in first}
    again = by_one | {"sites_per_chunk": 6, "if_stored": "resume"}
    stopped: list[tuple[str, str]] = []
    resumed = store_steps.store_meta(inspected, again, "run-2", lambda *run: stopped.append(run))
    assert [("A", "run-2")] == stopped
    assert [c["sites"] for c in first] == [c["sites"] for c in resumed]
    assert {2} == {chunk["attempt"] for chunk in resumed}


def test_without_realisations_only_statistics_are_to_be_written(
    store: Store, inspected: dict[str, Any]
) -> None:
    (chunk,) = store_steps.store_meta(inspected, PARAMS | {"realisations": False}, "run-1")
    assert chunk["kinds"] == ["stats"]


def test_what_is_published_already_gives_no_chunks(store: Store, inspected: dict[str, Any]) -> None:
    stored(store, FILE)
    before = all_items(store)
    assert store_steps.store_meta(inspected, PARAMS, "run-2") == []
    assert store_steps.decide([], [], "A", "run-2")["status"] == "published"
    with pytest.raises(store_steps.NothingBegun, match=r"see write_stats_0"):
        store_steps.decide([], ["write_stats_0"], "A", "run-2")
    assert store_steps.publish("A", "run-2")["status"] == "published"
    assert before == all_items(store)


def test_as_many_chunks_as_airflow_maps_are_small(store: Store, inspected: dict[str, Any]) -> None:
    """XCom carries descriptions: 1,024 chunks with the longest site codes stay under 300 KB."""
    n = 1024
    calculation = SimpleNamespace(
        chunks=[Chunk(i, 100 * i, 100 * i + 100) for i in range(n)],
        spec=lambda _: SimpleNamespace(rows=("mean",)),
        forecast=SimpleNamespace(wcu_per_s_per_writer=2500),
        file=SimpleNamespace(uri="s3://hazard-inbox/calc_1.hdf5"),
    )
    parts = [SimpleNamespace(locs=["x" * 500] * 100 * n)]
    head: Any = SimpleNamespace(calculation=calculation, attempt=1)
    planned: Any = SimpleNamespace(site_parts=parts)
    chunks = store_steps._chunks(head, planned, 1000)
    at_once = min(n, Settings.from_environment().writers)
    assert {f"{1000 / at_once:.3f}"} == {chunk["max_rcu_per_s"] for chunk in chunks}
    assert n == len(chunks)
    assert len(json.dumps(chunks)) < 300_000
    assert all(len(chunk["name"]) < 200 for chunk in chunks)


def test_nothing_begun_is_nothing_recorded(store: Store) -> None:
    with nothing_changed(store), pytest.raises(store_steps.NothingBegun, match="see inspect"):
        store_steps.decide(None, ["inspect"], "A", "run-1")


def test_a_calculation_of_another_run_is_left_alone(
    store: Store, inspected: dict[str, Any]
) -> None:
    chunks = store_steps.store_meta(inspected, PARAMS, "run-1")
    with pytest.raises(store_steps.NothingBegun):
        store_steps.decide(None, ["store_meta"], "A", "run-2")
    assert Status.WRITING is store.head("A").status
    resume = PARAMS | {"if_stored": "resume"}
    store_steps.store_meta(inspected, resume, "run-2", lambda *_: None)
    before = all_items(store)
    for late in (
        lambda: store_steps.decide(chunks, [], "A", "run-1"),
        lambda: store_steps.publish("A", "run-1"),
    ):
        with pytest.raises(LostOwnership):
            late()
    assert before == all_items(store)


def test_failed_tasks_are_named_and_recorded(store: Store, inspected: dict[str, Any]) -> None:
    chunks = store_steps.store_meta(inspected, PARAMS, "run-1")
    with pytest.raises(store_steps.TasksFailed, match=r"write_stats_0 failed; .* not audited"):
        store_steps.decide(chunks, ["write_stats_0"], "A", "run-1")
    assert Status.FAILED is store.head("A").status


def test_a_run_whose_store_meta_died_half_way_is_recorded_as_failed(
    store: Store, inspected: dict[str, Any]
) -> None:
    store_steps.store_meta(inspected, PARAMS, "run-1")
    with pytest.raises(store_steps.TasksFailed):
        store_steps.decide(None, ["store_meta"], "A", "run-1")
    assert Status.FAILED is store.head("A").status


def test_a_failed_task_never_ends_published_green(store: Store, inspected: dict[str, Any]) -> None:
    """Audits of an earlier try passed, and then a task failed: still red, and still published."""
    owner = stored(store, FILE).head.owner
    with pytest.raises(store_steps.TasksFailed, match="the audit: passed"):
        store_steps.decide(None, ["inspect"], "A", owner)
    assert Status.PUBLISHED is store.head("A").status


def test_publishing_needs_the_audit(store: Store, inspected: dict[str, Any]) -> None:
    store_steps.store_meta(inspected, PARAMS, "run-1")
    with pytest.raises(Refused, match="audit has not passed"):
        store_steps.publish("A", "run-1")
