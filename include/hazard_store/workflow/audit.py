"""The audit: reads the tables back and compares; it trusts no writer's word."""

from __future__ import annotations

import datetime as dt
import hashlib
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress

from hazard_store.aws.rate import RateLimiter
from hazard_store.calcfile import CalcFile
from hazard_store.codec import NewerCodec
from hazard_store.errors import BadParameter, CorruptItem
from hazard_store.items import Expected, ExpectedSite, Place, item_digest
from hazard_store.keys import HASH_KEY
from hazard_store.model import Kind, Status
from hazard_store.query.fetch import newer
from hazard_store.query.key_ranges import KeyRangeItems, chunk_key_ranges, sids_of
from hazard_store.records import AuditReport, Chunk, Difference, Head, KindCounts, WriteReport
from hazard_store.records.head import Conflict
from hazard_store.records.reports import digests_of
from hazard_store.store import Store
from hazard_store.workflow.arrived_content import arrived_content
from hazard_store.workflow.audit_maps import MapAudit
from hazard_store.workflow.audit_records import audit_records, with_records
from hazard_store.workflow.costs import outcome_of
from hazard_store.workflow.differences import Differences
from hazard_store.workflow.fence import check_owner
from hazard_store.workflow.map_blocks import MapBlocks
from hazard_store.workflow.open_same import open_same
from hazard_store.workflow.progress import OnAdvance, Progress
from hazard_store.workflow.strays import strays

RUN_BYTES = 4_000_000  # of the file's curves that are read at once


def audit_chunk(
    store: Store,
    head: Head,
    chunk: Chunk,
    uri: str | None = None,
    on_items: OnAdvance = lambda _: None,
    limiter: RateLimiter | None = None,
    parent: str | None = None,
) -> AuditReport:
    """Audit one chunk, both kinds, and keep the report with the calculation.

    Args:
        store: where.
        head: the calculation.
        chunk: one of the plan.
        uri: the calculation file, to compare bit for bit, or the manifest of a stream: then the
            engine's file that was shipped with it, else its chunks. None: compare with the digests
            that were recorded when the items were written.
        on_items: told how many more of the expected items were looked for.
        limiter: of read units.
        parent: the file of the calculation that it continues, to be held against the recorded one.

    Raises:
        Refused: the file is another one, or its parent.
        NewerRelease: an item is of a codec version that is not known here.
    """
    began = time.monotonic()
    calc_file = None
    report = AuditReport.made(
        calc_id=head.calc_id,
        status=head.status,
        with_file=uri is not None,
    )
    try:
        if uri is not None:
            calc_file = open_same(store, uri, head, chunk, parent, final=True)
            _check_axes(store, head, calc_file)
        for kind in Kind:
            try:
                report += _KindAudit(store, head, kind, chunk, calc_file, limiter, on_items).run()
            except NewerCodec as error:
                raise newer(store.table(kind), error) from error
    except CorruptItem as error:  # a calculation record, without which the items say nothing
        report += _broken(head, error, with_file=uri is not None)
    finally:
        if calc_file is not None:
            calc_file.close()
    if chunk.start == 0:  # once in a whole audit
        report = with_records(report, audit_records(store, head, calc_file))
    report = report.model_copy(update={"seconds": round(time.monotonic() - began, 3)})
    store.reports(head).put_audit(report, chunk)
    return report


