"""The triggerer waits for a chunk: in a folder, in S3, through restarts and through its faults."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from airflow.sdk.module_loading import import_string
from airflow.sdk.serde import deserialize, serialize

from hazard_airflow import arrival_trigger
from hazard_airflow.arrival_trigger import ArrivalTrigger
from hazard_store.errors import EX_CONFIG, EX_DATAERR, EX_NOINPUT, EX_TEMPFAIL
from hazard_store.streamed import waiting
from tests.support.faulty_s3 import FaultyS3, faulty_s3
from tests.support.loading import CALCS
from tests.support.s3_place import REGION, S3Place, s3  # noqa: F401 - fixtures
from tests.support.streams import MadeStream

pytestmark = pytest.mark.airflow

FILE = CALCS / "classical_rlzs_stats.hdf5"
REPORT = {"calc_id": "A", "share": "0/2", "chunks": 4}
FEW_S = 0.6


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """No scheduler has to settle here, and nobody waits for seconds."""
    for name in list(os.environ):
        if name.startswith(("AWS_", "HAZARD_STORE_")):
            monkeypatch.delenv(name)
    monkeypatch.setattr(arrival_trigger, "SETTLE_S", 0.0)
    monkeypatch.setattr(arrival_trigger, "MOST_PAUSE_S", 0.05)
    monkeypatch.setattr(waiting, "FIRST_PAUSE_S", 0.01)


@pytest.fixture
def made(tmp_path: Path) -> MadeStream:
    made = MadeStream(FILE, tmp_path)
    made.put("alive.json", {})
    return made


def trigger(manifest: object, number: int = 0, **changes: Any) -> ArrivalTrigger:
    awaited = {"silence_s": 60.0, "since": time.time(), "sign": None, "report": REPORT}
    return ArrivalTrigger(manifest=str(manifest), number=number, **awaited | changes)


def event_of(waits: ArrivalTrigger, later: Callable[[], object] | None = None) -> dict[str, Any]:
    """Return what it wakes its task with; `later` is done when it has waited for a while."""

    async def first() -> dict[str, Any]:
        waiting_for = asyncio.ensure_future(anext(waits.run()))
        if later is not None:
            await asyncio.sleep(FEW_S)
            assert not waiting_for.done()
            later()
        event: Any = await asyncio.wait_for(waiting_for, 20)
        assert event.payload["report"] == REPORT
        payload: dict[str, Any] = event.payload
        return payload

    return asyncio.run(first())


def of_restart(waits: ArrivalTrigger) -> ArrivalTrigger:
    """Return the trigger that another triggerer makes of it, out of Airflow's database."""
    name, arguments = waits.serialize()
    restarted = import_string(name)(**deserialize(serialize(arguments)))
    assert isinstance(restarted, ArrivalTrigger)
    return restarted


@pytest.mark.parametrize("restarted", [False, True])
def test_a_chunk_that_comes_late_wakes_the_task(made: MadeStream, restarted: bool) -> None:
    waits = trigger(made.manifest)
    event = event_of(of_restart(waits) if restarted else waits, lambda: made.give(0))
    assert "arrived" == event["status"]


def test_the_end_without_the_chunk_wakes_the_task(made: MadeStream) -> None:
    made.give(0, 1)
    assert "ended" == event_of(trigger(made.manifest, 3), made.end)["status"]


def test_a_stream_that_fails_is_told_as_its_writer_tells_it(made: MadeStream) -> None:
    event = event_of(trigger(made.manifest), lambda: made.end("the disk is full"))
    assert ("failed", EX_DATAERR) == (event["status"], event["exit_code"])
    assert f"{made.manifest}: the stream failed: the disk is full" == event["sentence"]


def test_silence_is_told(made: MadeStream) -> None:
    event = event_of(trigger(made.manifest, silence_s=0.5))
    assert EX_DATAERR == event["exit_code"]
    assert "no sign of life" in event["sentence"]


def test_signs_of_life_keep_it_waiting(made: MadeStream) -> None:
    waits, signs = trigger(made.manifest, silence_s=1.0), iter(range(100))

    async def kept() -> str:
        event = asyncio.ensure_future(anext(waits.run()))
        for _ in range(20):
            made.put("alive.json", {"at": "x" * next(signs)})
            await asyncio.sleep(0.1)
        assert not event.done()
        made.give(0)
        return str((await event).payload["status"])

    assert "arrived" == asyncio.run(kept())


