"""Whole runs of `audit_hazard` and `remove_hazard`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hazard_store.errors import EX_DIFFERENCE
from hazard_store.model import IfStored, Kind, Status
from hazard_store.store import Store
from hazard_store.workflow.claim import claim
from tests.support.dag_runs import page_of
from tests.support.laws import nothing_changed
from tests.support.loading import CALCS, all_items, items_of, plan_of, stored
from tests.support.streams import whole_stream

pytestmark = pytest.mark.airflow

FILE = CALCS / "classical_rlzs_stats.hdf5"


def test_published_calculations_are_audited_and_a_difference_is_red(
    run: Callable, store: Store, capfd: pytest.CaptureFixture[str]
) -> None:
    """The other one is audited all the same; nothing is withdrawn; the history grows."""
    for calc_id in ("SOUND", "DAMAGED"):
        stored(store, FILE, calc_id, key_scheme="calc")
    key = {"haz_sol_id": {"S": "DAMAGED"}, "loc_agg_rk": {"S": "[-41.300~174.780]:mean"}}
    store.client.delete_item(TableName=store.table(Kind.STATS), Key=key)
    ended = run("audit_hazard", calc_ids=["SOUND", "DAMAGED"], max_rcu_per_s=50)
    assert "failed" == ended.state
    assert {"SOUND": "success", "DAMAGED": "failed"} == dict(
        zip(ended.names["audit"], ended.states["audit"], strict=True)
    )
    assert Status.PUBLISHED is store.head("DAMAGED").status
    log = capfd.readouterr().out
    assert f"exit code {EX_DIFFERENCE} (the audit found a difference)" in log
    assert "hazard-store repair DAMAGED" in log
    why, audited = page_of("audit_hazard", ended.run_id)
    assert why.sentences[0].startswith(f"audit [DAMAGED]: exit code {EX_DIFFERENCE} ")
    assert audited.sentences == ("2 calculations: 1 passed, 1 not.",)
    assert ("SOUND", "passed", "0 missing, 0 extra, 0 altered") in audited.rows
    assert (["failed"], ["upstream_failed"]) == (
        ended.states["collect_failures"],
        ended.states["repair"],
    )
    assert ["upstream_failed"] == ended.states["report_unrepaired"]
    assert [1] == [past["missing"] for past in store.reports(store.head("DAMAGED")).history()]
    assert [0] == [past["missing"] for past in store.reports(store.head("SOUND")).history()]


@pytest.mark.slow
def test_every_end_of_an_audit_has_its_own_word_and_the_others_are_audited(
    run: Callable,
    store: Store,
    faults: Any,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nothing but a difference and damage is to be repaired; what is not published is named."""
    monkeypatch.setenv("HAZARD_STORE_ECS_RETRIES", "1")
    exit_codes = {"GONE": 66, "BUSY": 75, "BIG": 137, "BROKEN": 74, "UNSET": 78}
    for calc_id, exit_code in exit_codes.items():
        stored(store, FILE, calc_id, key_scheme="calc")
        times = {"BUSY": 2, "BIG": 2}.get(calc_id, 1)
        faults.add("audit", calc_id, exit=exit_code, say="hazard-store: it: said", times=times)
    stored(store, FILE, "FINE", key_scheme="calc")
    ended = run("audit_hazard", calc_ids=[*exit_codes, "FINE", "NOPE", "FINE"])
    states = dict(zip(ended.names["audit"], ended.states["audit"], strict=True))
    assert {"FINE": "success", **dict.fromkeys(exit_codes, "failed")} == states
    assert ("failed", ["failed"]) == (ended.state, ended.states["collect_failures"])
    told = [record.message for record in caplog.records if "To do: " in record.message]
    words = {line.partition(":")[0]: line.partition(": ")[2].partition(" (")[0] for line in told}
    assert {
        "GONE": "removed meanwhile",
        "BUSY": "busy until the retries ran out",
        "BIG": "out of memory",
        "BROKEN": "damaged",
        "UNSET": "not configured",
    } == words
    assert ["BROKEN"] == [line.partition(":")[0] for line in told if "hazard-store repair" in line]
    assert "NOPE: no such calculation is published" in caplog.text


def test_what_is_not_published_is_no_green_run(
    run: Callable, store: Store, capfd: pytest.CaptureFixture[str]
) -> None:
    ended = run("audit_hazard", calc_ids=["NOPE"])
    assert ("failed", ["failed"], [1]) == (
        ended.state,
        ended.states["list_published"],
        ended.tries["list_published"],
    )
    assert "NOPE: no such calculation is published" in capfd.readouterr().out


