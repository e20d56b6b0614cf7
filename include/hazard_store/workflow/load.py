"""The whole workflow without Airflow: inspect, plan, claim, write, audit, decide, publish."""

from __future__ import annotations

import logging
import os
import socket
import uuid
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

from botocore.exceptions import BotoCoreError, ClientError

from hazard_store.aws.clients import counted_wcu
from hazard_store.errors import HazardStoreError, LostOwnership
from hazard_store.model import IfStored, Kind, Status, StoreOptions
from hazard_store.records import AuditReport, Chunk, Head, WriteReport
from hazard_store.records.head import Conflict
from hazard_store.settings import Settings
from hazard_store.store import Store
from hazard_store.streamed import Stream, is_stream
from hazard_store.workflow.arrive import Share, ShareReport, arrived_options, write_arrived
from hazard_store.workflow.arrived_content import known_if_published
from hazard_store.workflow.audit import audit_chunk
from hazard_store.workflow.claim import claim
from hazard_store.workflow.fence import check_owner, writable
from hazard_store.workflow.inspect import inspect
from hazard_store.workflow.plan import Plan, make_plan
from hazard_store.workflow.pool import Phases, Pool, map_chunks, worker_processes
from hazard_store.workflow.progress import OnAdvance, Progress
from hazard_store.workflow.publish import AuditFailed, decide, publish, verdict
from hazard_store.workflow.remove import remove_old
from hazard_store.workflow.shape import check_parameters
from hazard_store.workflow.write import write_chunk

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Loaded:
    """How a load ended."""

    head: Head
    report: AuditReport
    phases: dict[str, dict[str, float]]
    already_published: bool  # then nothing was written or audited; the report is the stored one


def inspect_and_plan(
    uri: str,
    calc_id: str,
    options: StoreOptions,
    settings: Settings,
    progress: Progress,
    workers: int | None = None,
    *,
    parent: str | None = None,
    store: Store | None = None,
) -> Plan:
    """Read the file once and plan; writes nothing.

    Args:
        uri: the calculation file, or the manifest of a stream.
        calc_id: the id to store it under.
        options: how to store it.
        settings: the limits of this installation.
        progress: told of progress.
        workers: writers that run at once; None: as many as the settings allow.
        parent: as `inspect` takes it.
        store: where it is to be stored. A stream is then followed to its end first, if something is
            published there: whether it is the same cannot be told before. None: it is not asked.

    Raises:
        BadParameter: the id or an option is invalid, told before the file is read.
    """
    check_parameters(calc_id, options)
    if is_stream(uri):
        options = arrived_options(uri, settings, options)
    forced = bool(options.force_normalised_sites)
    inspection = inspect(uri, settings, progress, forced, parent)
    if store is not None:
        inspection = known_if_published(store, inspection, calc_id)
    return make_plan(inspection, calc_id, options, settings, workers)


def load(
    store: Store,
    uri: str,
    calc_id: str,
    options: StoreOptions,
    progress: Progress,
    if_stored: IfStored = IfStored.FAIL,
    workers: int = 1,
    *,
    parent: str | None = None,
) -> Loaded:
    """Store a calculation, audit it and publish it.

    Args:
        store: where.
        uri: the calculation file, or the manifest of a stream, which is followed to its end.
        calc_id: the id to store it under.
        options: how to store it.
        progress: told of progress.
        if_stored: what to do about an unfinished run of the same calculation.
        workers: writer processes at once; each has `request_threads` requests under way.
        parent: the file of the calculation that it continues, where its weights are; None: beside
            it, if it needs one.

    Returns:
        how it ended: published, or `failed` with a report that names what the audit found.

    Raises:
        HazardStoreError: as its kind says; the calculation is then `failed` or was never begun.
    """
    check_parameters(calc_id, options)  # before processes are started for it
    with worker_processes(workers) as pool:
        return _load(store, uri, calc_id, options, progress, if_stored, workers, pool, parent)


def _load(
    store: Store,
    uri: str,
    calc_id: str,
    options: StoreOptions,
    progress: Progress,
    if_stored: IfStored,
    workers: int,
    pool: Pool,
    parent: str | None,
) -> Loaded:
    plan = inspect_and_plan(
        uri, calc_id, options, store.settings, progress, workers, parent=parent, store=store
    )
    owner = (
        store.settings.owner or f"load-{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:8]}"
    )
    phases = Phases()
    progress.phase("meta", None, "record")
    with phases.measured("meta", progress) as entry, counted_wcu(store.client) as wcu:
        claimed = claim(store, plan, owner, if_stored)
        entry["wcu"] = sum(wcu)
    head = claimed.head
    del plan  # all sites of the calculation: the writers read theirs from the records
    if claimed.already_published:
        return Loaded(head, verdict(store, head).report, phases.taken, already_published=True)
    try:
        if is_stream(uri):
            _write_arrived(store, uri, head, workers, pool, progress, phases)
        for kind in Kind:
            _write(store, uri, head, kind, pool, progress, phases)
        _audit(store, uri, head, pool, progress, phases)
        head = publish(store, decide(store, head))
    except AuditFailed:  # an answer, not a fault: the report names what differs
        head = store.head(calc_id, working=True)
    except BaseException:
        _mark_failed(store, head)
        raise
    report = verdict(store, head).report.model_copy(update={"status": str(head.status)})
    if head.status is Status.PUBLISHED:
        remove_old(store, calc_id, owner, progress)
        if is_stream(uri):
            _remove_chunks(store, uri)
    return Loaded(head, report, phases.taken, already_published=False)


