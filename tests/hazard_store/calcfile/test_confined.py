"""What a file makes expensive ends in a child, and here in one sentence."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import numpy as np
import pytest

from hazard_store.calcfile.confined import GREEDY, confined
from hazard_store.errors import BadCalculation, NoSuchInput, TryAgain


def test_what_a_function_returns_comes_back():
    found = confined("f", 0, lambda: {"a": np.arange(3), "pid": os.getpid()})
    assert [0, 1, 2] == found["a"].tolist()
    assert os.getpid() != found["pid"]


def test_its_errors_are_those_of_the_caller():
    def missing() -> None:
        raise NoSuchInput("f", "gone")

    with pytest.raises(NoSuchInput, match="gone"):
        confined("f", 0, missing)
    with pytest.raises(ZeroDivisionError):
        confined("f", 0, lambda: 1 // 0)


@pytest.mark.parametrize(
    "greedy",
    [
        lambda: np.ones(1 << 28),  # 2 GB
        lambda: bytearray(3 << 30),
        lambda: os.abort(),
        lambda: os.kill(os.getpid(), signal.SIGSEGV),
    ],
    ids=["array", "bytes", "abort", "crash"],
)
def test_memory_and_crashes_are_the_files_fault(greedy):
    with pytest.raises(BadCalculation) as caught:
        confined("f.hdf5", 0, greedy)
    assert f"f.hdf5: {GREEDY}" == str(caught.value)


def test_time_is_bounded_in_seconds_of_cpu():
    def turns_round() -> None:
        while True:
            pass

    began = time.process_time() + sum(os.times()[2:4])
    with pytest.raises(BadCalculation, match="more memory or time"):
        confined("f", 0, turns_round)
    assert time.process_time() + sum(os.times()[2:4]) - began < 2


def test_whoever_waits_is_given_time():
    """Waiting for a slow disk or network costs no CPU."""
    assert 7 == confined("f", 0, lambda: time.sleep(2) or 7)


def test_a_child_that_others_kill_is_temporary():
    with pytest.raises(TryAgain, match="killed"):
        confined("f", 0, lambda: os.kill(os.getpid(), signal.SIGKILL))


def test_the_child_ends_with_an_interrupted_parent(tmp_path: Path):
    """A signal to us while we wait for the child leaves no child behind."""

    def work() -> None:
        (tmp_path / "pid").write_text(str(os.getpid()))
        time.sleep(60)

    class Told(Exception):
        pass

    def stop(*_: object) -> None:
        raise Told

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, 2)
    try:
        with pytest.raises(Told):
            confined("f", 0, work)
    finally:
        signal.signal(signal.SIGALRM, before)
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)
