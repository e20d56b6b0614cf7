"""Waiting for a chunk: what is asked, how often, and how it ends."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from hazard_store.settings import Settings
from hazard_store.streamed import Stream, StreamEnded, wait_for
from hazard_store.streamed.waiting import FIRST_PAUSE_S, MOST_PAUSE_S, SIGNS, Life, Looks, Seen
from tests.support.faulty_s3 import faulty_s3
from tests.support.loading import CALCS
from tests.support.streams import MadeStream

FILE = CALCS / "classical_rlzs_stats.hdf5"
SILENCE_S = 600.0


class Clock:
    """Seconds that pass where somebody sleeps."""

    def __init__(self) -> None:
        self.now = 0.0
        self.slept: list[float] = []
        self.on_sleep: Callable[[], object] = lambda: None

    def __call__(self) -> float:
        """Return the time."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds
        self.slept.append(seconds)
        self.on_sleep()


class Asked(Stream):
    """A stream that counts what it is asked for."""

    def __init__(self, made: MadeStream) -> None:
        self.asked: Counter[str] = Counter()
        super().__init__(str(made.manifest), Settings())

    def open(self, name: str):
        """Count the question."""
        self.asked[name] += 1
        return super().open(name)


@pytest.fixture
def made(tmp_path: Path) -> MadeStream:
    return MadeStream(FILE, tmp_path)


@pytest.fixture
def clock() -> Clock:
    return Clock()


def waited(stream: Stream, clock: Clock, number: int = 0, **arguments: float):
    return wait_for(stream, number, SILENCE_S, clock.sleep, clock, **arguments)


def test_a_chunk_that_is_there_takes_one_question(made: MadeStream, clock: Clock):
    made.give(0)
    stream = Asked(made)
    found = waited(stream, clock)
    assert found.chunk is not None
    assert (0, [], {"chunk-00000.hsc": 1}) == (found.chunk.number, clock.slept, stream.asked)


def test_the_end_behind_the_last_chunk_is_seen_without_a_pause(made: MadeStream, clock: Clock):
    made.give(0, 1, 2)
    made.end()
    found = waited(Asked(made), clock, number=3)
    assert (None, True, []) == (found.chunk, found.ended, clock.slept)


def test_a_look_is_one_question_and_the_sign_of_life_is_asked_for_seldom(
    made: MadeStream, clock: Clock
):
    """For an hour in which the engine gives signs and no curves."""
    stream = Asked(made)
    clock.on_sleep = lambda: made.put("alive.json", {"at": str(clock.now)})
    found = waited(stream, clock, patience_s=3600)
    assert (None, False) == (found.chunk, found.ended)
    asked = dict(stream.asked)
    # The last look has no pause behind it, and the first question is asked before the looks.
    assert len(clock.slept) + 2 == sum(asked.values())
    assert abs(asked["chunk-00000.hsc"] - asked["end.json"]) <= 2
    assert asked["alive.json"] <= 3600 / (SILENCE_S / SIGNS)
    assert {MOST_PAUSE_S} == set(clock.slept[5:])
    assert FIRST_PAUSE_S == clock.slept[0]


@pytest.mark.parametrize("what", ["chunk", "end"])
def test_both_are_seen_within_two_looks_at_any_time(made: MadeStream, clock: Clock, what: str):
    def later() -> None:
        if clock.now > 1000 and not came:
            came.append(clock.now)
            made.give(0)
            if what == "end":
                made.end()

    came: list[float] = []
    clock.on_sleep = later
    made.put("alive.json", {})
    stream = Stream(str(made.manifest), Settings())
    number = 0 if what == "chunk" else 1
    found = wait_for(stream, number, 1e6, clock.sleep, clock)
    assert ((found.chunk is None), found.ended) == ((what == "end"), what == "end")
    assert clock.now - came[0] <= 2 * MOST_PAUSE_S


def test_patience_ends_where_nothing_comes(made: MadeStream, clock: Clock):
    found = waited(Asked(made), clock, patience_s=20)
    assert (None, False) == (found.chunk, found.ended)
    assert 20 <= clock.now <= 20 + MOST_PAUSE_S


def test_silence_is_told_soon_after_it_is_long_enough(made: MadeStream, clock: Clock):
    made.put("alive.json", {})
    with pytest.raises(StreamEnded, match="no sign of life for 600 s"):
        waited(Asked(made), clock)
    assert SILENCE_S < clock.now < SILENCE_S * (1 + 3 / SIGNS)


@pytest.mark.parametrize(("signs", "ends"), [(True, False), (False, True)])
def test_silence_goes_on_where_somebody_else_has_looked_before(
    made: MadeStream, clock: Clock, signs: bool, ends: bool
):
    """What was known when the wait began is handed on: a new sign since then begins it anew."""
    made.put("alive.json", {})
    stream = Asked(made)
    before = Life(stream.sign_of_life(), since=clock.now - SILENCE_S)
    if signs:
        made.put("alive.json", {"at": "later"})
    looks = Looks(stream, 0, SILENCE_S, clock, before)
    clock.now += SILENCE_S / SIGNS
    seen = [looks.look() for _ in range(2)]
    assert [Seen.NOTHING] * 2 == seen
    if ends:
        with pytest.raises(StreamEnded, match="no sign of life"):
            looks.look()
    else:
        assert Seen.NOTHING is looks.look()


def test_a_stream_that_fails_ends_the_wait(made: MadeStream, clock: Clock):
    clock.on_sleep = lambda: made.end("the disk is full")
    with pytest.raises(StreamEnded, match="the disk is full"):
        waited(Asked(made), clock)


def test_where_only_the_end_counts_no_chunk_is_asked_for(made: MadeStream, clock: Clock):
    made.give(0)
    stream = Asked(made)
    looks = Looks(stream, None, SILENCE_S, clock)
    assert [Seen.NOTHING] * 3 == [looks.at_once(), looks.look(), looks.look()]
    assert {"end.json": 3} == stream.asked
    made.end()
    assert Seen.ENDED is looks.look()


def test_a_chunk_that_the_end_names_and_nobody_finds_is_told(made: MadeStream, clock: Clock):
    made.give(0)
    made.end()
    (made.folder / "chunk-00000.hsc").unlink()
    with pytest.raises(StreamEnded, match=r"chunk-00000\.hsc is gone"):
        waited(Asked(made), clock)


@pytest.mark.parametrize("is_there", [True, False])
def test_a_look_at_s3_is_one_request(
    settings: Settings, keys: None, made: MadeStream, is_there: bool
):
    with faulty_s3(made.manifest.read_bytes()) as server:
        of_s3 = {"region": "us-east-1", "endpoint_s3": server.endpoint}
        stream = Stream("s3://inbox/manifest.json", settings.model_copy(update=of_s3))
        server.requests.clear()
        server.script = [] if is_there else ["404 NoSuchKey"]
        assert is_there == stream.has("chunk-00000.hsc")
        assert ["HEAD"] == [method for method, *_ in server.requests]
