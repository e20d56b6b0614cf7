"""Waits in the triggerer for a chunk of a stream, however long the engine takes for it.

A look is one small question to the inbox, and there is one every five seconds at most. What a
triggerer has to know to go on after a restart is what it was given; the rest is in the inbox.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from airflow.triggers.base import BaseTrigger, TriggerEvent

from hazard_airflow.ecs.trigger import SETTLE_S
from hazard_store.errors import HazardStoreError, TryAgain

if TYPE_CHECKING:
    from hazard_store.streamed import Stream
    from hazard_store.streamed.waiting import Looks, Seen

MOST_PAUSE_S = 5.0  # between two looks: the chunk and the stream's end are asked for in turn
ANSWER_S = 20.0  # for which a look waits for its answer: the next one asks again
FAILED = "failed"


@dataclass(frozen=True)
class Awaited:
    """What of a stream is waited for.

    Attributes:
        manifest: of its stream.
        number: of the chunk that is waited for; None: only the end counts.
        silence_s: without a sign of life after which the engine's machine is taken for dead.
        since: when the wait began: seconds since the epoch.
        sign: of life that there was then; None: none was seen.
        report: of what is done until then; handed back.
    """

    manifest: str
    number: int | None
    silence_s: float
    since: float
    sign: str | None
    report: dict[str, Any]

    def looks(self, stream: Stream) -> Looks:
        """Return the looks for it."""
        from hazard_store.streamed.waiting import Life, Looks

        life = Life(self.sign, self.since)
        return Looks(stream, self.number, self.silence_s, time.time, life)


def stream_of(manifest: str) -> Stream:
    """Open a stream whose questions are not asked for long: whoever asks comes again."""
    from hazard_store.settings import Settings
    from hazard_store.streamed import Stream

    settings = Settings.from_environment()
    limit_s = min(ANSWER_S, settings.retry_limit_s)
    return Stream(manifest, settings.model_copy(update={"retry_limit_s": limit_s}))


class ArrivalTrigger(BaseTrigger):  # type: ignore[misc]
    """Waits until a chunk has arrived, the stream has ended, or is taken for dead.

    Args:
        awaited: as `Awaited` has it.
    """

    def __init__(self, **awaited: Any) -> None:
        super().__init__()
        self.awaited = Awaited(**awaited)
        self._looks: Looks | None = None

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return what another triggerer needs to go on."""
        return f"{type(self).__module__}.{type(self).__qualname__}", asdict(self.awaited)

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Look for it; then wake the task with what was seen."""
        event = await self._event()
        await asyncio.sleep(max(0.0, self.awaited.since + SETTLE_S - time.time()))
        yield TriggerEvent({**event, "report": self.awaited.report})

    async def _event(self) -> dict[str, Any]:
        from hazard_store.streamed.waiting import Seen, pauses

        answered = time.time()
        for pause_s in pauses(MOST_PAUSE_S):
            try:
                seen = await asyncio.to_thread(self._look)
            except TryAgain as error:
                if time.time() > answered + self.awaited.silence_s:
                    return _failed(error)
                self.log.warning("the inbox does not answer, and is asked again: %s", error)
            except HazardStoreError as error:
                return _failed(error)
            else:
                answered = time.time()
                if seen is not Seen.NOTHING:
                    return {"status": str(seen)}
            await asyncio.sleep(pause_s)
        raise AssertionError("pauses do not end")

    def _look(self) -> Seen:
        if self._looks is None:
            self._looks = self.awaited.looks(stream_of(self.awaited.manifest))
        return self._looks.look()


def _failed(error: HazardStoreError) -> dict[str, Any]:
    return {"status": FAILED, "exit_code": error.exit_code, "sentence": str(error)}
