"""Whole runs of `stream_hazard`: what is stored of a stream, and what turns red and why."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import h5py
import pytest

from hazard_store.model import Kind, Status
from hazard_store.store import Store
from local import aws
from local.stack import LocalStack
from tests.support.eventually import eventually
from tests.support.laws import nothing_changed
from tests.support.loading import CALCS, items_of
from tests.support.resaved import resaved
from tests.support.stand_in_containers import stand_in
from tests.support.streams import MadeStream, whole_stream

pytestmark = pytest.mark.airflow

FILE = CALCS / "classical_rlzs_stats.hdf5"


@pytest.fixture(autouse=True)
def verbs_in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a container does there, `test_store_hazard_runs` tells."""
    stand_in(monkeypatch)


def keys(stack: LocalStack, prefix: str) -> set[str]:
    listed = aws.client(stack, "s3").list_objects_v2(Bucket=stack.inbox_bucket, Prefix=prefix)
    return {each["Key"].rpartition("/")[2] for each in listed.get("Contents", ())}


def test_a_stream_is_stored_while_it_arrives_and_a_second_run_writes_nothing(
    run: Callable, send: Callable, store: Store, stack: LocalStack, tmp_path: Path
) -> None:
    made = MadeStream(FILE, tmp_path, "STREAMED")
    made.give(0)
    uri = send(made)

    def later() -> None:
        table = store.table(Kind.STATS)
        assert eventually(lambda: any("STREAMED" in str(i) for i in items_of(store, table)), 120)
        made.give(1, 2)
        made.end()
        send(made)

    thread = threading.Thread(target=later)
    thread.start()
    conf = {"calc_id": "STREAMED", "manifest": uri}
    first = run("stream_hazard", **conf, key_scheme="calc", sites_per_chunk=3)
    thread.join()
    assert "success" == first.state, first.states
    assert ["share 0/2", "share 1/2"] == first.names["write_arrived"]
    assert ["success", "success"] == first.states["audit"]
    head = store.head("STREAMED")
    assert Status.PUBLISHED is head.status
    assert head.calculation.content is not None
    assert {"calculation.head", "end.json", "manifest.json"} == keys(stack, "streams/STREAMED/")
    assert any("shape" in note for note in head.calculation.notes)

    with nothing_changed(store):
        again = run("stream_hazard", **conf)
    assert "success" == again.state, again.states
    assert ["skipped"] == again.states["write_arrived"]


@pytest.mark.slow
def test_there_are_no_more_shares_than_writers_at_once(
    run: Callable, send: Callable, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A share that had to wait for another's end would be written when the stream has ended."""
    monkeypatch.setenv("HAZARD_STORE_WRITERS", "2")
    uri = send(whole_stream(FILE, tmp_path, calc_id="MANY-CHUNKS"))
    conf = {"calc_id": "MANY-CHUNKS", "manifest": uri}
    ended = run("stream_hazard", **conf, key_scheme="calc", sites_per_chunk=2)
    assert "success" == ended.state, ended.states
    assert ["success", "success", "skipped"] == ended.states["write_arrived"]
    assert ["share 0/2", "share 1/2", "no share"] == ended.names["write_arrived"]
    reports = ended.xcoms["write_arrived", "return_value"]
    assert {3} == {sum(report["chunks"] for report in reports)}
    assert 3 == len(ended.states["audit"])


@pytest.mark.slow
def test_file_and_stream_are_the_same_to_store_hazard(
    run: Callable, send: Callable, upload: Callable, store: Store, tmp_path: Path
) -> None:
    made = whole_stream(FILE, tmp_path, calc_id="FIRST-FILE")
    assert "success" == run(calc_id="FIRST-FILE", calc_file=upload(FILE)).state
    with nothing_changed(store):
        again = run("stream_hazard", calc_id="FIRST-FILE", manifest=send(made))
    assert "success" == again.state, again.states
    assert ["skipped"] == again.states["write_arrived"]


def test_a_stream_that_fails_is_red_and_its_file_takes_its_place(
    run: Callable, send: Callable, upload: Callable, store: Store, tmp_path: Path
) -> None:
    made = MadeStream(FILE, tmp_path, "FULL")
    made.give(0)
    made.end("the disk is full; `hazard-store submit` its calculation file instead")
    ended = run("stream_hazard", calc_id="FULL", manifest=send(made))
    assert "failed" == ended.state
    assert {"failed"} == set(ended.states["write_arrived"])
    assert {1} == set(ended.tries["write_arrived"]), "nothing is tried again that cannot pass"
    assert {"upstream_failed"} == set(ended.states["audit"])
    assert ["upstream_failed"] == ended.states["publish"]
    assert Status.FAILED is store.head("FULL", working=True).status
    assert "success" == run(calc_id="FULL", calc_file=upload(FILE)).state
    assert Status.PUBLISHED is store.head("FULL").status


def test_a_stream_is_audited_against_the_engines_file_which_stays(
    run: Callable, send: Callable, stack: LocalStack, tmp_path: Path
) -> None:
    uri = send(whole_stream(FILE, tmp_path, FILE, calc_id="SHIPPED"))
    ended = run("stream_hazard", calc_id="SHIPPED", manifest=uri, key_scheme="calc")
    assert "success" == ended.state, ended.states
    left = {"calculation.head", "calculation.hdf5", "end.json", "manifest.json"}
    assert left == keys(stack, "streams/SHIPPED/")


@pytest.mark.slow
def test_a_stream_that_is_not_the_engines_file_is_red(
    run: Callable, send: Callable, store: Store, tmp_path: Path
) -> None:
    altered = resaved(FILE, tmp_path / "altered.hdf5")
    with h5py.File(altered, "r+") as h5:
        h5["hcurves-stats"][4, 0, 0, -1] *= 0.5
    uri = send(whole_stream(FILE, tmp_path, altered, calc_id="OTHERWISE"))
    ended = run("stream_hazard", calc_id="OTHERWISE", manifest=uri)
    assert ("failed", ["failed"]) == (ended.state, ended.states["decide"])
    assert ["upstream_failed"] == ended.states["publish"]
    assert Status.FAILED is store.head("OTHERWISE", working=True).status


def test_a_manifest_outside_the_inbox_is_refused(run: Callable, store: Store) -> None:
    with nothing_changed(store):
        ended = run("stream_hazard", calc_id="X", manifest="s3://hazard-inbox/../a/manifest.json")
    assert ("failed", ["failed"]) == (ended.state, ended.states["inspect"])


def test_unknown_parameters_are_refused(run: Callable, send: Callable, tmp_path: Path) -> None:
    uri = send(whole_stream(FILE, tmp_path, calc_id="ODD"))
    ended = run("stream_hazard", calc_id="ODD", manifest=uri, calc_file=uri)
    assert ("failed", ["failed"]) == (ended.state, ended.states["inspect"])