def _remove_chunks(store: Store, uri: str) -> None:
    """Remove the chunk files of a stream; what cannot be removed only costs storage."""
    try:
        Stream(uri, store.settings).remove_chunks()
    except HazardStoreError as error:
        log.warning("the chunk files of %s are stored and still there: %s", uri, error)


def _write_arrived(
    store: Store,
    uri: str,
    head: Head,
    workers: int,
    pool: Pool,
    progress: Progress,
    phases: Phases,
) -> None:
    """Write the chunks of a stream as they arrive."""
    n_sites = head.calculation.n_sites
    progress.phase("stream", n_sites, "site")
    with phases.measured("stream", progress) as entry:
        work = partial(_arrived_job, _job_settings(store, head), uri, head.calc_id)
        shares = tuple(Share(number, workers) for number in range(workers))
        done = map_chunks(work, shares, lambda _: n_sites // workers, pool, progress, phases)
        entry["wcu"] = sum(report.wcu for report in done)


def _write(
    store: Store, uri: str, head: Head, kind: Kind, pool: Pool, progress: Progress, phases: Phases
) -> None:
    calculation = head.calculation
    progress.phase(str(kind), calculation.items_of(kind), "item")
    with phases.measured(str(kind), progress) as entry:
        entry["wcu"] = 0.0
        if kind is Kind.STATS:
            phases.taken["maps"] = {"wcu": 0.0}
        if not calculation.spec(kind).rows:
            return
        work = partial(_write_job, _job_settings(store, head), uri, head.calc_id, kind)
        items = partial(calculation.items_of, kind)
        for report in map_chunks(work, calculation.chunks, items, pool, progress, phases):
            entry["wcu"] += report.wcu + report.maps.wcu
            if kind is Kind.STATS:
                phases.taken["maps"]["wcu"] += report.maps.wcu


def _audit(
    store: Store, uri: str, head: Head, pool: Pool, progress: Progress, phases: Phases
) -> None:
    calculation = head.calculation
    progress.phase("audit", sum(calculation.items_of(kind) for kind in Kind), "item")
    with phases.measured("audit", progress) as entry:
        entry["rcu"] = 0.0
        try:
            store.transitions.begin_audit(head)
        except Conflict as error:
            reason = "another run took it over before the audit"
            raise LostOwnership(head.calc_id, reason) from error
        work = partial(_audit_job, _job_settings(store, head), uri, head.calc_id)
        for report in map_chunks(
            work,
            calculation.chunks,
            lambda chunk: sum(calculation.items_of(kind, chunk) for kind in Kind),
            pool,
            progress,
            phases,
        ):
            entry["rcu"] += report.rcu


def _job_settings(store: Store, head: Head) -> Settings:
    """Return the settings of a job that works for this attempt and no other."""
    return store.settings.model_copy(update={"owner": head.owner, "attempt": head.attempt})


def _arrived_job(
    settings: Settings,
    uri: str,
    calc_id: str,
    share: Share,
    on_sites: OnAdvance = lambda _: None,
) -> ShareReport:
    store = Store(settings)
    return write_arrived(store, uri, writable(store, calc_id), share, on_sites)


def _write_job(
    settings: Settings,
    uri: str,
    calc_id: str,
    kind: Kind,
    chunk: Chunk,
    on_items: OnAdvance = lambda _: None,
) -> WriteReport:
    store = Store(settings)
    return write_chunk(store, uri, writable(store, calc_id), kind, chunk, on_items)


def _audit_job(
    settings: Settings,
    uri: str,
    calc_id: str,
    chunk: Chunk,
    on_items: OnAdvance = lambda _: None,
) -> AuditReport:
    store = Store(settings)
    head = store.head(calc_id, working=True)
    check_owner(store, head)
    return audit_chunk(store, head, chunk, uri, on_items)


def _mark_failed(store: Store, head: Head) -> None:
    """Say so where it can be said; where not, an explicit resume takes over all the same."""
    with suppress(Conflict, BotoCoreError, ClientError):
        store.transitions.fail(head, head.outcome)
