"""Writes a share of a stream as it arrives: in containers while chunks come, else in the triggerer.

A container that has had no chunk to write for a minute ends, and says which one it waits for. The
next one is started when that has arrived; none is, when the stream ends without it.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from hazard_airflow.arrival_trigger import FAILED, ArrivalTrigger, Awaited, stream_of
from hazard_airflow.ecs.request import Request
from hazard_airflow.ecs.result import Report
from hazard_airflow.ecs.trigger import WAITS_FOR
from hazard_airflow.ecs_operator import HazardStoreOperator
from hazard_airflow.exit_codes import failure
from hazard_store.errors import HazardStoreError, TryAgain

if TYPE_CHECKING:
    from airflow.sdk import Context

# Fargate bills a minute at least, and takes half of one to start a container.
PATIENCE_S = 60.0


class WriteArrived(HazardStoreOperator):
    """Writes one share of a stream's chunks.

    Where tasks are not deferred, one container does so from its beginning to its end.

    Args:
        arguments: `write-arrived`, the manifest, the calculation, and the share.
        chunk: of the plan, as many as there are shares; its `arrived` is the share.
        kwargs: as `HazardStoreOperator`.
    """

    @property
    def request(self) -> Request:
        """What a container is to do of the share."""
        request = super().request
        if not self.deferrable:
            return request
        return replace(request, arguments=[*request.arguments, f"--patience={PATIENCE_S:g}"])

    def run_container(self, context: Context, waits_since: float | None = None) -> Report:
        """Write the share, from its beginning or from where it was left."""
        report = super().run_container(context, waits_since)
        return self._to_the_end_of_the_share(report, waits_since)

    def execute_complete(self, context: Context, event: Any = None) -> Report:
        """Go on when a container has ended."""
        report = super().execute_complete(context, event)
        with self.told(context):
            return self._to_the_end_of_the_share(report)

    def go_on(self, context: Context, event: Mapping[str, Any]) -> Report:
        """Go on when the triggerer has seen the chunk, or the stream's end."""
        from hazard_store.streamed.waiting import Seen

        with self.told(context):
            if event["status"] == FAILED:
                raise failure(event["exit_code"], event["sentence"])
            report = event["report"]
            if event["status"] == Seen.ENDED:
                return _whole(report)
            self._prepare(context)
            return self._to_the_end_of_the_share(self.run_another())

    def report_without_container(self) -> Report | None:
        """Return an empty report where the stream has ended without a chunk of this share."""
        from hazard_store.workflow.arrive import Share, ShareReport

        _, _, calc_id, *_ = self.arguments
        share = Share.of((self.chunk or {})["arrived"])
        nothing = ShareReport.made(calc_id=calc_id, share=str(share), waits_for=share.number)
        return self._report_of_ended(nothing.model_dump(mode="json"))

    def _to_the_end_of_the_share(self, report: Report, waits_since: float | None = None) -> Report:
        while report.get(WAITS_FOR) is not None:
            ended = self._report_of_ended(report)
            if ended is not None:
                return ended
            report = self.run_another(waits_since)
        return report

    def _report_of_ended(self, report: Report) -> Report | None:
        """Return the report of a share of which nothing more comes; None: its next chunk is there.

        Where neither is known yet, the task is deferred until it is.

        Args:
            report: of the share, as far as it is written.

        Raises:
            ContainerFailed: the stream ended badly.
        """
        from hazard_store.settings import Settings
        from hazard_store.streamed.waiting import Seen

        if not self.deferrable:  # the container waits
            return None
        awaited = Awaited(
            manifest=self.arguments[1],
            number=report[WAITS_FOR],
            silence_s=Settings.from_environment().stream_silence_s,
            since=time.time(),
            sign=None,
            report=report,
        )
        try:
            stream = stream_of(awaited.manifest)
            seen = awaited.looks(stream).at_once()
            if seen is Seen.NOTHING:
                awaited = replace(awaited, sign=stream.sign_of_life())
        except TryAgain as error:
            self.log.warning("the inbox does not answer: the triggerer asks again: %s", error)
            seen = Seen.NOTHING
        except HazardStoreError as error:
            raise failure(error.exit_code, str(error)) from None
        if seen is Seen.NOTHING:
            self.log.info("waiting for chunk %d of the stream", awaited.number)
            self.defer(trigger=ArrivalTrigger(**asdict(awaited)), method_name="go_on")
        return _whole(report) if seen is Seen.ENDED else None


def _whole(report: Report) -> Report:
    return {**report, WAITS_FOR: None}
