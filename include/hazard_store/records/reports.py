"""The reports of writers and audits, kept with the calculation: one record a chunk.

Audits of the whole calculation have a history, a small record each.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Iterator
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from hazard_store.errors import LostOwnership
from hazard_store.items import DIGEST_BYTES
from hazard_store.model import Kind
from hazard_store.records.documents import (
    ArrivedReport,
    AuditReport,
    Chunk,
    LastAudit,
    WriteReport,
)
from hazard_store.records.head import Head
from hazard_store.records.parts import Parts

log = logging.getLogger(__name__)

_ARRIVED = "report#arrived"
_HISTORY = "history#"
_MAPS = "maps"


class Reports:
    """Reads and writes the reports of one attempt of a stored calculation."""

    def __init__(self, parts: Parts, head: Head) -> None:
        self._parts, self._head = parts, head

    def begin(self, kind: Kind, chunk: Chunk) -> bool:
        """Note that the chunk is begun; return whether it was begun before."""
        if self.report(kind, chunk) is not None:
            return True
        begun = WriteReport.made(
            calc_id=self._head.calc_id,
            kind=kind,
            start=chunk.start,
            stop=chunk.stop,
            attempt=self._head.attempt,
            complete=False,
        )
        self._put(_report(kind, chunk), begun.model_dump(mode="json"))
        return False

    def put(
        self, report: WriteReport, chunk: Chunk, digests: bytes, map_digests: bytes = b""
    ) -> None:
        """Keep the report of a complete chunk, and its items' digests."""
        self._parts.put(digests_of(report.kind, chunk), digests)
        if report.maps.expected:
            self._parts.put(digests_of(_MAPS, chunk), map_digests)
        self._put(_report(report.kind, chunk), report.model_dump(mode="json"))

    def put_unfinished(self, report: WriteReport, chunk: Chunk) -> None:
        """Keep the report of a chunk that failed; a second fault must not hide the first."""
        try:
            self._put(_report(report.kind, chunk), report.model_dump(mode="json"))
        except (BotoCoreError, ClientError, LostOwnership) as error:
            log.warning("could not keep the report of an unfinished chunk: %s", error)

    def report(self, kind: Kind, chunk: Chunk) -> WriteReport | None:
        """Return the writer's report of a chunk."""
        content = self._parts.get_json(_report(kind, chunk))
        return None if content is None else WriteReport.model_validate(content)

    def digests(self, kind: Kind, chunk: Chunk) -> list[bytes] | None:
        """Return the digests of a chunk's items, sites in key order and rows in theirs."""
        return self._digests(kind, chunk)

    def map_digests(self, chunk: Chunk) -> list[bytes] | None:
        """Return the digests of a chunk's map items, blocks in order, the sites' first."""
        return self._digests(_MAPS, chunk)

    def _digests(self, of: str, chunk: Chunk) -> list[bytes] | None:
        packed = self._parts.get(digests_of(of, chunk))
        if packed is None:
            return None
        return [packed[i : i + DIGEST_BYTES] for i in range(0, len(packed), DIGEST_BYTES)]

    def begin_arrived(self) -> None:
        """Note that chunks of a stream are begun: a removal then looks for their items."""
        self._put(_ARRIVED, {"attempt": self._head.attempt})

    def put_arrived(self, report: ArrivedReport) -> None:
        """Keep the report of a chunk of a stream."""
        self._put(_arrived(report.number), report.model_dump(mode="json"))

    def arrived(self, number: int) -> ArrivedReport | None:
        """Return the report of a chunk of a stream, if it was written in this attempt."""
        content = self._parts.get_json(_arrived(number))
        if content is None or content["attempt"] != self._head.attempt:
            return None
        return ArrivedReport.model_validate(content)

    def all_arrived(self, n_chunks: int) -> Iterator[ArrivedReport]:
        """Yield the reports of a stream's chunks that were written in this attempt.

        Args:
            n_chunks: how many the stream has.
        """
        found = (self.arrived(number) for number in range(n_chunks))
        yield from (report for report in found if report is not None)

    def put_audit(self, report: AuditReport, chunk: Chunk) -> None:
        """Keep the audit of a chunk in this attempt."""
        content = {"attempt": self._head.attempt, "report": report.model_dump(mode="json")}
        self._put(_audit(chunk), content)

    def audit(self, chunk: Chunk) -> AuditReport | None:
        """Return the audit of a chunk, if it was made in this attempt."""
        content = self._parts.get_json(_audit(chunk))
        if content is None or content["attempt"] != self._head.attempt:
            return None
        return AuditReport.model_validate(content["report"])

    def add_to_history(self, report: AuditReport, at: dt.datetime) -> None:
        """Keep what an audit of the whole calculation found."""
        kept = report.model_dump(mode="json", exclude={"differences", "calc_id"})
        self._parts.put_json(f"{_HISTORY}{at.isoformat(timespec='milliseconds')}", kept)

    def history(self) -> list[dict[str, Any]]:
        """Return the audits of the whole calculation, the first one first, each with its `at`."""
        names = sorted(name for name in self._parts.names() if name.startswith(_HISTORY))
        return [{"at": name.removeprefix(_HISTORY), **self._parts.get_json(name)} for name in names]

    def last_audit(self) -> LastAudit | None:
        """Return the last audit of the whole calculation; None where none has ended.

        It is the newest of the history, or the one that its run ended with: the head keeps that.
        """
        found = []
        newest = self._parts.newest(_HISTORY)
        if newest is not None:
            name, kept = newest
            found.append(LastAudit.of(name.removeprefix(_HISTORY), kept))
        of_run = self._head.outcome.get("audit")
        if of_run is not None:
            found.append(LastAudit.of(of_run.get("at", self._head.since), of_run))
        return max(found, key=lambda audit: dt.datetime.fromisoformat(audit.at), default=None)

    def _put(self, name: str, content: Any) -> None:
        self._parts.put_json(name, content, self._head.attempt)


def _report(kind: Kind, chunk: Chunk) -> str:
    return f"report#{kind}#{chunk.number:04d}"


def _arrived(number: int) -> str:
    return f"{_ARRIVED}#{number:05d}"


def digests_of(of: str, chunk: Chunk) -> str:
    """Return the name of the record that holds the digests of a kind's items, or of "maps"."""
    return f"digests#{of}#{chunk.number:04d}"


def _audit(chunk: Chunk) -> str:
    return f"audit#{chunk.number:04d}"
