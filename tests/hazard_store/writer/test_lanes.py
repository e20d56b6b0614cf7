"""The window of each hash key."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hazard_store.aws.retry import RetryPolicy
from hazard_store.errors import TryAgain
from hazard_store.items import WriteRequest
from hazard_store.writer.lanes import FIRST_WINDOW, TICK_S, Lanes, Pending


def some_lanes(tries: int = 1000, **of_key: int) -> Lanes:
    made = Lanes("T", RetryPolicy(tries=tries, limit_s=10))
    for key, n in of_key.items():
        for i in range(n):
            made.add(WriteRequest(key, f"{i:04d}", b"", b"12345"))
    return made


def take(lanes: Lanes, now: float, at_most: int = 10_000) -> list[Pending]:
    taken = []
    while len(taken) < at_most and (pending := lanes.first(now)) is not None:
        lanes.send_first()
        taken.append(pending)
    return taken


def keys_of(pending: list[Pending]) -> list[str]:
    return [pending.write.hash_key for pending in pending]


def record_answer(lanes: Lanes, batch: list[Pending], left: list[Pending], now: float = 0) -> None:
    lanes.record_answer(batch, left, now, "why", throttled=bool(left))


def test_keys_take_turns():
    """Neighbours of one key do not fill a batch together."""
    assert ["a", "b", "c"] * 3 + ["a"] == keys_of(take(some_lanes(a=4, b=3, c=3), 0))


def test_a_window_opens_with_what_is_taken():
    """It doubles with each round while nothing is refused."""
    lanes = some_lanes(a=1000)
    rounds = []
    for _ in range(4):
        batch = take(lanes, 0)
        rounds.append(len(batch))
        record_answer(lanes, batch, [])
    assert [FIRST_WINDOW * factor for factor in (1, 2, 4, 8)] == rounds


def test_a_refusal_halves_the_window_of_its_key_alone():
    lanes = some_lanes(a=100, b=100)
    batch = take(lanes, 0)
    assert 2 * FIRST_WINDOW == len(batch)
    record_answer(lanes, batch, [pending for pending in batch if pending.write.hash_key == "a"])
    assert {"b"} == set(keys_of(take(lanes, 0)))
    later = keys_of(take(lanes, 5))
    assert FIRST_WINDOW // 2 <= later.count("a") <= FIRST_WINDOW // 2 + 1


def test_a_key_that_is_refused_pauses():
    """And comes back on a tick, so that others can share its request."""
    lanes = some_lanes(a=1)
    batch = take(lanes, 0)
    record_answer(lanes, batch, batch)
    pause_s = lanes.next_in_s(0)
    assert pause_s is not None
    assert 0 < pause_s
    assert 0 == pytest.approx(pause_s / TICK_S % 1) or 1 == pytest.approx(pause_s / TICK_S % 1)
    assert lanes.first(pause_s * 0.99) is None
    assert lanes.first(pause_s) is not None


def test_after_a_refusal_the_window_grows_slowly():
    """By about one a round, so that a hot key stays near what its partition takes."""
    lanes = some_lanes(a=1000)
    batch = take(lanes, 0)
    record_answer(lanes, batch, batch[:1])
    before = len(take_and_settle(lanes, 5))
    after = [len(take_and_settle(lanes, 5)) for _ in range(4)]
    assert before <= FIRST_WINDOW / 2 + 3
    assert [before + 1 + i for i in range(4)] == pytest.approx(after, abs=1)


def take_and_settle(lanes: Lanes, now: float) -> list[Pending]:
    batch = take(lanes, now)
    record_answer(lanes, batch, [])
    return batch


def test_a_fault_that_is_no_throttling_leaves_the_window():
    lanes = some_lanes(a=100)
    batch = take(lanes, 0)
    lanes.record_answer(batch, batch, 0, "an error", throttled=False)
    assert FIRST_WINDOW == len(take(lanes, 5))


@pytest.mark.parametrize(("tries", "now"), [(3, 0), (1000, 10)])
def test_the_limit_in_tries_or_in_time_without_progress(tries: int, now: float):
    lanes = some_lanes(tries, a=1)
    for _ in range(min(tries - 1, 1 if now else 2)):
        batch = take(lanes, 100)
        record_answer(lanes, batch, batch, 0)
    batch = take(lanes, 100)
    with pytest.raises(TryAgain, match="why"):
        record_answer(lanes, batch, batch, now)


def test_progress_requests_the_limit_off():
    """As long as the table takes anything, it is not given up."""
    lanes = some_lanes(a=100)
    for now in range(0, 90, 9):
        batch = take(lanes, now)
        record_answer(lanes, batch, batch[1:], now)
    batch = take(lanes, 200)
    with pytest.raises(TryAgain, match="119 s without any being taken"):
        record_answer(lanes, batch, batch, 200)


@given(st.data())
def test_nothing_is_lost_or_sent_twice(data: st.DataObject):
    """Whatever is refused, in whatever order answers come: each write ends taken, once."""
    sizes = data.draw(st.dictionaries(st.sampled_from("abcd"), st.integers(1, 60), min_size=1))
    lanes = some_lanes(**sizes)
    under_way: list[list[Pending]] = []
    taken: list[tuple[str, str]] = []
    now = 0.0
    for chance in data.draw(st.lists(st.floats(0, 1), max_size=40)):
        now += 0.1
        if batch := take(lanes, now, 25):
            under_way.append(batch)
        if under_way and chance < 0.8:
            batch = under_way.pop(int(chance * 1000) % len(under_way))
            left = batch[int(chance * len(batch)) :]
            record_answer(lanes, batch, left, now)
            done = [pending for pending in batch if pending not in left]
            taken += [(t.write.hash_key, t.write.range_key) for t in done]
    while lanes:
        now += 2
        batch = under_way.pop() if under_way else take(lanes, now, 25)
        record_answer(lanes, batch, [], now)
        taken += [(t.write.hash_key, t.write.range_key) for t in batch]
    assert sorted((key, f"{i:04d}") for key, n in sizes.items() for i in range(n)) == sorted(taken)
    assert 0 == lanes.size
