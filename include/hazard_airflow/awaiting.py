"""What operators share that wait for parts of a stream: in the triggerer, until these are there."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from hazard_airflow.arrival_trigger import FAILED, ArrivalTrigger, Awaited, stream_of
from hazard_airflow.ecs.result import Report
from hazard_airflow.ecs_operator import HazardStoreOperator
from hazard_airflow.exit_codes import failure
from hazard_store.errors import HazardStoreError, TryAgain

if TYPE_CHECKING:
    from airflow.sdk import Context

    from hazard_store.streamed.waiting import Seen


class StreamOperator(HazardStoreOperator):
    """Runs a verb on a stream, once there is of it what the verb is for."""

    def seen(self, number: int | None, report: Report) -> Seen:
        """Return whether a chunk has arrived, or the stream has ended; defer until it is so.

        Args:
            number: of the chunk; None: only the end counts.
            report: of what is done; handed back to `when_seen`.

        Raises:
            ContainerFailed: the stream ended badly: what a container would have failed with.
        """
        from hazard_store.settings import Settings
        from hazard_store.streamed.waiting import Seen

        awaited = Awaited(
            manifest=self.arguments[1],
            number=number,
            silence_s=Settings.from_environment().stream_silence_s,
            since=time.time(),
            sign=None,
            report=report,
        )
        try:
            stream = stream_of(awaited.manifest)
            seen = awaited.looks(stream).at_once()
            if seen is not Seen.NOTHING:
                return seen
            awaited = replace(awaited, sign=stream.sign_of_life())
        except TryAgain as error:
            self.log.warning("the inbox does not answer: the triggerer asks again: %s", error)
        except HazardStoreError as error:
            raise failure(error.exit_code, str(error)) from None
        what = "the end" if number is None else f"chunk {number}"
        self.log.info("waiting in the triggerer for %s of the stream", what)
        self.defer(trigger=ArrivalTrigger(**asdict(awaited)), method_name="go_on")
        raise AssertionError("it is deferred")

    def go_on(self, context: Context, event: Mapping[str, Any]) -> Report:
        """Go on when the triggerer has seen what is waited for."""
        from hazard_store.streamed.waiting import Seen

        with self.told(context):
            if event["status"] == FAILED:
                raise failure(event["exit_code"], event["sentence"])
            self._prepare(context)
            return self.when_seen(Seen(event["status"]), event["report"])

    def when_seen(self, seen: Seen, report: Report) -> Report:
        """Return the report of what is done then.

        Args:
            seen: that the chunk has arrived, or that the stream has ended.
            report: as it was given to `seen`.
        """
        raise NotImplementedError
