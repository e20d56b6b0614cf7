"""The audit: reads the tables back and compares; it trusts no writer's word."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Iterator
from contextlib import suppress

import numpy as np

from hazard_store.calcfile import CalcFile
from hazard_store.errors import CorruptItem
from hazard_store.items import Expected, Place, item_digest
from hazard_store.model import Kind, Status
from hazard_store.query.key_ranges import RunItems, read_runs
from hazard_store.records import AuditReport, Difference, Head, KindCounts, history
from hazard_store.records.documents import MAX_DIFFERENCES
from hazard_store.records.head import Conflict
from hazard_store.records.reports import Reports, chunk_number, outcome_of
from hazard_store.store import Store
from hazard_store.workflow.fence import check_owner
from hazard_store.workflow.plan import sids_of
from hazard_store.workflow.progress import Screen
from hazard_store.workflow.strays import strays
from hazard_store.workflow.write import chunk_runs, open_same
from hazard_store.writer import RateLimiter

Progress = Callable[[int], None]  # told how many more sites were audited


def audit_chunk(
    store: Store,
    head: Head,
    start: int,
    stop: int,
    uri: str | None = None,
    on_sites: Progress | None = None,
    limiter: RateLimiter | None = None,
) -> AuditReport:
    """Audit one chunk, both kinds. Changes nothing.

    Args:
        store: where.
        head: the calculation.
        start: position of the chunk's first site in the plan's order.
        stop: position behind its last.
        uri: the calculation file, to compare bit for bit; None: compare with the digests that
            were recorded when the items were written.
        on_sites: told of progress.
        limiter: of read units.

    Raises:
        BadParameter: the plan has no such chunk.
        Refused: the file is another one.
    """
    began = time.monotonic()
    chunk_number(head.calculation, start, stop)
    calc_file = None if uri is None else open_same(store, uri, head)
    report = AuditReport(calc_id=head.calc_id, status=head.status, with_file=uri is not None)
    try:
        if calc_file is not None:
            _check_axes(store, head, calc_file)
        for kind in Kind:
            kind_audit = _KindAudit(store, head, kind, start, stop, calc_file, limiter)
            report += kind_audit.run(on_sites or (lambda _: None))
    except CorruptItem as error:  # a calculation record, without which the items say nothing
        broken = Difference(
            table=error.table, hash_key=error.hash_key, range_key=error.range_key, kind="altered"
        )
        report += AuditReport(
            calc_id=head.calc_id,
            status=head.status,
            altered=1,
            differences=(broken,),
            notes=(str(error),),
            with_file=uri is not None,
        )
    finally:
        if calc_file is not None:
            calc_file.close()
    return report.model_copy(update={"seconds": round(time.monotonic() - began, 3)})


def audit_into_record(
    store: Store,
    head: Head,
    start: int,
    stop: int,
    uri: str | None,
    on_sites: Progress | None = None,
    limiter: RateLimiter | None = None,
) -> AuditReport:
    """Audit a chunk and keep the result with the calculation."""
    report = audit_chunk(store, head, start, stop, uri, on_sites, limiter)
    Reports(store, head).put_audit(report, chunk_number(head.calculation, start, stop))
    return report


def audit(
    store: Store,
    calc_id: str,
    uri: str | None,
    sites: tuple[int, int] | None,
    screen: Screen,
    *,
    scan: bool = False,
    max_rcu_per_s: float | None = None,
) -> AuditReport:
    """Audit a calculation, or one chunk of it, and keep the result.

    A whole audit that passes makes an unpublished calculation ready to be published; one that
    fails after writing had ended makes it `failed`. A published calculation stays published.

    Args:
        store: where; its settings may name the owner and attempt that this audit works for.
        calc_id: the calculation.
        uri: the calculation file; None: compare with the recorded digests.
        sites: one chunk; None: all.
        screen: told of progress.
        scan: read whole tables too, for items that stand under no key of the plan.
        max_rcu_per_s: the read budget; None: no limit.
    """
    head = store.head(calc_id, working=bool(store.settings.owner))
    check_owner(store, head)
    if sites is not None and store.settings.owner and head.status is Status.WRITING:
        with suppress(Conflict):  # the audit of another chunk was first
            head = store.heads.audit_begun(head)
    chunks = head.calculation.chunk_ranges if sites is None else [sites]
    screen.phase("audit", len(Kind) * sum(stop - start for start, stop in chunks), "sites")
    began = time.monotonic()
    total = AuditReport(calc_id=calc_id, status=head.status, with_file=uri is not None)
    limiter = RateLimiter(max_rcu_per_s)
    for start, stop in chunks:
        total += audit_into_record(store, head, start, stop, uri, screen.advance, limiter)
    screen.done(time.monotonic() - began)
    if scan:
        total += strays(store, head, screen)
    if sites is None:
        history.put_audit(store.parts(head.storage_id), total, dt.datetime.now(dt.UTC))
    if sites is None and head.status in (Status.WRITING, Status.AUDITING, Status.FAILED):
        outcome = outcome_of(store, head, total)
        with suppress(Conflict):  # taken over meanwhile: this audit then decides nothing
            if total.passed:
                head = store.heads.audit_passed(head, outcome)
            elif head.status is not Status.WRITING:
                head = store.heads.failed(head, outcome)
    return total.model_copy(update={"status": str(head.status)})


class _KindAudit:
    """The audit of one kind in one chunk."""

    def __init__(
        self,
        store: Store,
        head: Head,
        kind: Kind,
        start: int,
        stop: int,
        calc_file: CalcFile | None,
        limiter: RateLimiter | None,
    ) -> None:
        self._store, self._head, self._kind, self._calc_file = store, head, kind, calc_file
        self._form = head.calculation.form(kind)
        self._sites, self._limiter = (start, stop), limiter or RateLimiter(None)
        self._found: dict[str, int] = {"missing": 0, "extra": 0, "altered": 0}
        self._differences: list[Difference] = []
        self._stored = 0
        self._rcu = 0.0

    def run(self, on_sites: Progress) -> AuditReport:
        start, stop = self._sites
        form, chunk = self._form, chunk_number(self._head.calculation, start, stop)
        reports = Reports(self._store, self._head)
        report = reports.report(self._kind, chunk) if form.rows else None
        digests = reports.digests(self._kind, chunk) if form.rows else None
        notes = []
        if form.rows and digests is None:
            notes.append(f"no writer has completed the {self._kind} of sites {start}:{stop}")
        recorded = iter(digests or ())
        for stored in read_runs(
            self._store, form, chunk_runs(self._store, self._head, form, start, stop)
        ):
            self._rcu += stored.rcu
            self._limiter.charge(stored.rcu)
            while debt_s := self._limiter.debt_s():  # the next answers wait; few are read ahead
                time.sleep(debt_s)
            self._stored += len(stored.items)
            self._audit_run(stored, recorded)
            on_sites(len(stored.run.sites))
        counts = KindCounts(
            rows=(stop - start) * len(form.rows),
            expected=(stop - start) * len(form.groups),
            acknowledged=report.acknowledged if report else 0,
            found=report.found if report else 0,
            stored=self._stored,
        )
        return AuditReport(
            calc_id=self._head.calc_id,
            status=self._head.status,
            stats=counts if self._kind is Kind.STATS else KindCounts(),
            realisations=counts if self._kind is Kind.REALISATIONS else KindCounts(),
            missing=self._found["missing"],
            extra=self._found["extra"],
            altered=self._found["altered"],
            differences=tuple(self._differences),
            notes=tuple(notes),
            with_file=self._calc_file is not None,
            rcu=self._rcu,
        )

    def _audit_run(self, stored: RunItems, recorded: Iterator[bytes]) -> None:
        form, left = self._form, dict(stored.items)
        expected = None
        if self._calc_file is not None and form.rows:
            expected = Expected(form, self._calc_file.curves(self._kind, sids_of(stored.run.sites)))
        for index, (sid, place) in enumerate(stored.run.sites):
            in_file = place if expected is None else self._place_in_file(sid, place)
            for group, range_key in enumerate(form.range_keys(place)):
                digest = next(recorded, None)
                item = left.pop(range_key, None)
                if item is None:
                    self._differs(place.hash_key, range_key, "missing")
                elif (
                    (digest is None and expected is None)  # nothing says what it must be
                    or (digest is not None and digest != item_digest(item))
                    or (expected is not None and not expected.is_said(item, index, in_file, group))
                ):
                    self._differs(place.hash_key, range_key, "altered")
        for range_key, item in left.items():
            self._differs(item["haz_sol_id"]["S"], range_key, "extra")

    def _place_in_file(self, sid: int, place: Place) -> Place:
        sites = self._calc_file.calculation.sites  # type: ignore[union-attr]
        vs30 = None if sites.vs30 is None else float(sites.vs30[sid])
        if vs30 is not None and not np.isfinite(vs30):
            vs30 = None
        return Place(float(sites.lat[sid]), float(sites.lon[sid]), vs30, place.loc, place.hash_key)

    def _differs(self, hash_key: str, range_key: str, kind: str) -> None:
        self._found[kind] += 1
        if len(self._differences) < MAX_DIFFERENCES:
            table = self._store.table(self._kind)
            self._differences.append(
                Difference(table=table, hash_key=hash_key, range_key=range_key, kind=kind)
            )


def _check_axes(store: Store, head: Head, calc_file: CalcFile) -> None:
    """Compare what gives the curves their meaning with the file.

    Raises:
        CorruptItem: the head says something else than the file.
    """
    stored, calculation = head.calculation, calc_file.calculation
    pairs = {
        "IMTs": (stored.imts, calculation.imts),
        "levels": (stored.all_levels.tolist(), calculation.levels.tolist()),
        "statistics": (stored.aggs, calculation.aggs),
        "sites": (stored.n_sites, len(calculation.sites)),
        "realisations": (stored.n_realisations, calculation.n_realisations),
        "investigation time": (stored.investigation_time, calculation.investigation_time),
    }
    for name, (here, there) in pairs.items():
        if here != there:
            reason = f"its {name} are not the file's"
            raise CorruptItem(store.settings.meta_table, head.storage_id, "head", reason)
