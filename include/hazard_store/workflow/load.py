"""The whole workflow without Airflow: inspect, plan, begin, write, audit, decide, publish."""

from __future__ import annotations

import os
import socket
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from multiprocessing import active_children, get_context
from typing import TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from hazard_store.aws.clients import counted_wcu
from hazard_store.calcfile import open_calc
from hazard_store.errors import EX_TEMPFAIL, LostOwnership, TryAgain
from hazard_store.model import IfStored, Kind, Status, StoreOptions
from hazard_store.records import AuditReport, Head, WriteReport
from hazard_store.records.head import Conflict
from hazard_store.settings import Settings
from hazard_store.signals import Interrupted, end_with_parent, stop_on_signals
from hazard_store.store import Store
from hazard_store.workflow.audit import audit_into_record
from hazard_store.workflow.claim import begin
from hazard_store.workflow.fence import check_owner
from hazard_store.workflow.inspect import inspect
from hazard_store.workflow.plan import Checked, Plan, make_plan
from hazard_store.workflow.progress import Screen
from hazard_store.workflow.publish import AuditFailed, decide, publish, verdict
from hazard_store.workflow.remove import remove_old
from hazard_store.workflow.write import write_chunk

T = TypeVar("T")
Progress = Callable[[int], None]
Pool = ProcessPoolExecutor | None  # None: this process does the work

_told_cpu_s = 0.0  # of this worker process, that its parent knows of


@dataclass
class Phases:
    """Seconds, CPU seconds and units of each phase."""

    taken: dict[str, dict[str, float]] = field(default_factory=dict)
    workers_cpu_s: float = 0.0  # of worker processes, as far as they have told

    @contextmanager
    def measured(self, name: str, screen: Screen) -> Iterator[dict[str, float]]:
        """Measure a phase; the caller adds its units."""
        began, cpu = time.monotonic(), time.process_time() + self.workers_cpu_s
        entry = self.taken[name] = {}
        yield entry
        seconds = time.monotonic() - began
        entry["seconds"] = round(seconds, 5)
        entry["cpu_seconds"] = round(time.process_time() + self.workers_cpu_s - cpu, 5)
        screen.done(seconds)


@dataclass(frozen=True)
class Loaded:
    """How a load ended."""

    head: Head
    report: AuditReport
    phases: dict[str, dict[str, float]]
    already_published: bool


def inspect_and_plan(
    uri: str,
    calc_id: str,
    options: StoreOptions,
    settings: Settings,
    screen: Screen,
    workers: int | None = None,
) -> Plan:
    """Read the file once and plan; writes nothing."""
    inspection = inspect(uri, settings, screen, options.force_normalised_sites)
    with open_calc(uri, settings, inspection.calculation.file.etag) as calc_file:
        return make_plan(calc_file, calc_id, Checked.of(inspection), options, settings, workers)


def load(
    store: Store,
    uri: str,
    calc_id: str,
    options: StoreOptions,
    screen: Screen,
    if_stored: IfStored = IfStored.FAIL,
    workers: int = 1,
) -> Loaded:
    """Store a calculation, audit it and publish it.

    Args:
        store: where.
        uri: the calculation file.
        calc_id: the id to store it under.
        options: how to store it.
        screen: told of progress.
        if_stored: what to do about an unfinished run of the same calculation.
        workers: writer processes at once; each has `request_threads` requests under way.

    Returns:
        how it ended: published, or `failed` with a report that names what the audit found.

    Raises:
        HazardStoreError: as its kind says; the calculation is then `failed` or was never begun.
    """
    with _processes(workers) as pool:
        return _load(store, uri, calc_id, options, screen, if_stored, workers, pool)


def _load(
    store: Store,
    uri: str,
    calc_id: str,
    options: StoreOptions,
    screen: Screen,
    if_stored: IfStored,
    workers: int,
    pool: Pool,
) -> Loaded:
    plan = inspect_and_plan(uri, calc_id, options, store.settings, screen, workers)
    owner = (
        store.settings.owner or f"load-{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:8]}"
    )
    phases = Phases()
    screen.phase("meta", 0, "records")
    with phases.measured("meta", screen) as entry, counted_wcu(store.client) as wcu:
        claim = begin(store, plan, owner, if_stored)
        entry["wcu"] = sum(wcu)
    head = claim.head
    remove_old(store, calc_id, owner, screen)  # of a failed attempt that this one stands for
    del plan  # all sites of the calculation: the writers read theirs from the records
    if claim.already_published:
        return Loaded(head, verdict(store, head).report, phases.taken, already_published=True)
    try:
        for kind in Kind:
            _write(store, uri, head, kind, pool, screen, phases)
        _audit(store, uri, head, pool, screen, phases)
        head = publish(store, decide(store, head))
    except AuditFailed:  # an answer, not a fault: the report names what differs
        head = store.head(calc_id, working=True)
    except BaseException:
        _mark_failed(store, head)
        raise
    report = verdict(store, head).report.model_copy(update={"status": str(head.status)})
    if head.status is Status.PUBLISHED:
        remove_old(store, calc_id, owner, screen)
    return Loaded(head, report, phases.taken, already_published=False)


