"""How often a writer looks whether it may still write."""

from __future__ import annotations

import threading

import pytest

from hazard_store.errors import LostOwnership
from hazard_store.workflow.fence import HOLDS_S, CachedCheck


class Check:
    """Counts how often it was asked, and fails when told to."""

    def __init__(self) -> None:
        self.asked, self.lost, self.now = 0, False, 100.0

    def __call__(self) -> None:
        """Answer."""
        self.asked += 1
        if self.lost:
            raise LostOwnership("A", "taken over")


@pytest.fixture
def check() -> Check:
    return Check()


@pytest.fixture
def shared(check: Check) -> CachedCheck:
    return CachedCheck(check, lambda: check.now)


def test_an_answer_holds_for_a_moment_and_no_longer(check: Check, shared: CachedCheck) -> None:
    for after_s, asked in ((0, 1), (0.9 * HOLDS_S, 1), (0.2 * HOLDS_S, 2), (HOLDS_S, 3)):
        check.now += after_s
        shared()
        assert asked == check.asked


def test_a_loss_is_seen_by_everybody(check: Check, shared: CachedCheck) -> None:
    """Only a good answer holds: who lost the calculation never writes again."""
    check.lost = True
    for _ in range(3):
        with pytest.raises(LostOwnership):
            shared()


def test_a_loss_is_seen_when_the_last_answer_has_aged(check: Check, shared: CachedCheck) -> None:
    shared()
    check.lost = True
    check.now += HOLDS_S
    with pytest.raises(LostOwnership):
        shared()


def test_threads_share_an_answer(check: Check) -> None:
    """Who comes while the check is under way waits for it, and does not ask again."""
    under_way, go_on = threading.Event(), threading.Event()

    def slow() -> None:
        check()
        under_way.set()
        go_on.wait(10)

    shared = CachedCheck(slow, lambda: check.now)
    threads = [threading.Thread(target=shared) for _ in range(4)]
    for thread in threads:
        thread.start()
    assert under_way.wait(10)
    go_on.set()
    for thread in threads:
        thread.join(10)
    assert 1 == check.asked
