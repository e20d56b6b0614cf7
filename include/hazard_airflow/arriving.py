"""Takes a stream as it arrives: in containers while chunks come, else in the triggerer.

A container that has had no chunk to write for a minute ends, and says which one it waits for. The
next one is started when that has arrived; none is, when the stream ends without it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from hazard_airflow.arrival_trigger import stream_of
from hazard_airflow.awaiting import StreamOperator
from hazard_airflow.ecs.request import Request
from hazard_airflow.ecs.result import Report
from hazard_airflow.ecs.trigger import WAITS_FOR

if TYPE_CHECKING:
    from airflow.sdk import Context

    from hazard_store.streamed.waiting import Seen

# Fargate bills a minute at least, and takes half of one to start a container.
PATIENCE_S = 60.0


class WriteArrived(StreamOperator):
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

    def when_seen(self, seen: Seen, report: Report) -> Report:
        """Write what has arrived; nothing more does where the stream has ended."""
        from hazard_store.streamed.waiting import Seen

        if seen is Seen.ENDED:
            return {**report, WAITS_FOR: None}
        return self._to_the_end_of_the_share(self.run_another())

    def report_without_container(self) -> Report | None:
        """Return an empty report where the stream has ended without a chunk of this share."""
        from hazard_store.streamed.waiting import Seen
        from hazard_store.workflow.arrive import Share, ShareReport

        if not self.deferrable:
            return None
        _, _, calc_id, *_ = self.arguments
        share = Share.of((self.chunk or {})["arrived"])
        empty = ShareReport.made(calc_id=calc_id, share=str(share)).model_dump(mode="json")
        return empty if self.seen(share.number, empty) is Seen.ENDED else None

    def _to_the_end_of_the_share(self, report: Report, waits_since: float | None = None) -> Report:
        from hazard_store.streamed.waiting import Seen

        while (number := report.get(WAITS_FOR)) is not None:
            if self.deferrable and self.seen(number, report) is Seen.ENDED:
                return {**report, WAITS_FOR: None}
            report = self.run_another(waits_since)
        return report


class InspectStream(StreamOperator):
    """Inspects what a stream begins with.

    Where something else is published under its id, only its content can tell whether it is the
    same, so it is inspected when it has ended.

    Args:
        arguments: `inspect`, the manifest, and `--leave-for` the calculation.
        kwargs: as `HazardStoreOperator`.
    """

    def report_without_container(self) -> Report | None:
        """Wait for the stream's end where that decides."""
        from hazard_store.settings import Settings
        from hazard_store.store import Store
        from hazard_store.workflow.arrived_content import content_decides

        _, manifest, *options = self.arguments
        calc_id = options[options.index("--leave-for") + 1]
        if self.deferrable:
            store = Store(Settings.from_environment())
            if content_decides(store, calc_id, stream_of(manifest).sha256):
                self.seen(None, {})
        return None

    def when_seen(self, seen: Seen, report: Report) -> Report:  # noqa: ARG002  (only the end is)
        """Inspect it."""
        return self.run_another()
