"""Writers of a stream whose tasks are deferred: which container is started, and which is not."""

from __future__ import annotations

import json
import time
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from airflow.sdk.exceptions import TaskDeferred

from hazard_airflow import arrival_trigger
from hazard_airflow.arrival_trigger import ArrivalTrigger
from hazard_airflow.arriving import PATIENCE_S, WriteArrived
from hazard_airflow.ecs.trigger import ContainerTrigger
from hazard_airflow.exit_codes import ContainerFailed, ContainerFailedForGood
from hazard_store.errors import EX_CONFIG, EX_DATAERR, EX_TEMPFAIL
from tests.support.fake_ecs import ARN, PLACE, Ecs, Logs, OfFakes, context
from tests.support.faulty_s3 import faulty_s3
from tests.support.loading import CALCS
from tests.support.streams import MadeStream

pytestmark = pytest.mark.airflow

FILE = CALCS / "classical_rlzs_stats.hdf5"
SIZED = {"sites": "0:3", "attempt": 1, "arrived": "0/2", "cpu": "256", "memory": "1024"}
STOPPED = {"status": "stopped", "task_arn": ARN}


class Told(OfFakes, WriteArrived):
    """The operator with an ECS and a log of ours."""


@pytest.fixture
def made(tmp_path: Path) -> MadeStream:
    return MadeStream(FILE, tmp_path)


def report(waits_for: int | None, chunks: int = 1) -> dict[str, Any]:
    return {"calc_id": "A", "share": "0/2", "chunks": chunks, "waits_for": waits_for}


def operator(manifest: object, ecs: Ecs, *lines: str, **changes: Any) -> Told:
    task = Told(
        task_id="write_arrived",
        arguments=["write-arrived", str(manifest), "A", "--share=0/2"],
        chunk=SIZED,
        report_wait_s=0,
        **{**PLACE, "deferrable": True, "resize": True, **changes},
    )
    task.ecs, task.of_cloudwatch = ecs, Logs(list(lines), 0)
    return task


def deferred(call: Any, *arguments: Any, **named: Any) -> Any:
    """Return the trigger to which a call defers."""
    with pytest.raises(TaskDeferred) as raised:
        call(*arguments, **named)
    return raised.value.trigger


def test_nothing_is_started_before_the_first_chunk(made: MadeStream) -> None:
    made.put("alive.json", {})
    ecs = Ecs()
    waits = deferred(operator(made.manifest, ecs).execute, context())
    assert isinstance(waits, ArrivalTrigger)
    assert (str(made.manifest), 0) == (waits.awaited.manifest, waits.awaited.number)
    assert waits.awaited.sign == arrival_trigger.stream_of(str(made.manifest)).sign_of_life()
    assert [] == ecs.requests


def test_a_container_is_started_for_a_chunk_that_is_there(made: MadeStream) -> None:
    made.give(0)
    ecs = Ecs()
    watches = deferred(operator(made.manifest, ecs).execute, context())
    assert isinstance(watches, ContainerTrigger)
    (request,) = ecs.requests
    (overrides,) = request["overrides"]["containerOverrides"]
    assert f"--patience={PATIENCE_S:g}" == overrides["command"][-1]


def test_a_container_says_what_is_to_be_done_where_chunks_are_removed(made: MadeStream) -> None:
    """Of a published stream; whoever clears the task then finds all of it recorded as written."""
    made.give(0, 1, 2)
    made.end()
    (made.folder / "chunk-00000.hsc").unlink()
    watches = deferred(operator(made.manifest, Ecs()).execute, context())
    assert isinstance(watches, ContainerTrigger)


def test_it_goes_on_where_the_last_container_left_off(made: MadeStream) -> None:
    """The next chunk of the share 0/2 behind 0 is 2."""
    made.give(0)
    ecs = Ecs(exitCode=0)
    task = operator(made.manifest, ecs, json.dumps(report(2)))
    waits = deferred(task.execute_complete, context(), STOPPED)
    assert (2, report(2)) == (waits.awaited.number, waits.awaited.report)
    assert [] == ecs.requests
    event = {"status": "arrived", "report": report(2)}
    watches = deferred(operator(made.manifest, ecs).go_on, context(), event)
    assert isinstance(watches, ContainerTrigger)
    assert 1 == len(ecs.requests)


def test_a_chunk_that_came_meanwhile_is_not_waited_for(made: MadeStream) -> None:
    made.give(0, 2)
    ecs = Ecs(exitCode=0)
    task = operator(made.manifest, ecs, json.dumps(report(2)))
    assert isinstance(deferred(task.execute_complete, context(), STOPPED), ContainerTrigger)
    assert 1 == len(ecs.requests)


@pytest.mark.parametrize("seen_by", ["the triggerer", "a worker"])
def test_the_end_of_the_stream_ends_the_share(made: MadeStream, seen_by: str) -> None:
    made.give(0, 1)
    made.end()
    ecs = Ecs(exitCode=0)
    task = operator(made.manifest, ecs, json.dumps(report(2)))
    if seen_by == "a worker":
        done = task.execute_complete(context(), STOPPED)
    else:
        done = task.go_on(context(), {"status": "ended", "report": report(2)})
    assert (report(None), []) == (done, ecs.requests)


def test_a_share_without_a_chunk_has_an_empty_report(made: MadeStream) -> None:
    made.end()
    ecs = Ecs()
    done = operator(made.manifest, ecs).execute(context())
    assert ("A", "0/2", 0, None) == tuple(
        done[name] for name in ("calc_id", "share", "chunks", "waits_for")
    )
    assert [] == ecs.requests


