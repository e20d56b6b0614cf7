"""Signals: raised at once, or at the end of work that must not be cut."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator

import pytest

from hazard_store.errors import EX_TEMPFAIL
from hazard_store.signals import Interrupted, allowed, deferred, stop_on_signals

SIGNALS = (signal.SIGTERM, signal.SIGINT)


@pytest.fixture(autouse=True)
def stopped() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in SIGNALS}
    stop_on_signals()
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def send(number: signal.Signals = signal.SIGTERM) -> None:
    os.kill(os.getpid(), number)


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_is_raised_at_once_with_the_code_for_try_again(number: signal.Signals):
    with pytest.raises(Interrupted, match=f"{number.name}: told to stop") as told:
        send(number)
    assert EX_TEMPFAIL == told.value.code


def test_the_clean_up_is_not_interrupted_again():
    with pytest.raises(Interrupted):
        send()
    for number in SIGNALS:
        send(number)
        assert signal.SIG_IGN == signal.getsignal(number)


def told_by(work: Callable[[list[str]], None]) -> list[str]:
    """Do some work that a signal ends; return what it noted before."""
    notes: list[str] = []
    with pytest.raises(Interrupted):
        work(notes)
    return notes


def test_a_deferred_signal_is_raised_at_the_end():
    def work(notes: list[str]) -> None:
        with deferred():
            send()
            notes.append("all of it")
        notes.append("behind it")

    assert ["all of it"] == told_by(work)


@pytest.mark.parametrize("before", [True, False])
def test_an_allowed_part_is_interrupted_at_once(before: bool):
    """Also by a signal that came before it."""

    def work(notes: list[str]) -> None:
        with deferred():
            if before:
                send()
            notes.append("first")
            with allowed():
                send()
                notes.append("in the allowed part")
            notes.append("behind it")

    assert ["first"] == told_by(work)


def test_behind_an_allowed_part_signals_are_deferred_again():
    def work(notes: list[str]) -> None:
        with deferred():
            with allowed():
                notes.append("allowed")
            send()
            notes.append("deferred")

    assert ["allowed", "deferred"] == told_by(work)


def test_what_another_thread_does_defers_nothing():
    """Python hands signals to the main thread alone."""
    inside, sent = threading.Event(), threading.Event()

    def elsewhere() -> None:
        with deferred():
            inside.set()
            sent.wait(10)

    thread = threading.Thread(target=elsewhere)
    thread.start()
    assert inside.wait(10)
    try:
        with pytest.raises(Interrupted):
            send()
    finally:
        sent.set()
        thread.join()
