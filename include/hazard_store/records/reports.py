"""The reports of writers and audits, one record a chunk, kept with the calculation."""

from __future__ import annotations

import datetime as dt
import logging
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from hazard_store.errors import BadParameter, LostOwnership
from hazard_store.items import DIGEST_BYTES
from hazard_store.model import Kind
from hazard_store.records import AuditReport, Head, StoredCalculation, WriteReport
from hazard_store.store import Store
from hazard_store.workflow.costs import dollars

log = logging.getLogger(__name__)


def chunk_number(calculation: StoredCalculation, start: int, stop: int) -> int:
    """Return the number of the chunk of sites start..stop.

    Raises:
        BadParameter: the plan has no such chunk.
    """
    try:
        return calculation.chunk_ranges.index((start, stop))
    except ValueError:
        chunks = " ".join(f"{a}:{b}" for a, b in calculation.chunk_ranges[:20])
        more = " ..." if len(calculation.chunks) > 21 else ""
        raise BadParameter(
            "--sites", f"{start}:{stop} is no chunk of this plan; it has {chunks}{more}"
        ) from None


class Reports:
    """Reads and writes the reports of one attempt of a stored calculation."""

    def __init__(self, store: Store, head: Head) -> None:
        self._store, self._head = store, head
        self._parts = store.parts(head.storage_id)

    def begin(self, kind: Kind, chunk: int) -> bool:
        """Note that the chunk is begun; return whether it was begun before."""
        if self.report(kind, chunk) is not None:
            return True
        begun = WriteReport(
            calc_id=self._head.calc_id,
            kind=kind,
            start=self._head.calculation.chunks[chunk],
            stop=self._head.calculation.chunks[chunk + 1],
            attempt=self._head.attempt,
            complete=False,
        )
        self._put(_report(kind, chunk), begun.model_dump(mode="json"))
        return False

    def put(self, report: WriteReport, chunk: int, digests: bytes) -> None:
        """Keep the report of a complete chunk, and its items' digests."""
        self._parts.put(_digests(report.kind, chunk), digests)
        self._put(_report(report.kind, chunk), report.model_dump(mode="json"))

    def put_quietly(self, report: WriteReport, chunk: int) -> None:
        """Keep the report of a chunk that failed; a second fault must not hide the first."""
        try:
            self._put(_report(report.kind, chunk), report.model_dump(mode="json"))
        except (BotoCoreError, ClientError, LostOwnership) as error:
            log.warning("could not keep the report of an unfinished chunk: %s", error)

    def report(self, kind: Kind, chunk: int) -> WriteReport | None:
        """Return the writer's report of a chunk."""
        content = self._parts.get_json(_report(kind, chunk))
        return None if content is None else WriteReport.model_validate(content)

    def digests(self, kind: Kind, chunk: int) -> list[bytes] | None:
        """Return the digests of a chunk's items, sites in key order and rows in theirs."""
        packed = self._parts.get(_digests(kind, chunk))
        if packed is None:
            return None
        return [packed[i : i + DIGEST_BYTES] for i in range(0, len(packed), DIGEST_BYTES)]

    def put_audit(self, report: AuditReport, chunk: int) -> None:
        """Keep the audit of a chunk in this attempt."""
        content = {"attempt": self._head.attempt, "report": report.model_dump(mode="json")}
        self._put(f"audit#{chunk:04d}", content)

    def audit(self, chunk: int) -> AuditReport | None:
        """Return the audit of a chunk, if it was made in this attempt."""
        content = self._parts.get_json(f"audit#{chunk:04d}")
        if content is None or content["attempt"] != self._head.attempt:
            return None
        return AuditReport.model_validate(content["report"])

    def _put(self, name: str, content: Any) -> None:
        self._parts.put_json(name, content, self._head.attempt)


def _report(kind: Kind, chunk: int) -> str:
    return f"report#{kind}#{chunk:04d}"


def _digests(kind: Kind, chunk: int) -> str:
    return f"digests#{kind}#{chunk:04d}"


def outcome_of(store: Store, head: Head, report: AuditReport) -> dict[str, Any]:
    """Return what the run really took, for the head."""
    reports = Reports(store, head)
    outcome: dict[str, Any] = {
        "audit": report.model_dump(
            mode="json", exclude={"differences", "notes", "calc_id", "status"}
        )
    }
    for kind in Kind:
        chunks = range(len(head.calculation.chunk_ranges))
        written = [r for r in (reports.report(kind, chunk) for chunk in chunks) if r is not None]
        outcome[str(kind)] = {
            "wcu": sum(r.wcu for r in written),
            "retries": sum(r.retries for r in written),
            "writer_seconds": round(sum(r.seconds for r in written), 3),
        }
    outcome["dollars"] = dollars(
        sum(outcome[str(kind)]["wcu"] for kind in Kind),
        report.rcu,
        sum(outcome[str(kind)]["writer_seconds"] for kind in Kind) + report.seconds,
        head.calculation.forecast.wcu_per_s_per_writer,
    )
    if head.began:
        began = dt.datetime.fromisoformat(head.began)
        outcome["seconds"] = (dt.datetime.now(dt.UTC) - began).total_seconds()
    return outcome
