"""`stream_hazard` whose tasks are deferred: no container runs where nothing arrives."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from hazard_airflow import arrival_trigger, arriving
from hazard_airflow.ecs import trigger
from hazard_store.model import Status
from hazard_store.store import Store
from local import aws
from local.ecs_model.faults import Fate, Refusal
from local.ecs_model.model import EcsModel
from local.stack import LocalStack
from tests.support.eventually import eventually
from tests.support.laws import nothing_changed
from tests.support.loading import CALCS, stored
from tests.support.streams import MadeStream, whole_stream

pytestmark = pytest.mark.airflow

FILE = CALCS / "classical_rlzs_stats.hdf5"
WRITER = "write-arrived"
LATE_S = 2.0  # a container would long have started
TWO_SHARES = {"key_scheme": "calc", "sites_per_chunk": 3}


@pytest.fixture(autouse=True)
def deferred(monkeypatch: pytest.MonkeyPatch) -> None:
    """`dag.test()` has no scheduler that must settle; containers of tests start at once."""
    monkeypatch.setenv("HAZARD_STORE_ECS_DEFERRABLE", "true")
    for module in ("hazard_airflow.ecs_operator", trigger.__name__, arrival_trigger.__name__):
        monkeypatch.setattr(f"{module}.SETTLE_S", 0.0)
    monkeypatch.setattr(arrival_trigger, "MOST_PAUSE_S", 0.25)
    monkeypatch.setattr(arriving, "PATIENCE_S", 0.5)
    monkeypatch.setenv("HAZARD_STORE_STREAM_SILENCE_S", "240")  # ends a run whose test has failed


@pytest.fixture
def send(stack: LocalStack) -> Callable[[MadeStream], str]:
    """Put what there is of a stream into the inbox; return the URI of its manifest."""

    def put(made: MadeStream) -> str:
        top = made.folder.parents[2]
        for file in sorted(made.folder.iterdir(), key=lambda path: path.name == "manifest.json"):
            key = str(file.relative_to(top))
            aws.client(stack, "s3").upload_file(str(file), stack.inbox_bucket, key)
        return f"{stack.inbox}{made.manifest.relative_to(top)}"

    return put


@contextmanager
def meanwhile(work: Callable[[], None]) -> Iterator[None]:
    """Do something beside the block; what it raises is raised."""
    failed: list[BaseException] = []

    def kept() -> None:
        try:
            work()
        except BaseException as error:
            failed.append(error)

    thread = threading.Thread(target=kept)
    thread.start()
    yield
    thread.join()
    if failed:
        raise failed[0]


def is_claimed(store: Store, calc_id: str) -> bool:
    return store.heads.current(calc_id) is not None


def running(ecs: EcsModel) -> list[Any]:
    return [task for task in ecs.of_command(WRITER) if task.stopped is None]


def test_containers_run_while_chunks_come_and_none_while_they_do_not(
    run: Callable, send: Callable, ecs: EcsModel, store: Store, tmp_path: Path
) -> None:
    """One share, since `dag.test()` runs one task after the other, in any order."""
    made = MadeStream(FILE, tmp_path, "LATE")
    made.put("alive.json", {})
    uri = send(made)
    seen: list[int] = []

    def later() -> None:
        assert eventually(lambda: is_claimed(store, "LATE"), 60)
        time.sleep(LATE_S)
        seen.append(len(ecs.of_command(WRITER)))
        made.give(0)
        send(made)
        assert eventually(lambda: ecs.of_command(WRITER) and not running(ecs), 60)
        time.sleep(LATE_S)
        seen.append(len(ecs.of_command(WRITER)))
        assert [] == running(ecs)
        made.give(1, 2)
        made.end()
        send(made)

    with meanwhile(later):
        ended = run("stream_hazard", calc_id="LATE", manifest=uri)
    assert "success" == ended.state, ended.states
    assert Status.PUBLISHED is store.head("LATE").status
    assert [0, 1] == seen
    assert {1} == set(ended.tries["write_arrived"])
    assert 2 == len(ecs.of_command(WRITER))
    (report,) = ended.xcoms["write_arrived", "return_value"]
    assert (3, 6, None) == (report["chunks"], report["sites"], report["waits_for"])


@pytest.mark.slow
def test_an_inspection_that_needs_the_whole_stream_waits_without_a_container(
    run: Callable, send: Callable, ecs: EcsModel, store: Store, tmp_path: Path
) -> None:
    """The same is published already, which only the content can tell."""
    stored(store, FILE, "SAME")
    made = MadeStream(FILE, tmp_path, "SAME")
    made.put("alive.json", {})
    made.give(0)
    uri = send(made)
    seen: list[int] = []

    def later() -> None:
        time.sleep(2 * LATE_S)
        seen.append(len(ecs.of_command("inspect")))
        made.give(1, 2)
        made.end()
        send(made)

    with meanwhile(later), nothing_changed(store):
        ended = run("stream_hazard", calc_id="SAME", manifest=uri)
    assert "success" == ended.state, ended.states
    assert ([0], 1) == (seen, len(ecs.of_command("inspect")))
    assert ["skipped"] == ended.states["write_arrived"]
    assert [1] == ended.tries["inspect"]


@pytest.mark.slow
def test_a_share_of_which_nothing_comes_needs_no_container(
    run: Callable, send: Callable, ecs: EcsModel, tmp_path: Path
) -> None:
    uri = send(whole_stream(FILE, tmp_path, calc_id="ONE-CHUNK", n_chunks=1))
    ended = run("stream_hazard", calc_id="ONE-CHUNK", manifest=uri, **TWO_SHARES)
    assert "success" == ended.state, ended.states
    assert 1 == len(ecs.of_command(WRITER))
    reports = ended.xcoms["write_arrived", "return_value"]
    assert {("0/2", 1), ("1/2", 0)} == {(each["share"], each["chunks"]) for each in reports}


def test_a_stream_that_fails_meanwhile_is_red_at_once(
    run: Callable,
    send: Callable,
    ecs: EcsModel,
    store: Store,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    made = MadeStream(FILE, tmp_path, "FAILS")
    uri = send(made)

    def later() -> None:
        assert eventually(lambda: is_claimed(store, "FAILS"), 60)
        time.sleep(LATE_S)
        made.end("the disk is full")
        send(made)

    with meanwhile(later):
        ended = run("stream_hazard", calc_id="FAILS", manifest=uri)
    assert ("failed", [1]) == (ended.state, ended.tries["write_arrived"])
    assert (
        f"(the input is bad): {uri}: the stream failed: the disk is full" in capfd.readouterr()[0]
    )
    assert Status.FAILED is store.head("FAILS", working=True).status
    assert [] == ecs.of_command(WRITER)


@pytest.mark.slow
def test_a_machine_that_gives_no_sign_of_life_is_given_up(
    run: Callable,
    send: Callable,
    ecs: EcsModel,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Behind its first chunk, which a container has written."""
    monkeypatch.setenv("HAZARD_STORE_STREAM_SILENCE_S", "2")
    made = MadeStream(FILE, tmp_path, "SILENT")
    made.put("alive.json", {})
    made.give(0)
    ended = run("stream_hazard", calc_id="SILENT", manifest=send(made))
    assert ("failed", [1]) == (ended.state, ended.tries["write_arrived"])
    assert "no sign of life for 2 s" in capfd.readouterr()[0]
    assert 1 == len(ecs.of_command(WRITER))


