"""`airflow backfill create` over a month, twice, with a real scheduler: nothing is done twice."""

from __future__ import annotations

import datetime as dt
import json
import shutil
import subprocess
import sys
import uuid
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from hazard_store.model import Status
from hazard_store.store import Store
from local import airflow, aws, waiting
from local.airflow_api import AirflowApi
from local.ports import free_port
from local.stack import LocalStack
from tests.support import standalone
from tests.support.aws_calls import Recorder
from tests.support.calc_factory import make_calc
from tests.support.loading import all_items, stored

pytestmark = [pytest.mark.airflow, pytest.mark.slow, pytest.mark.month]

DAG = "backfill_hazard"
AIRFLOW = Path(sys.executable).with_name("airflow")
DAYS = 30
DAMAGED, OTHER_MODE, BAD_SIDECAR = 4, 11, 25  # days of files that cannot be stored
SAME_VERSION, COPIED = (2, 9, 16), (23, 30)  # days of files that are published before
NAMED_BY_SIDECAR = 7
DAYS_AT_ONCE = 6
LIMIT_S = 1500
TRIES = 8
ENDED = {"success", "failed"}
WRITES = {f"dynamodb:{name}Item" for name in ("Put", "Update", "Delete", "BatchWrite")}


@dataclass(frozen=True)
class Month(LocalStack):
    """A stack whose DynamoDB is asked through a recorder, and that has nothing to catch up."""

    recorder_port: int = 0

    @property
    def dynamodb(self) -> dict[str, str]:
        """Leads to the recorder."""
        return {"AWS_ENDPOINT_URL_DYNAMODB": f"http://127.0.0.1:{self.recorder_port}"}

    @property
    def ecs_environment(self) -> dict[str, str]:
        """As it is, and Airflow and its tasks ask the recorder."""
        today = dt.datetime.now(dt.UTC).date().isoformat()
        return {
            **super().ecs_environment,
            **self.dynamodb,
            "HAZARD_STORE_BACKFILL_START": today,
        }


@dataclass(frozen=True)
class Running:
    """Everything that the test talks to."""

    stack: LocalStack
    api: AirflowApi
    recorder: Recorder
    store: Store


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    port = free_port()
    recorder = Recorder(port, role="set-up")
    with recorder.serving() as recorder_port:
        stack = Month(
            home=tmp_path_factory.mktemp("month"),
            run=uuid.uuid4().hex,
            aws_port=port,
            airflow_port=free_port(),
            parallel_tasks=8,
            recorder_port=recorder_port,
        )
        with standalone.running(stack, ("store_hazard", DAG), stack.dynamodb) as made:
            yield Running(stack, made.api, recorder, made.store)


def test_a_month_is_stored_once_however_often_it_is_backfilled(
    running: Running, tmp_path: Path
) -> None:
    fill_inbox(running, tmp_path)
    running.recorder.role = "first"

    backfill(running)

    first = summaries(running)
    assert {"stored": 22, "skipped": 5, "refused": 3, "failed": 0} == totals(first)
    assert {day(n) for n in (*SAME_VERSION, *COPIED)} == days_of(first, "skipped")
    bad = {day(n) for n in (DAMAGED, OTHER_MODE, BAD_SIDECAR)}
    assert bad == days_of(first, "refused") == red(running)
    assert 27 == len(published(running))
    assert "NAMED" in published(running)
    why = {text: entry["reason"] for text, s in first.items() for entry in s["refused"]}
    assert "exit code 65" in why[day(DAMAGED)]
    assert "scenario" in why[day(OTHER_MODE)]
    assert "calc_25.json: key_scheme" in why[day(BAD_SIDECAR)]
    children = child_runs(running)
    assert 22 == len(children)
    assert {"success"} == set(children.values())
    assert {e["run_id"] for s in first.values() for e in s["stored"]} == set(children)
    assert {("success", "success", "skipped")} == {states_of(running, n) for n in COPIED}
    assert {("success", "skipped", "skipped")} == {states_of(running, n) for n in SAME_VERSION}
    assert ("success", "failed", "upstream_failed") == states_of(running, DAMAGED)
    assert WRITES & running.recorder.actions("first")

    running.recorder.role = "second"
    before = all_items(running.store)
    backfill(running)  # as people call it: the runs are there, so nothing is begun
    backfill(running, "--reprocess-behavior", "completed")

    second = summaries(running)
    assert {"stored": 0, "skipped": 27, "refused": 3, "failed": 0} == totals(second)
    assert bad == days_of(second, "refused") == red(running)
    assert set() == WRITES & running.recorder.actions("second")
    assert running.recorder.actions("second"), "the recorder is still asked"
    assert before == all_items(running.store)
    assert children == child_runs(running)


