"""Whole runs of `store_hazard`: what is stored, what is published, what turns red and why."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from airflow.sdk.exceptions import ParamValidationError

from hazard_store.errors import EX_DIFFERENCE, EX_TEMPFAIL
from hazard_store.model import Kind, Status
from hazard_store.store import Store
from tests.support.calc_factory import make_child, make_parent
from tests.support.dag_runs import SECRET
from tests.support.laws import nothing_changed
from tests.support.loading import CALCS, all_items

pytestmark = pytest.mark.airflow

BOTH = CALCS / "classical_rlzs_stats.hdf5"
STATS, REALISATIONS = "write_stats", "write_realisations"


def counts(store: Store, calc_id: str, kind: str) -> tuple[int, ...]:
    """Return (rows, expected, acknowledged + found, stored) of a calculation's audit."""
    of_kind = store.head(calc_id).outcome["audit"][str(kind)]
    written = of_kind["acknowledged"] + of_kind["found"]
    return of_kind["rows"], of_kind["expected"], written, of_kind["stored"]


def assert_exact(store: Store, calc_id: str) -> None:
    """Check that a published calculation is all there, and nothing else."""
    head = store.head(calc_id)
    assert Status.PUBLISHED is head.status
    audit = head.outcome["audit"]
    assert (audit["missing"], audit["extra"], audit["altered"]) == (0, 0, 0)
    assert audit["with_file"]
    for kind in Kind:
        spec = head.calculation.spec(kind)
        n = head.calculation.n_sites * len(spec.groups)
        rows = head.calculation.n_sites * len(spec.rows)
        assert (rows, n, n, n) == counts(store, calc_id, kind)


def test_both_kinds_are_stored_in_chunks_and_a_second_run_writes_nothing(
    run: Callable, upload: Callable, store: Store, capfd: pytest.CaptureFixture[str]
) -> None:
    """What was published is an asset event, with identity and counts; nothing written, no event."""
    uri = upload(BOTH)
    conf = {"calc_id": "BOTH", "calc_file": uri}
    named = {"key_scheme": "calc", "sites_per_chunk": 3, "map_statistics": "mean,0.5"}
    first = run(**conf, **named)
    assert first.state == "success"
    assert_exact(store, "BOTH")
    assert counts(store, "BOTH", Kind.STATS) == (36, 12, 12, 12)
    n_maps = 2 * (1 + 2 * 3)  # a chunk is one block: its sites, and two statistics of three IMTs
    assert counts(store, "BOTH", "maps") == (36, n_maps, n_maps, n_maps)
    assert counts(store, "BOTH", Kind.REALISATIONS)[0] == 72
    for task in (STATS, REALISATIONS, "audit"):
        assert first.states[task] == ["success", "success"]
        assert first.names[task] == [
            "sites 0:3 [-39.480~176.920] .. [-40.960~175.660]",
            "sites 3:6 [-41.270~173.280] .. [-41.510~173.950]",
        ]
    assert ["BOTH"] == first.names["inspect"]
    assert f"store_hazard/{first.run_id}" == store.head("BOTH").owner
    assert first.xcom_bytes < 4_000
    said = first.xcoms["plan", "forecast"][0]
    assert (said["stats_items"], said["maps_items"]) == (12, n_maps)

    log = capfd.readouterr().out
    assert "ECS Task started" in log
    assert first.rendered.count("HAZARD_STORE_OWNER") == 7  # inspect, and three a chunk
    assert SECRET not in f"{log} {first.rendered} {first.xcoms}"

    (extra,) = events_of("BOTH")
    assert (12, "published") == (extra["stats"]["stored"], extra["status"])

    with nothing_changed(store):  # what is not named now follows what is stored
        again = run(**conf)
    assert again.state == "success"
    for task in (STATS, REALISATIONS, "audit"):
        assert again.states[task] == ["skipped"]
    assert [extra] == events_of("BOTH")


