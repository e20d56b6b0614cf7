"""What leaves the engine's machine, whatever dies there or is full; the engine always goes on."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import h5py
import numpy as np
import pytest

from hazard_store.model import Kind, Status
from hazard_store.settings import Settings
from hazard_store.store import Store
from hazard_store.streamed import Stream, StreamEnded, StreamFile, inspect_stream
from tests.support.calc_factory import make_calc
from tests.support.eventually import eventually
from tests.support.loading import CALCS, stored
from tests.support.played_engine import PLENTY, Master


@pytest.fixture
def master(tmp_path: Path) -> Iterator[Master]:
    with Master(tmp_path) as made:
        yield made


@pytest.mark.parametrize(
    "name",
    ["classical_rlzs_stats", "stats_only", "rlzs_only", "single_rlz_full", "single_rlz_unwritten"],
)
@pytest.mark.parametrize("memory", [0, 4000, PLENTY])
def test_every_curve_arrives_bit_for_bit(tmp_path: Path, name: str, memory: int):
    """Whether it waits in memory, on disk or here and there."""
    file = CALCS / f"{name}.hdf5"
    with Master(tmp_path, file, memory=memory) as master:
        state = master.do("take 2", "take 0", "take 1", "complete", "close")
    assert (None, True) == (state["reason"], state["completed"])
    read = StreamFile(Stream(f"{state['uri']}/manifest.json", Settings()), Settings())
    with h5py.File(file) as h5:
        for kind, dataset in ((Kind.STATS, "hcurves-stats"), (Kind.REALISATIONS, "hcurves-rlzs")):
            if dataset in h5 and h5[dataset].id.get_storage_size():
                sids = np.arange(len(h5[dataset]))
                assert read.curves(kind, sids).tobytes() == h5[dataset][()].tobytes()
    assert [] == [path for path in master.spool.iterdir() if path.name != "engine.hdf5"]


def test_large_tasks_are_sent_in_pieces(tmp_path: Path):
    calc = make_calc(
        tmp_path / "calc_1.hdf5", n=60, r=300, imts=[f"SA({i}.0)" for i in range(1, 60)]
    )
    with Master(tmp_path, calc.path, n_tasks=1) as master:
        state = master.do("take 0", "complete", "close")
    read = StreamFile(Stream(f"{state['uri']}/manifest.json", Settings()), Settings())
    assert calc.rlzs is not None
    assert read.curves(Kind.REALISATIONS, np.arange(60)).tobytes() == calc.rlzs.tobytes()
    assert len([name for name in master.files() if name.endswith(".hsc")]) > 1


def test_sites_that_no_task_gave_are_zero_as_in_the_engines_file(master: Master):
    state = master.do("take 0", "take 2", "complete", "close")
    read = StreamFile(Stream(f"{state['uri']}/manifest.json", Settings()), Settings())
    sids = np.arange(len(read.calculation.sites))
    zero = ~read.curves(Kind.STATS, sids).any(axis=(1, 2, 3))
    assert sids[1::3].tolist() == np.flatnonzero(zero).tolist()


def test_the_head_says_all_that_the_file_does(master: Master):
    state = master.do("take 0", "complete", "close")
    found = inspect_stream(f"{state['uri']}/manifest.json", Settings())
    assert found.engine_objects
    assert 6 == len(found.calculation.sites)


def test_a_stream_is_stored_from_end_to_end(store: Store, master: Master):
    state = master.do("take 0", "take 1", "take 2", "complete", "close")
    loaded = stored(store, f"{state['uri']}/manifest.json")
    assert Status.PUBLISHED is loaded.head.status
    assert {"calculation.head", "end.json", "manifest.json"} == set(master.files())


def test_a_killed_engine_is_told_of(store: Store, master: Master):
    """The process beside it sees that it died, says so, and leaves nothing behind."""
    state = master.do("take 0")
    master.process.kill()
    assert "the engine ended before its curves were complete" in master.end()["reason"]
    with pytest.raises(StreamEnded, match="the engine ended"):
        stored(store, f"{state['uri']}/manifest.json")
    assert Status.FAILED is store.head("A", working=True).status


def test_an_engine_that_fails_is_told_of(master: Master):
    state = master.do("take 0", "fail the engine failed: MemoryError", "close")
    assert "MemoryError" in state["reason"]
    end = master.end()
    assert "failed" == end["ended"]
    assert "MemoryError" in end["reason"]
    assert "hazard-store submit" in end["reason"]


def test_a_killed_hand_over_ends_the_stream_and_not_the_engine(store: Store, master: Master):
    pid = master.do("take 0")["hand_over"]
    assert eventually(lambda: "chunk-00000.hsc" in master.files())
    os.kill(pid, signal.SIGKILL)
    state = master.do("take 1", "take 2", "complete", "close")
    assert state["reason"]
    assert "was killed" in master.end()["reason"]
    with pytest.raises(StreamEnded):
        stored(store, f"{state['uri']}/manifest.json")
    assert [] == [path for path in master.spool.iterdir() if path.name != "engine.hdf5"]


def test_a_full_disk_ends_the_stream_and_not_the_engine(tmp_path: Path, store: Store):
    with Master(tmp_path, memory=0) as master:
        state = master.do("take 0", "free 1000", "take 1", "take 2", "complete", "close")
    assert "has no room" in state["reason"]
    assert "hazard-store submit" in master.end()["reason"]
    with pytest.raises(StreamEnded, match="has no room"):
        stored(store, f"{state['uri']}/manifest.json")
    assert Status.FAILED is store.head("A", working=True).status


def test_what_a_killed_process_left_is_removed_by_the_next(tmp_path: Path):
    gone = tmp_path / "spool" / "hazard-store-stream-999999999-x"
    gone.mkdir(parents=True)
    with Master(tmp_path) as master:
        master.do("take 0", "fail x", "close")
    assert not gone.exists()


def test_of_a_continued_calculation_the_stream_ends(tmp_path: Path):
    calc = make_calc(tmp_path / "calc_1.hdf5", drop=("weights",))
    with Master(tmp_path, calc.path) as master:
        state = master.do("take 0", "complete", "close")
    assert "continues another calculation" in state["reason"]
    assert {} == master.files()