@pytest.mark.parametrize(
    ("dag_id", "conf", "first"),
    [
        ("audit_hazard", {"stale_day": 1, "remove_stale": True}, ["list_published", "find_stale"]),
        ("remove_hazard", {"calc_id": "A", "confirm": "A", "takeover": True}, ["confirm"]),
        ("backfill_hazard", {"day": "2026-11-23"}, ["find"]),
        (
            "store_hazard",
            {"calc_id": "A", "calc_file": "s3://hazard-inbox/a.hdf5", "dryrun": True},
            ["inspect"],
        ),
    ],
)
def test_a_parameter_that_a_dag_does_not_know_ends_its_run_before_it_does_anything(
    run: Callable,
    store: Store,
    capfd: pytest.CaptureFixture[str],
    dag_id: str,
    conf: dict[str, Any],
    first: list[str],
) -> None:
    with nothing_changed(store):
        ended = run(dag_id, **conf)
    assert "failed" == ended.state
    log = capfd.readouterr().out
    assert "parameters: there is no parameter" in log
    if dag_id == "store_hazard":
        assert "A: nothing was stored by this run, since inspect failed: " in log
        assert log.count("'dryrun' (did you mean dry_run?)") > 1, "decide says it too"
    for task in first:
        assert (["failed"], [1]) == (ended.states[task], ended.tries[task])


@pytest.mark.slow
def test_what_differs_is_repaired_if_told(
    run: Callable, store: Store, upload: Callable, send: Callable, tmp_path: Path
) -> None:
    """Exactly that, and audited again: the run is green. Of a stream its shipped file is read."""
    for calc_id in ("WHOLE", "HOLED"):
        stored(store, upload(FILE), calc_id, key_scheme="calc")
    stored(
        store, send(whole_stream(FILE, tmp_path, FILE, calc_id="SENT")), "SENT", key_scheme="calc"
    )
    before = items_of(store, store.table(Kind.STATS))
    for calc_id in ("HOLED", "SENT"):
        key = {"haz_sol_id": {"S": calc_id}, "loc_agg_rk": {"S": "[-41.300~174.780]:mean"}}
        store.client.delete_item(TableName=store.table(Kind.STATS), Key=key)
    ended = run("audit_hazard", calc_ids=["WHOLE", "HOLED", "SENT"], repair=True)
    assert "success" == ended.state
    assert ["success"] == ended.states["report_unrepaired"]
    assert ["failed", "failed", "success"] == sorted(ended.states["audit"])
    repaired = dict(zip(ended.names["repair"], ended.states["repair"], strict=True))
    assert {"HOLED": "success", "SENT": "success"} == repaired
    assert before == items_of(store, store.table(Kind.STATS))
    assert [1, 0] == [past["missing"] for past in store.reports(store.head("HOLED")).history()][-2:]


@pytest.mark.slow
def test_what_is_stale_is_named_and_removed_only_if_told(
    run: Callable, store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    stored(store, FILE, "KEPT")
    begun = claim(store, plan_of(store), "dead", IfStored.FAIL).head
    store.transitions.fail(begun, {})
    store.client.update_item(
        TableName=store.settings.meta_table,
        Key={"haz_sol_id": {"S": "A"}, "record": {"S": "head"}},
        UpdateExpression="SET since = :long_ago",
        ExpressionAttributeValues={":long_ago": {"S": "2026-01-01T00:00:00+00:00"}},
    )
    named = run("audit_hazard", calc_ids=["KEPT"])
    assert ("success", ["skipped"]) == (named.state, named.states["remove_stale"])
    assert "A has been failed since 2026-01-01" in caplog.text
    removed = run("audit_hazard", calc_ids=["KEPT"], remove_stale=True)
    assert ("success", ["success"]) == (removed.state, removed.states["remove_stale"])
    assert store.heads.entry("A") is None
    assert Status.PUBLISHED is store.head("KEPT").status


def test_a_calculation_is_removed_if_its_id_was_given_twice(run: Callable, store: Store) -> None:
    stored(store, FILE, "GONE")
    before = all_items(store)
    mistyped = run("remove_hazard", calc_id="GONE", confirm="DONE")
    assert ("failed", ["failed"]) == (mistyped.state, mistyped.states["confirm"])
    assert before == all_items(store)
    (why,) = page_of("remove_hazard", mistyped.run_id)
    assert "confirm: " in why.sentences[0]
    assert "it is 'DONE', not 'GONE'" in why.sentences[0]
    ended = run("remove_hazard", calc_id="GONE", confirm="GONE", max_wcu_per_s=10_000)
    assert "success" == ended.state
    report = ended.xcoms["remove", "return_value"][0]
    assert (0, ["GONE"]) == (report["left"], report["versions"])
    assert report["items"] > 0
    assert "GONE" not in str(all_items(store))
    (removed,) = page_of("remove_hazard", ended.run_id)
    assert removed.sentences[0].startswith("GONE: ")
    assert removed.tone == "good"