@pytest.mark.slow
def test_a_calculation_is_stored_with_the_parent_that_is_named(
    run: Callable, upload: Callable, store: Store, tmp_path: Path
) -> None:
    """All containers that read the file are told of it; outside the inbox, nothing reads it."""
    child = upload(make_child(tmp_path / "calc_8.hdf5", 7).path, "second/calc_8.hdf5")
    parent = upload(make_parent(tmp_path / "calc_7.hdf5").path, "first/calc_7.hdf5")
    ended = run(calc_id="CONTINUED", calc_file=child, parent_file=parent)
    assert ended.state == "success"
    assert_exact(store, "CONTINUED")
    recorded = store.head("CONTINUED").calculation.parent
    assert recorded is not None
    assert parent == recorded.uri
    assert ended.rendered.count(f"--parent={parent}") == 4  # inspect, two writers, the audit

    alone = run(calc_id="ALONE", calc_file=child)
    assert ("failed", ["failed"]) == (alone.state, alone.states["inspect"])
    way_out = f"{parent.removesuffix('first/calc_7.hdf5')}../other/calc_7.hdf5"
    refused = run(calc_id="OUTSIDE", calc_file=child, parent_file=way_out)
    assert ("failed", ["failed"]) == (refused.state, refused.states["inspect"])


def events_of(calc_id: str) -> list[dict[str, Any]]:
    """Return what the asset events of a calculation say."""
    from airflow.models.asset import AssetEvent
    from airflow.utils.session import create_session
    from sqlalchemy import select

    with create_session() as session:
        found = [event.extra for event in session.scalars(select(AssetEvent))]
    return [extra for extra in found if extra.get("calc_id") == calc_id]


