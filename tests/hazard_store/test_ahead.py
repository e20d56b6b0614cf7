"""Reading ahead: in order, so far and no further, and an end to it."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from hazard_store.ahead import map_ahead


def test_results_come_in_order_whoever_is_done_first():
    second_done = threading.Event()

    def work(n: int) -> int:
        if n == 1:
            second_done.set()
        elif n == 0:
            assert second_done.wait(10)
        return n * n

    assert [0, 1, 4, 9, 16] == list(map_ahead(work, range(5), threads=2, ahead=2, name="t"))


@pytest.mark.parametrize("ahead", [1, 3])
def test_no_more_is_asked_for_than_may_wait(ahead: int):
    asked: list[int] = []

    def todo() -> Iterator[int]:
        for n in range(10):
            asked.append(n)
            yield n

    results = map_ahead(str, todo(), threads=8, ahead=ahead, name="t")
    for n in range(3):
        assert str(n) == next(results)
        assert n + ahead == len(asked)
    results.close()  # type: ignore[attr-defined]


def test_an_error_comes_in_its_turn():
    def work(n: int) -> int:
        return 1 // (n - 2)

    results = map_ahead(work, range(5), threads=3, ahead=3, name="t")
    assert [-1, -1] == [next(results), next(results)]
    with pytest.raises(ZeroDivisionError):
        next(results)


def test_a_reader_that_stops_early_leaves_no_thread():
    results = map_ahead(str, range(100), threads=2, ahead=5, name="ahead-test")
    assert "0" == next(results)
    results.close()  # type: ignore[attr-defined]
    assert not [t.name for t in threading.enumerate() if t.name.startswith("ahead-test")]