@pytest.mark.parametrize("signs", [True, False])
def test_silence_is_not_forgotten_by_a_triggerer_that_restarts(
    made: MadeStream, signs: bool
) -> None:
    """It counts from the beginning of the wait, unless there was a sign of life since."""
    stream = arrival_trigger.stream_of(str(made.manifest))
    long_ago = {"since": time.time() - 100, "sign": stream.sign_of_life()}
    if signs:
        made.put("alive.json", {"at": "later"})
    waits = of_restart(trigger(made.manifest, silence_s=60, **long_ago))
    waits._looks = waits.awaited.looks(stream)
    waits._looks._sign_is_due = 0  # a tenth of the silence later
    event = event_of(waits, (lambda: made.give(0)) if signs else None)
    assert ("arrived" if signs else "failed") == event["status"]


def test_it_waits_for_what_is_in_s3(
    s3: S3Place,  # noqa: F811
    made: MadeStream,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    at_s3(monkeypatch, s3.endpoint)

    def send() -> None:
        for path in made.folder.iterdir():
            s3.put(path, f"streams/T/1/{path.name}")

    send()
    manifest = f"s3://{s3.bucket}/streams/T/1/manifest.json"

    def later() -> None:
        made.give(0)
        send()

    assert "arrived" == event_of(trigger(manifest), later)["status"]
    made.end("the engine ended")
    send()
    assert EX_DATAERR == event_of(trigger(manifest, 1))["exit_code"]
    gone = event_of(trigger(manifest.replace("/T/", "/GONE/")))
    assert EX_NOINPUT == gone["exit_code"]


@pytest.fixture
def failing(made: MadeStream, monkeypatch: pytest.MonkeyPatch) -> Iterator[FaultyS3]:
    """An S3 whose objects are all the manifest."""
    with faulty_s3(made.manifest.read_bytes()) as server:
        at_s3(monkeypatch, server.endpoint)
        monkeypatch.setenv("HAZARD_STORE_RETRY_TRIES", "1")
        yield server


def test_an_s3_that_fails_is_waited_out(failing: FaultyS3) -> None:
    """Throttled and broken answers end nothing; the question is asked again."""
    failing.script = ["503 SlowDown", "reset", "500 InternalError", "503 SlowDown"] * 3
    waits = trigger("s3://inbox/manifest.json")
    event = event_of(waits)
    # All well again, it finds its own manifest as the end: that is none.
    assert (EX_DATAERR, []) == (event["exit_code"], failing.script)


def test_an_s3_that_fails_for_longer_than_the_silence_is_temporary(failing: FaultyS3) -> None:
    failing.script = ["503 SlowDown"] * 1000
    event = event_of(trigger("s3://inbox/manifest.json", silence_s=0.5))
    assert ("failed", EX_TEMPFAIL) == (event["status"], event["exit_code"])


def test_an_s3_that_refuses_is_told_at_once(failing: FaultyS3) -> None:
    failing.script = ["403 AccessDenied"]
    assert EX_CONFIG == event_of(trigger("s3://inbox/manifest.json"))["exit_code"]


def test_looks_become_seldom(made: MadeStream, monkeypatch: pytest.MonkeyPatch) -> None:
    """An hour of waiting, in pauses as long as they are."""
    monkeypatch.undo()
    slept: list[float] = []
    looks: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        if sum(slept) > 3600:
            made.give(0)

    monkeypatch.setattr(asyncio, "sleep", sleep)
    waits = trigger(made.manifest, silence_s=1e6)
    look = waits._look
    monkeypatch.setattr(waits, "_look", lambda: looks.append(1) or look())
    assert "arrived" == event_of(waits)["status"]
    assert len(looks) <= 3600 / 5 + 10


def test_no_task_is_woken_before_the_scheduler_knows_of_its_deferral(
    made: MadeStream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arrival_trigger, "SETTLE_S", 1.0)
    made.give(0)
    began = time.time()
    event_of(trigger(made.manifest))
    assert time.time() >= began + 1.0


def at_s3(monkeypatch: pytest.MonkeyPatch, endpoint: str) -> None:
    monkeypatch.setenv("AWS_REGION", REGION)
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", endpoint)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
