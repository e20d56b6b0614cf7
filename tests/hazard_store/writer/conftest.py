"""Fixtures of the writer's tests: the capacity model, and signals that stop a writer."""

import signal
from collections.abc import Iterator

import pytest

from hazard_store.signals import stop_on_signals
from tests.support.modelled import modelled  # noqa: F401 - a fixture


@pytest.fixture
def stopped_by_signals() -> Iterator[None]:
    numbers = (signal.SIGTERM, signal.SIGINT)
    before = [signal.getsignal(number) for number in numbers]
    stop_on_signals()
    yield
    for number, handler in zip(numbers, before, strict=True):
        signal.signal(number, handler)