@pytest.mark.slow
def test_a_writer_that_is_taken_away_is_run_again_and_its_report_counts_all(
    run: Callable, send: Callable, ecs: EcsModel, tmp_path: Path
) -> None:
    ecs.faults.befall(Fate.SPOT, WRITER)
    uri = send(whole_stream(FILE, tmp_path, calc_id="TAKEN"))
    ended = run("stream_hazard", calc_id="TAKEN", manifest=uri)
    assert ("success", [2]) == (ended.state, ended.tries["write_arrived"])
    (report,) = ended.xcoms["write_arrived", "return_value"]
    assert (3, 6) == (report["chunks"], report["sites"])
    assert 2 == len(ecs.of_command(WRITER))


@pytest.mark.slow
def test_no_room_for_a_writer_is_waited_out(
    run: Callable, send: Callable, ecs: EcsModel, tmp_path: Path
) -> None:
    full = Refusal(answer={"tasks": [], "failures": [{"reason": "RESOURCE:CPU"}]})
    ecs.faults.refuse("RunTask", full, WRITER, times=2)
    uri = send(whole_stream(FILE, tmp_path, calc_id="FULL-ECS"))
    ended = run("stream_hazard", calc_id="FULL-ECS", manifest=uri)
    assert ("success", [1]) == (ended.state, ended.tries["write_arrived"])
    assert 1 == len(ecs.of_command(WRITER))