def _write(
    store: Store, uri: str, head: Head, kind: Kind, pool: Pool, screen: Screen, phases: Phases
) -> None:
    per_site = len(head.calculation.form(kind).groups)
    screen.phase(str(kind), head.calculation.n_sites * per_site, "items")
    with phases.measured(str(kind), screen) as entry:
        entry["wcu"] = 0.0
        if not per_site:
            return
        work = partial(_write_job, _of(store, head), uri, head.calc_id, kind)
        for report in _map(work, head, per_site, pool, screen, phases):
            entry["wcu"] += report.wcu


def _audit(store: Store, uri: str, head: Head, pool: Pool, screen: Screen, phases: Phases) -> None:
    screen.phase("audit", head.calculation.n_sites * len(Kind), "sites")
    with phases.measured("audit", screen) as entry:
        entry["rcu"] = 0.0
        try:
            store.heads.audit_begun(head)
        except Conflict as error:
            reason = "another run took it over before the audit"
            raise LostOwnership(head.calc_id, reason) from error
        work = partial(_audit_job, _of(store, head), uri, head.calc_id)
        for report in _map(work, head, len(Kind), pool, screen, phases):
            entry["rcu"] += report.rcu


def _of(store: Store, head: Head) -> Settings:
    """Return the settings of a job that works for this attempt and no other."""
    return store.settings.model_copy(update={"owner": head.owner, "attempt": head.attempt})


def _write_job(
    settings: Settings,
    uri: str,
    calc_id: str,
    kind: Kind,
    chunk: tuple[int, int],
    on_items: Progress | None = None,
) -> WriteReport:
    return write_chunk(Store(settings), uri, calc_id, kind, *chunk, on_items=on_items)


def _audit_job(
    settings: Settings,
    uri: str,
    calc_id: str,
    chunk: tuple[int, int],
    on_sites: Progress | None = None,
) -> AuditReport:
    store = Store(settings)
    head = store.head(calc_id, working=True)
    check_owner(store, head)
    return audit_into_record(store, head, *chunk, uri, on_sites)


def _map(
    work: Callable[..., T],
    head: Head,
    per_site: int,
    pool: Pool,
    screen: Screen,
    phases: Phases,
) -> Iterator[T]:
    """Yield the result of each chunk: worked on in this process, or in several.

    Raises:
        TryAgain: one of the processes died.
    """
    chunks = head.calculation.chunk_ranges
    if pool is None or len(chunks) == 1:
        for chunk in chunks:
            yield work(chunk, screen.advance)
        return
    try:
        futures = {pool.submit(_measured, work, chunk): chunk for chunk in chunks}
        for future in as_completed(futures):
            start, stop = futures[future]
            screen.advance((stop - start) * per_site)
            result, cpu_s = future.result()
            phases.workers_cpu_s += cpu_s
            yield result
    except BaseException as error:
        _end(pool)
        if isinstance(error, BrokenProcessPool):
            reason = "a writer process died; resume to write what is missing"
            raise TryAgain("load", reason) from error
        raise


@contextmanager
def _processes(n: int) -> Iterator[Pool]:
    """Give processes to work in, the same for all phases."""
    if n == 1:
        yield None
        return
    with ProcessPoolExecutor(n, mp_context=get_context("spawn"), initializer=_begin_worker) as pool:
        for _ in range(n):  # to start takes a second: they do while the file is inspected
            pool.submit(os.getpid)
        try:
            yield pool
        except BaseException:
            _end(pool)
            raise


def _end(pool: ProcessPoolExecutor) -> None:
    pool.shutdown(wait=False, cancel_futures=True)
    for process in active_children():
        process.terminate()


def _begin_worker() -> None:
    stop_on_signals()
    end_with_parent()


def _measured(work: Callable[..., T], chunk: tuple[int, int]) -> tuple[T, float]:
    """Work on a chunk; return the CPU seconds since this worker told last, its start included."""
    global _told_cpu_s
    try:
        result, now = work(chunk), time.process_time()
    except Interrupted:
        os._exit(EX_TEMPFAIL)  # the pool would take it for a result, and give the next chunk
    cpu_s, _told_cpu_s = now - _told_cpu_s, now
    return result, cpu_s


def _mark_failed(store: Store, head: Head) -> None:
    """Say so where it can be said; where not, an explicit resume takes over all the same."""
    with suppress(Conflict, BotoCoreError, ClientError):
        store.heads.failed(head, head.outcome)