@pytest.mark.parametrize(
    ("calc_id", "file", "conf", "skipped"),
    [
        ("STATS-ONLY", CALCS / "stats_only.hdf5", {}, REALISATIONS),
        ("RLZS-ONLY", CALCS / "rlzs_only.hdf5", {}, STATS),
        ("DEFERRED", BOTH, {"realisations": False, "layout": "readable"}, REALISATIONS),
    ],
)
def test_a_kind_that_is_not_there_is_skipped_and_the_other_is_published(
    run: Callable,
    upload: Callable,
    store: Store,
    calc_id: str,
    file: Path,
    conf: dict[str, Any],
    skipped: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HAZARD_STORE_ECS_DEFERRABLE", str(calc_id == "DEFERRED"))
    ended = run(calc_id=calc_id, calc_file=upload(file), **conf)
    assert ended.state == "success"
    (written,) = {STATS, REALISATIONS} - {skipped}
    assert ended.states[skipped] == ["skipped"]
    assert ["success"] == ended.states[written] == ended.states["audit"]
    assert_exact(store, calc_id)
    of_skipped = Kind.STATS if skipped == STATS else Kind.REALISATIONS
    assert counts(store, calc_id, of_skipped) == (0, 0, 0, 0)


def test_a_writer_that_fails_for_good_fails_the_run_without_a_retry(
    run: Callable, upload: Callable, store: Store, faults: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    """The file is replaced between planning and writing: exit code 65."""
    uri = upload(BOTH, "replaced.hdf5")
    other = CALCS / "rlzs_only.hdf5"
    put = f"boto3.client('s3').upload_file({str(other)!r}, 'hazard-inbox', 'replaced.hdf5')"
    faults.add("write", run=f"import boto3; {put}")
    ended = run(calc_id="REPLACED", calc_file=uri)
    assert ended.state == "failed"
    for task in (STATS, REALISATIONS):
        assert (ended.states[task], ended.tries[task]) == (["failed"], [1])
    assert ["upstream_failed"] == ended.states["audit"] == ended.states["publish"]
    assert (ended.states["decide"], ended.tries["decide"]) == (["failed"], [1])
    assert Status.FAILED is store.head("REPLACED").status
    log = capfd.readouterr().out
    assert f"exit code 65 (the input is bad): {uri}: the file changed" in log
    assert "REPLACED: write_realisations_0, write_stats_0 failed" in log


@pytest.mark.slow
def test_what_is_temporary_is_retried_and_ends_published(
    run: Callable, upload: Callable, store: Store, faults: Any
) -> None:
    """Exit code 75 twice; stopped from outside, which ECS may call 0; told to stop in the audit."""
    busy = "hazard-store: AWS: slow down"
    faults.add("write", "stats", exit=EX_TEMPFAIL, say=busy, times=2)
    faults.add("write", "realisations", exit=0, say="interrupted half-way")
    faults.add("audit", signal=signal.SIGTERM)
    ended = run(calc_id="TEMPORARY", calc_file=upload(BOTH))
    assert ended.state == "success"
    assert ended.tries[STATS] == [3]
    assert [2] == ended.tries[REALISATIONS] == ended.tries["audit"]
    assert_exact(store, "TEMPORARY")


def memory_of_tasks(stack: Any, calc_id: str) -> dict[str, list[int]]:
    """Return the MB of all containers of a calculation, in the order of their start, by verb."""
    from local import aws

    arns = sorted(tasks_of(stack))
    parts = [arns[start : start + 100] for start in range(0, len(arns), 100)]
    ecs = aws.client(stack, "ecs")
    found = [
        task
        for part in parts
        for task in ecs.describe_tasks(cluster=stack.cluster, tasks=part, include=["TAGS"])["tasks"]
        if {"key": "hazard-store:calculation", "value": calc_id} in task["tags"]
    ]
    by_verb: dict[str, list[int]] = {}
    for task in sorted(found, key=lambda task: task["createdAt"]):
        (override,) = task["overrides"]["containerOverrides"]
        name = "_".join(word for word in override["command"] if word in VERBS)
        memory = task["overrides"].get("memory") or task["memory"]
        by_verb.setdefault(name, []).append(int(memory))
    return by_verb


VERBS = ("inspect", "write", "stats", "realisations", "audit")


@pytest.mark.slow
@pytest.mark.parametrize("deferrable", [False, True])
def test_out_of_memory_is_retried_once_in_a_larger_container(
    run: Callable,
    upload: Callable,
    store: Store,
    faults: Any,
    stack: Any,
    deferrable: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """137 of tasks that nobody stopped; a larger one stays larger when it was merely busy."""
    monkeypatch.setenv("HAZARD_STORE_ECS_DEFERRABLE", str(deferrable))
    calc_id = f"SMALL{deferrable}"
    faults.add("inspect", signal=signal.SIGKILL)
    faults.add("write", "stats", signal=signal.SIGKILL)
    faults.add("write", "stats", exit=EX_TEMPFAIL, say="hazard-store: AWS: slow down")
    faults.add("write", "realisations", exit=EX_TEMPFAIL, say="hazard-store: AWS: slow down")
    ended = run(calc_id=calc_id, calc_file=upload(BOTH))
    assert ended.state == "success"
    assert_exact(store, calc_id)
    small = memory_of_tasks(stack, calc_id)["audit"][0]
    assert memory_of_tasks(stack, calc_id) == {
        "inspect": [1024, 2048],
        "write_stats": [small, 2 * small, 2 * small],
        "write_realisations": [small, small],
        "audit": [small],
    }


@pytest.mark.slow
def test_out_of_memory_in_the_larger_container_too_is_for_good(
    run: Callable, upload: Callable, store: Store, faults: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    faults.add("write", "stats", signal=signal.SIGKILL, times=2)
    ended = run(calc_id="TOO-LARGE", calc_file=upload(BOTH))
    assert ended.state == "failed"
    assert (ended.states[STATS], ended.tries[STATS]) == (["failed"], [2])
    assert (["success"], ["upstream_failed"]) == (ended.states[REALISATIONS], ended.states["audit"])
    log = capfd.readouterr().out
    assert "MB: the next try gets " in log
    assert "MB: give it more: raise `Memory` of the stack" in log
    assert Status.FAILED is store.head("TOO-LARGE").status


@pytest.mark.slow
def test_a_failing_audit_is_red_and_a_resume_heals_it(
    run: Callable, upload: Callable, store: Store, faults: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    """An item is deleted between writing and audit."""
    key = {"haz_sol_id": {"S": "HOLE"}, "loc_agg_rk": {"S": "[-41.300~174.780]:mean"}}
    delete = (
        f"boto3.client('dynamodb').delete_item(TableName={store.table(Kind.STATS)!r}, Key={key})"
    )
    faults.add("audit", run=f"import boto3; {delete}")
    conf = {"calc_id": "HOLE", "calc_file": upload(BOTH), "key_scheme": "calc"}
    ended = run(**conf)
    assert ended.state == "failed"
    assert (ended.states["audit"], ended.tries["audit"]) == (["failed"], [1])
    assert (ended.states["decide"], ended.tries["decide"]) == (["failed"], [1])
    assert ended.states["publish"] == ["upstream_failed"]
    head = store.head("HOLE")
    assert (head.status, head.outcome["audit"]["missing"]) == (Status.FAILED, 1)
    log = capfd.readouterr().out
    missing = "1 missing, 0 extra, 0 altered"
    where = f"missing {store.table(Kind.STATS)} HOLE [-41.300~174.780]:mean"
    meaning = f"exit code {EX_DIFFERENCE} (the audit found a difference)"
    assert f"{meaning}: HOLE: the audit failed: {missing}" in log
    assert where in log
    assert f"HOLE: audit_0 failed; the audit: {missing}" in log

    healed = run(**conf, if_stored="resume")
    assert healed.state == "success"
    assert_exact(store, "HOLE")
    assert (store.head("HOLE").attempt, store.head("HOLE").outcome["stats"]["wcu"]) == (2, 1)


@pytest.mark.parametrize("uri", ["s3://hazard-inbox-evil/calc_1.hdf5", "/etc/passwd"])
def test_the_form_refuses_a_file_outside_the_inbox(run: Callable, store: Store, uri: str) -> None:
    with pytest.raises(ParamValidationError, match="calc_file"):
        run(calc_id="OUTSIDE", calc_file=uri)


def test_a_way_out_of_the_inbox_is_refused_before_anything_reads_it(
    run: Callable, store: Store, stack: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    before = all_items(store), tasks_of(stack)
    uri = "s3://hazard-inbox/../hazard-inbox-evil/calc_1.hdf5"
    ended = run(calc_id="OUTSIDE", calc_file=uri)
    assert ended.state == "failed"
    assert (ended.states["inspect"], ended.tries["inspect"]) == (["failed"], [1])
    assert (ended.states["decide"], ended.tries["decide"]) == (["failed"], [1])
    assert before == (all_items(store), tasks_of(stack))
    assert f"calc_file: '{uri}' is not in the inbox, s3://hazard-inbox/" in capfd.readouterr().out


def test_a_bad_file_leaves_nothing_behind(
    run: Callable, upload: Callable, store: Store, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    bad = tmp_path / "bad.hdf5"
    bad.write_bytes(b"this is no calculation")
    before = all_items(store)
    ended = run(calc_id="BAD", calc_file=upload(bad))
    assert ended.state == "failed"
    assert (ended.states["inspect"], ended.tries["inspect"]) == (["failed"], [1])
    assert (["skipped"], ["upstream_failed"]) == (
        ended.states["store_meta"],
        ended.states["publish"],
    )
    assert before == all_items(store)
    (end,) = ended.xcoms["inspect", "end"]
    assert 65 == end["exit_code"]  # by which `submit --follow` ends
    log = capfd.readouterr().out
    assert "exit code 65 (the input is bad): s3://hazard-inbox/bad.hdf5: " in log
    assert "BAD: nothing was stored by this run, since inspect failed: exit code 65" in log


def tasks_of(stack: Any) -> set[str]:
    """Return all ECS tasks that there ever were."""
    from local import aws

    ecs = aws.client(stack, "ecs")
    return {
        arn
        for status in ("RUNNING", "STOPPED")
        for arn in ecs.list_tasks(cluster=stack.cluster, desiredStatus=status)["taskArns"]
    }