def audit(
    store: Store,
    calc_id: str,
    uri: str | None,
    sites: tuple[int, int] | None,
    progress: Progress,
    *,
    scan: bool = False,
    max_rcu_per_s: float | None = None,
    parent: str | None = None,
) -> AuditReport:
    """Audit a calculation, or one chunk of it, and keep the result.

    A whole audit that passes makes an unpublished calculation ready to be published; one that
    fails after writing had ended makes it `failed`. A published calculation stays published.

    Args:
        store: where; its settings may name the owner and attempt that this audit works for.
        calc_id: the calculation.
        uri: the calculation file, or the manifest of a stream; None: compare with the recorded
            digests.
        sites: start and stop of one chunk; None: all.
        progress: told of progress.
        scan: read whole tables too, for items that stand under no key of the plan.
        max_rcu_per_s: the read budget; None: no limit.
        parent: the file of the calculation that it continues, to be held against the recorded one.

    Raises:
        BadParameter: the plan has no such chunk; or a parent without the file.
        Refused: the file is another one.
    """
    if parent is not None and uri is None:
        raise BadParameter("--parent", "it goes with --calc-file: without, no file is read")
    head = store.head(calc_id, working=bool(store.settings.owner))
    check_owner(store, head)
    chunks = head.calculation.chunks if sites is None else [head.calculation.chunk(*sites)]
    if sites is not None and store.settings.owner and head.status is Status.WRITING:
        with suppress(Conflict):  # the audit of another chunk was first
            head = store.transitions.begin_audit(head)
    n_items = sum(head.calculation.items_of(kind, chunk) for kind in Kind for chunk in chunks)
    progress.phase("audit", n_items, "item")
    began = time.monotonic()
    total = AuditReport.made(calc_id=calc_id, status=head.status, with_file=uri is not None)
    limiter = RateLimiter(max_rcu_per_s)
    for chunk in chunks:
        total += audit_chunk(store, head, chunk, uri, progress.advance, limiter, parent)
    progress.done(time.monotonic() - began)
    if scan:
        total += strays(store, head, progress)
    if sites is None:
        store.reports(head).add_to_history(total, dt.datetime.now(dt.UTC))
    if sites is None and head.status in (Status.WRITING, Status.AUDITING, Status.FAILED):
        outcome = outcome_of(store, head, total)
        with suppress(Conflict):  # taken over meanwhile: this audit then decides nothing
            if total.passed:
                head = store.transitions.pass_audit(head, outcome, arrived_content(store, head))
            elif head.status is not Status.WRITING:
                head = store.transitions.fail(head, outcome)
    return total.model_copy(update={"status": str(head.status)})


