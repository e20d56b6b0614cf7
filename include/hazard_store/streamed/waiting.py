"""Waits for a chunk of a stream: looks for it, for the stream's end and for a sign of life.

A look is one small question. The end and the chunk take turns; the sign of life, of which nothing
follows for minutes, is asked for ten times within these.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from hazard_store.streamed.documents import chunk_name
from hazard_store.streamed.stream import SUBMIT, ArrivedChunk, Stream, StreamEnded

FIRST_PAUSE_S = 0.25  # between two looks: it doubles
MOST_PAUSE_S = 1.0
SIGNS = 10  # of life that are asked for within the silence after which a stream is given up


class Seen(StrEnum):
    """What is known of a chunk that is waited for."""

    NOTHING = "nothing"
    ARRIVED = "arrived"  # whoever needs it may find that it was removed since
    ENDED = "ended"  # the stream ended well, and has no such chunk


@dataclass(frozen=True)
class Life:
    """A sign of life, and since when there has been no other.

    Attributes:
        sign: the version of `alive.json`; None: there was none.
        since: seconds of the clock that the looks go by.
    """

    sign: str | None
    since: float


class Looks:
    """The looks for a chunk or an end, one after the other.

    Args:
        stream: in which it shall arrive.
        number: of the chunk; None: only the end counts.
        silence_s: without a sign of life after which the engine's machine is taken for dead.
        clock: seconds that only grow.
        life: what is known of it; None: nothing.
    """

    def __init__(
        self,
        stream: Stream,
        number: int | None,
        silence_s: float,
        clock: Callable[[], float],
        life: Life | None = None,
    ) -> None:
        self._stream, self._number, self._silence_s = stream, number, silence_s
        self._clock, self._life = clock, life or Life(None, clock())
        self._sign_is_due = clock() + silence_s / SIGNS
        self._questions = self._in_turn()

    def look(self) -> Seen:
        """Ask the next question; return what is known now.

        Raises:
            StreamEnded: it ended badly, or gives no sign of life.
            TryAgain: there was no answer; the next look asks the next question.
        """
        return next(self._questions)()

    def at_once(self) -> Seen:
        """Ask for the end and, where there is none, for the chunk; return what is known now.

        Raises:
            StreamEnded: it ended badly.
            TryAgain: there was no answer.
        """
        seen = self._end()
        return self._chunk() if seen is Seen.NOTHING else seen

    def _in_turn(self) -> Iterator[Callable[[], Seen]]:
        while True:
            yield self._end
            if self._number is not None:
                yield self._chunk
            if self._clock() >= self._sign_is_due:
                yield self._sign_of_life

    def _end(self) -> Seen:
        end = self._stream.end()
        if end is None:
            return Seen.NOTHING
        ended = self._number is None or self._number >= len(end.chunks)
        return Seen.ENDED if ended else Seen.ARRIVED

    def _chunk(self) -> Seen:
        if self._number is None:
            return Seen.NOTHING
        return Seen.ARRIVED if self._stream.has(chunk_name(self._number)) else Seen.NOTHING

    def _sign_of_life(self) -> Seen:
        sign, now = self._stream.sign_of_life(), self._clock()
        self._sign_is_due = now + self._silence_s / SIGNS
        if sign != self._life.sign:
            self._life = Life(sign, now)
        elif now - self._life.since > self._silence_s:
            raise StreamEnded(
                self._stream.version.uri,
                f"the engine's machine gave no sign of life for {self._silence_s:.0f} s: if it is "
                f"dead, stream it again; {SUBMIT}",
            )
        return Seen.NOTHING


@dataclass(frozen=True)
class Waited:
    """How a wait for a chunk ended: with it, or without it since the stream or patience ended."""

    chunk: ArrivedChunk | None = None
    ended: bool = False


def wait_for(
    stream: Stream,
    number: int,
    silence_s: float,
    sleep: Callable[[float], None],
    clock: Callable[[], float],
    patience_s: float = math.inf,
) -> Waited:
    """Wait until a chunk has arrived; until the stream has ended well without it; or for so long.

    Args:
        stream: in which it shall arrive.
        number: of the chunk.
        silence_s: without a sign of life after which the engine's machine is taken for dead.
        sleep: waits some seconds.
        clock: seconds that only grow.
        patience_s: after which a chunk is waited for no longer.

    Raises:
        StreamEnded: it ended badly, gives no sign of life, or the chunk is gone.
    """
    chunk = stream.arrived(number)
    if chunk is not None:
        return Waited(chunk)
    looks, began = Looks(stream, number, silence_s, clock), clock()
    for pause_s in pauses(MOST_PAUSE_S):
        seen = looks.look()
        if seen is Seen.ENDED:
            return Waited(ended=True)
        if seen is Seen.ARRIVED:
            chunk = stream.arrived(number)
            if chunk is None:
                raise StreamEnded(stream.version.uri, f"its {chunk_name(number)} is gone")
            return Waited(chunk)
        if clock() - began >= patience_s:
            return Waited()
        sleep(pause_s)
    raise AssertionError("pauses do not end")


def pauses(most_s: float) -> Iterator[float]:
    """Yield pauses between looks, without end: each twice the one before, up to the longest."""
    pause_s = FIRST_PAUSE_S
    while True:
        yield pause_s
        pause_s = min(2 * pause_s, most_s)
