"""Decides over a whole audit, and publishes: the end of a run."""

from __future__ import annotations

from dataclasses import dataclass

from hazard_store.errors import (
    EX_DIFFERENCE,
    HazardStoreError,
    LostOwnership,
    Misconfigured,
    Refused,
)
from hazard_store.model import Kind, Status
from hazard_store.records import AuditReport, Head
from hazard_store.records.head import Conflict
from hazard_store.store import Store
from hazard_store.workflow.arrived_content import arrived_content
from hazard_store.workflow.costs import outcome_of


class AuditFailed(HazardStoreError):
    """The audit found a difference; nothing is published."""

    exit_code = EX_DIFFERENCE

    def __init__(self, calc_id: str, found: str) -> None:
        super().__init__(calc_id, f"the audit failed: {found}")
        self.args = (calc_id, found)


@dataclass(frozen=True)
class Verdict:
    """What the audits of all chunks say together."""

    report: AuditReport
    unaudited: tuple[str, ...]  # chunks without an audit in this attempt

    @property
    def passed(self) -> bool:
        """Whether every chunk was audited and is right."""
        return not self.unaudited and self.report.passed

    @property
    def reason(self) -> str:
        """One sentence on why not."""
        if self.unaudited:
            return f"sites {', '.join(self.unaudited[:10])} were not audited in this attempt"
        report = self.report
        text = f"{report.missing} missing, {report.extra} extra, {report.altered} altered"
        for kind in (*map(str, Kind), "maps"):
            counts = getattr(report, kind)
            if not counts.expected == counts.acknowledged + counts.found == counts.stored:
                text += (
                    f"; {kind}: {counts.expected} expected, {counts.acknowledged} acknowledged and "
                    f"{counts.found} found by writers, {counts.stored} stored"
                )
        return text


def verdict(store: Store, head: Head) -> Verdict:
    """Add up the audits of this attempt."""
    reports = store.reports(head)
    total = AuditReport.made(calc_id=head.calc_id, status=head.status, with_file=True)
    unaudited = []
    for chunk in head.calculation.chunks:
        report = reports.audit(chunk)
        if report is None:
            unaudited.append(str(chunk))
        else:
            total += report
    return Verdict(total, tuple(unaudited))


def decide(store: Store, head: Head) -> Head:
    """Record what the audit of this attempt found.

    Raises:
        Misconfigured: a writer or audit of an older release took part; the state is `failed`.
        AuditFailed: it found a difference, or a chunk was not audited; the state is `failed`.
        LostOwnership: another run took over.
    """
    result = verdict(store, head)
    outcome = outcome_of(store, head, result.report)
    older = _older_release(store, head)
    try:
        if older is not None:
            store.transitions.fail(head, outcome)
            raise older
        if result.passed:
            return store.transitions.pass_audit(head, outcome, arrived_content(store, head))
        store.transitions.fail(head, outcome)
    except Conflict as error:
        now = store.head(head.calc_id, working=True)
        if now.status is Status.PUBLISHED and now.attempt == head.attempt and result.passed:
            return now
        raise LostOwnership(
            head.calc_id, f"it is {now.status} in attempt {now.attempt} of {now.owner}"
        ) from error
    raise AuditFailed(head.calc_id, result.reason)


def _older_release(store: Store, head: Head) -> Misconfigured | None:
    """Return the error of a writer or audit that knows less than the plan asks for."""
    reports, needed = store.reports(head), head.calculation.format
    for chunk in head.calculation.chunks:
        written = {f"write_{kind}": reports.report(kind, chunk) for kind in Kind}
        for task, report in {**written, "audit": reports.audit(chunk)}.items():
            if report is not None and report.format < needed:
                release = report.release or "of before formats were counted"
                return Misconfigured(
                    head.calc_id,
                    f"{task} of sites {chunk} ran in an image of release {release}, which knows "
                    f"format {report.format}; the plan, by {head.calculation.release}, has format "
                    f"{needed}: update the image of the writers, then run again with "
                    "if_stored=resume",
                )
    return None


def publish(store: Store, head: Head) -> Head:
    """Show a calculation to its readers, by one conditional write.

    Raises:
        Refused: this attempt's audit has not passed.
        LostOwnership: another run took over meanwhile.
    """
    if head.status is Status.PUBLISHED:
        return head
    if head.audited_attempt != head.attempt:
        raise Refused(
            head.calc_id,
            f"it is {head.status} and its audit has not passed: run `hazard-store audit "
            f"{head.calc_id}` first",
        )
    try:
        return store.transitions.publish(head)
    except Conflict as error:
        now = store.head(head.calc_id, working=True)
        if now.status is Status.PUBLISHED and now.attempt == head.attempt:
            return now
        if now.attempt != head.attempt:
            reason = f"it is {now.status} in attempt {now.attempt} of {now.owner}"
            raise LostOwnership(head.calc_id, reason) from error
        raise Refused(head.calc_id, f"it is now {now.status}, held by {now.owner}") from error