@pytest.mark.parametrize("seen_by", ["the triggerer", "a worker"])
def test_a_stream_that_failed_is_final_whoever_sees_it(made: MadeStream, seen_by: str) -> None:
    made.end("the disk is full")
    task = operator(made.manifest, Ecs())
    sentence = f"{made.manifest}: the stream failed: the disk is full"
    event = {"status": "failed", "exit_code": EX_DATAERR, "sentence": sentence}
    seen = partial(task.go_on, event=event) if seen_by == "the triggerer" else task.execute
    with pytest.raises(ContainerFailedForGood) as failed:
        seen(context())
    assert (EX_DATAERR, sentence) == (failed.value.exit_code, failed.value.sentence)


def test_what_passes_is_tried_again(made: MadeStream) -> None:
    event = {"status": "failed", "exit_code": EX_TEMPFAIL, "sentence": "S3 did not answer"}
    with pytest.raises(ContainerFailed) as failed:
        operator(made.manifest, Ecs()).go_on(context(), event)
    assert failed.value.temporary


@pytest.mark.parametrize(("answer", "defers"), [("503 SlowDown", True), ("403 Denied", False)])
def test_an_inbox_that_does_not_answer_is_left_to_the_triggerer(
    made: MadeStream, monkeypatch: pytest.MonkeyPatch, answer: str, defers: bool
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDTESTKEY")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "never-shown")
    monkeypatch.setenv("HAZARD_STORE_RETRY_TRIES", "1")
    with faulty_s3(b"") as server:
        server.script = [answer] * 10
        monkeypatch.setenv("AWS_REGION", "us-east-1")
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", server.endpoint)
        task = operator("s3://inbox/manifest.json", Ecs())
        if defers:
            assert isinstance(deferred(task.execute, context()), ArrivalTrigger)
            return
        with pytest.raises(ContainerFailed) as failed:
            task.execute(context())
        assert (EX_CONFIG, False) == (failed.value.exit_code, failed.value.temporary)


def test_a_container_that_runs_already_is_found_again(made: MadeStream) -> None:
    """By a retry whose try before was lost, whatever has arrived; and when a chunk has come."""
    ecs = Ecs()
    ecs.running = [ARN]
    event = {"status": "arrived", "report": report(2)}
    for call in (
        lambda task: task.execute(context(try_number=2)),
        lambda task: task.go_on(context(), event),
    ):
        watches = deferred(call, operator(made.manifest, ecs))
        assert ARN == watches.watched.task_arn
    assert [] == ecs.requests


def lost(memory: str = "1024", **container: Any) -> dict[str, Any]:
    """Return the container of a try that Airflow lost."""
    return {
        "taskArn": f"{ARN}-lost",
        "createdAt": 1,
        "containers": [{"name": "writer", **container}],
        "stopCode": "EssentialContainerExited",
        "cpu": "256",
        "memory": memory,
        "overrides": {"cpu": "256", "memory": memory},
        "tags": [{"key": "hazard-store:try", "value": "1"}],
    }


@pytest.mark.parametrize("arrived", [False, True])
def test_a_retry_goes_on_from_the_report_of_a_lost_try(made: MadeStream, arrived: bool) -> None:
    made.give(0, *([2] if arrived else []))
    ecs = Ecs()
    ecs.stopped = [lost(exitCode=0)]
    task = operator(made.manifest, ecs, json.dumps(report(2)), retries=4)
    waits = deferred(task.execute, context(try_number=2))
    if arrived:
        assert (ContainerTrigger, 1) == (type(waits), len(ecs.requests))
    else:
        assert (2, []) == (waits.awaited.number, ecs.requests)


def test_a_container_behind_a_larger_one_is_as_large(made: MadeStream) -> None:
    """The one before had got more memory, and ended well."""
    ecs = Ecs(exitCode=0)
    ecs.stopped = [lost("2048", exitCode=0)]
    event = {"status": "arrived", "report": report(2)}
    deferred(operator(made.manifest, ecs).go_on, context(try_number=2), event)
    assert "2048" == ecs.requests[0]["overrides"]["memory"]


def test_where_tasks_are_not_deferred_one_container_waits(made: MadeStream) -> None:
    ecs = Ecs(exitCode=0)
    task = operator(made.manifest, ecs, json.dumps(report(None)), deferrable=False)
    assert report(None) == task.execute(context())
    (request,) = ecs.requests
    (overrides,) = request["overrides"]["containerOverrides"]
    assert "--share=0/2" == overrides["command"][-1]


def test_silence_is_as_long_as_the_settings_say(
    made: MadeStream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HAZARD_STORE_STREAM_SILENCE_S", "77")
    waits = deferred(operator(made.manifest, Ecs()).execute, context())
    assert 77 == waits.awaited.silence_s


def test_patience_with_ecs_ends_behind_a_lost_try_too(
    made: MadeStream, monkeypatch: pytest.MonkeyPatch
) -> None:
    made.give(0, 2)
    ecs = Ecs()
    ecs.stopped = [lost(exitCode=0)]
    full = {"failures": [{"reason": "RESOURCE:CPU"}], "tasks": []}
    monkeypatch.setattr(ecs, "run_task", lambda **_: full)
    task = operator(made.manifest, ecs, json.dumps(report(2)), retries=4, patience_s=60)
    since = {"waits_since": time.time() - 10}
    pause = deferred(task.ask_again, context(try_number=2), since)
    assert since == pause.remembered
    with pytest.raises(ContainerFailed, match="no room for it for 61 s"):
        task.ask_again(context(try_number=2), {"waits_since": time.time() - 61})