class _KindAudit:
    """The audit of one kind in one chunk; that of the statistics takes the maps along."""

    def __init__(
        self,
        store: Store,
        head: Head,
        kind: Kind,
        chunk: Chunk,
        calc_file: CalcFile | None,
        limiter: RateLimiter | None,
        on_items: OnAdvance,
    ) -> None:
        self._store, self._head, self._kind, self._calc_file = store, head, kind, calc_file
        self._spec, self._table = head.calculation.spec(kind), store.table(kind)
        self._chunk, self._on_items = chunk, on_items
        self._found = Differences(store, limiter)
        self._stored = 0
        self._maps, self._blocks = None, None
        if kind is Kind.STATS:
            self._maps = MapAudit(store, head, chunk, self._found, on_items)
            if calc_file is not None:
                self._blocks = MapBlocks(head.calculation.maps, chunk.start, chunk.stop)

    def run(self) -> AuditReport:
        spec, chunk, maps = self._spec, self._chunk, self._maps
        reports = self._store.reports(self._head)
        report = reports.report(self._kind, chunk) if spec.rows else None
        digests = reports.digests(self._kind, chunk) if spec.rows else None
        self._check_digests(report, digests)
        unwritten = f"no writer has completed the {{}} of sites {chunk}"
        notes = []
        if spec.rows and digests is None:
            notes.append(unwritten.format(self._kind))
        elif maps is not None and maps.unwritten:
            notes.append(unwritten.format("map items"))
        recorded = iter(digests or ())
        ranges = chunk_key_ranges(self._store, self._head, spec, chunk)
        for run in _runs(self._found.read(spec, ranges), spec.site_bytes):
            expected = self._in_file(run)
            for stored in run:
                self._stored += len(stored.items)
                self._audit_key_range(stored, recorded, expected)
                self._on_items(len(stored.key_range.sites) * len(spec.groups))
        if maps is not None and self._blocks is None:
            maps.compare_by_digest()
        counts = KindCounts(
            rows=len(chunk) * len(spec.rows),
            expected=len(chunk) * len(spec.groups),
            acknowledged=report.acknowledged if report else 0,
            found=report.found if report else 0,
            stored=self._stored,
        )
        return AuditReport.made(
            calc_id=self._head.calc_id,
            status=self._head.status,
            stats=counts if self._kind is Kind.STATS else KindCounts(),
            realisations=counts if self._kind is Kind.REALISATIONS else KindCounts(),
            maps=KindCounts() if maps is None else maps.counts(),
            **self._found.counts,
            differences=tuple(self._found.named),
            notes=tuple(notes),
            with_file=self._calc_file is not None,
            rcu=self._found.rcu,
        )

    def _check_digests(self, report: WriteReport | None, digests: list[bytes] | None) -> None:
        """Hold the recorded digests against the report of the writer who made them."""
        maps = self._maps
        of_maps = None if maps is None else maps.digests
        said = (report.digests, report.maps.digests) if report and report.complete else ("", "")
        for name, kept, digest in ((str(self._kind), digests, said[0]), ("maps", of_maps, said[1])):
            if kept is not None and digest and hashlib.sha256(b"".join(kept)).hexdigest() != digest:
                record, table = digests_of(name, self._chunk), self._store.settings.meta_table
                self._found.add(table, self._head.storage_id, record, "altered")

    def _in_file(self, run: Sequence[KeyRangeItems]) -> Iterator[ExpectedSite] | None:
        """Return what the file says of the sites of some key ranges, one after the other."""
        if self._calc_file is None or not self._spec.rows:
            return None
        sites = [site for stored in run for site in stored.key_range.sites]
        curves = self._calc_file.curves(self._kind, sids_of(sites))
        places = [self._place_in_file(sid, place) for sid, place in sites]
        if self._maps is not None and self._blocks is not None:
            numbered = [(sid, place) for (sid, _), place in zip(sites, places, strict=True)]
            for block in self._blocks.add(numbered, curves):
                self._maps.compare(block.start, block.stop, block.writes)
        return Expected(self._spec, places, curves).each_site()

    def _audit_key_range(
        self,
        stored: KeyRangeItems,
        recorded: Iterator[bytes],
        expected: Iterator[ExpectedSite] | None,
    ) -> None:
        """Compare the items of a key range: with the file, or with the digests, never with both.

        The digests follow from what was written; what the file says decides where it is at hand.
        """
        left = dict(stored.items)
        for _, place in stored.key_range.sites:
            of_site = None if expected is None else next(expected)
            for group, range_key in enumerate(self._spec.range_keys(place)):
                digest = next(recorded, None)
                item = left.pop(range_key, None)
                if item is None:
                    self._differs(place.hash_key, range_key, "missing")
                elif not (
                    digest == item_digest(item) if of_site is None else of_site.matches(item, group)
                ):
                    self._found.add_altered(self._table, place.hash_key, range_key, item)
        for range_key, item in left.items():
            self._differs(item[HASH_KEY]["S"], range_key, "extra")

    def _place_in_file(self, sid: int, place: Place) -> Place:
        sites = self._calc_file.calculation.sites  # type: ignore[union-attr]
        lat, lon, vs30 = sites.place_of(sid)
        return Place(lat, lon, vs30, place.loc, place.hash_key)

    def _differs(self, hash_key: str, range_key: str, kind: str) -> None:
        self._found.add(self._table, hash_key, range_key, kind)


def _runs(stored: Iterable[KeyRangeItems], site_bytes: int) -> Iterator[list[KeyRangeItems]]:
    """Put key ranges together of which the file is read at once."""
    run: list[KeyRangeItems] = []
    size = 0
    for each in stored:
        run.append(each)
        size += len(each.key_range.sites) * site_bytes
        if size >= RUN_BYTES:
            yield run
            run, size = [], 0
    if run:
        yield run


def _broken(head: Head, error: CorruptItem, *, with_file: bool) -> AuditReport:
    """Return the report of a record that cannot be read."""
    broken = Difference(
        table=error.table, hash_key=error.hash_key, range_key=error.range_key, kind="altered"
    )
    return AuditReport.made(
        calc_id=head.calc_id,
        status=head.status,
        altered=1,
        differences=(broken,),
        notes=(str(error),),
        with_file=with_file,
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