def fill_inbox(running: Running, folder: Path) -> None:
    """Put a file into each day's folder; store some of them before."""
    s3, bucket = aws.client(running.stack, "s3"), running.stack.inbox_bucket
    for n in range(1, DAYS + 1):
        file = make_calc(
            folder / f"calc_{n}.hdf5",
            n=2,
            r=1,
            seed=n,
            mode="scenario" if n == OTHER_MODE else "classical",
        ).path
        if n == DAMAGED:
            file.write_bytes(file.read_bytes()[:1000])
        key = f"{day(n)}/{file.name}"
        s3.upload_file(str(file), bucket, key)
        if n in SAME_VERSION:
            stored(running.store, f"s3://{bucket}/{key}", file.stem)
        if n in COPIED:
            stored(running.store, shutil.copy(file, folder / "copy.hdf5"), file.stem)
        sidecar = {BAD_SIDECAR: {"key_scheme": "none"}, NAMED_BY_SIDECAR: {"calc_id": "NAMED"}}
        if n in sidecar:
            key = key.replace(".hdf5", ".json")
            s3.put_object(Bucket=bucket, Key=key, Body=json.dumps(sidecar[n]))


def day(n: int) -> str:
    return f"2026-10-{n:02d}"


def backfill(running: Running, *options: str) -> None:
    """Create a backfill as people do, and wait until all its runs have ended.

    SQLite may call itself locked half-way, since the scheduler writes to it as well. What is left
    of the command is then a backfill without runs, which the scheduler closes after a while; the
    runs must not have begun: so the DAG is off.
    """
    command = [
        *(str(AIRFLOW), "backfill", "create", "--dag-id", DAG),
        *("--max-active-runs", str(DAYS_AT_ONCE)),
        *("--from-date", day(1), "--to-date", day(DAYS), *options),
    ]

    def closed() -> bool:
        found = running.api.get("backfills", dag_id=DAG)["backfills"]
        return all(each["completed_at"] for each in found)

    def done() -> bool:
        return closed() and {run["state"] for run in runs(running)} <= ENDED

    switch(running, on=False)
    for _ in range(TRIES):
        ended = subprocess.run(
            command,
            env=airflow.environment(running.stack),
            cwd=running.stack.home,
            capture_output=True,
            text=True,
            timeout=120,
        )
        if "database is locked" not in ended.stderr:
            break
        waiting.until(closed, "the end of what is left", timeout_s=LIMIT_S, every_s=2)
    assert ended.returncode == 0, ended.stderr[-3000:]
    switch(running, on=True)
    waiting.until(done, "the end of the backfill", timeout_s=LIMIT_S, every_s=2)
    assert DAYS == len(runs(running))


def switch(running: Running, *, on: bool) -> None:
    body = {"is_paused": not on}
    running.api.http.patch(f"/api/v2/dags/{DAG}", json=body).raise_for_status()


def runs(running: Running) -> list[dict[str, Any]]:
    return list(running.api.get(f"dags/{DAG}/dagRuns", limit=100)["dag_runs"])


def red(running: Running) -> set[str]:
    return {day_of(run) for run in runs(running) if run["state"] == "failed"}


def child_runs(running: Running) -> dict[str, str]:
    found = running.api.get("dags/store_hazard/dagRuns", limit=100)["dag_runs"]
    return {run["dag_run_id"]: run["state"] for run in found}


def summaries(running: Running) -> dict[str, dict[str, Any]]:
    """Return what each run has kept, by its day."""
    path = "dags/{}/dagRuns/{}/taskInstances/summary/xcomEntries/summary"
    found = {}
    for run in runs(running):
        entry = running.api.get(path.format(DAG, run["dag_run_id"]), deserialize=True)
        found[day_of(run)] = entry["value"]
    return found


def day_of(run: dict[str, Any]) -> str:
    return str(run["data_interval_start"])[:10]


def states_of(running: Running, n: int) -> tuple[str, str, str]:
    """Return the states of a day's find, inspection and storing; the latter two name the file."""
    (run_id,) = (run["dag_run_id"] for run in runs(running) if day_of(run) == day(n))
    by_task = {each["task_id"]: each for each in running.api.instances(DAG, run_id)}
    assert by_task["file.inspect"]["rendered_map_index"].startswith(f"{day(n)}/calc_{n}.hdf5")
    find, inspect, store = (
        by_task[task]["state"] for task in ("find", "file.inspect", "file.store")
    )
    return find, inspect, store


def totals(found: dict[str, dict[str, Any]]) -> dict[str, int]:
    count = Counter[str]()
    for summary in found.values():
        for outcome in ("stored", "skipped", "refused", "failed"):
            count[outcome] += len(summary[outcome])
    return dict(count)


def days_of(found: dict[str, dict[str, Any]], outcome: str) -> set[str]:
    return {text for text, summary in found.items() if summary[outcome]}


def published(running: Running) -> set[str]:
    heads = list(running.store.heads.all())
    assert {Status.PUBLISHED} == {head.status for head in heads}
    return {head.calc_id for head in heads}
