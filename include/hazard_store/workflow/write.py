"""Writes one chunk of one kind, and leaves a report of it with the calculation."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator

from hazard_store.calcfile import CalcFile, file_version, open_calc, sha256_of
from hazard_store.errors import Refused
from hazard_store.items import Form
from hazard_store.model import Kind
from hazard_store.query.key_ranges import Run, SidPlace, runs_of
from hazard_store.records import Head, WriteReport
from hazard_store.records.reports import Reports, chunk_number
from hazard_store.store import Store
from hazard_store.workflow.fence import Shared, fence, writable
from hazard_store.workflow.source import Progress, Source
from hazard_store.writer import BatchWriter, RateLimiter, RetryPolicy


def chunk_sites(store: Store, head: Head, start: int, stop: int) -> Iterator[SidPlace]:
    """Return (sid, place) of a chunk's sites, in key order; they are read as they are asked for.

    Raises:
        BadParameter: the calculation's plan has no such chunk.
    """
    chunk_number(head.calculation, start, stop)
    return store.parts(head.storage_id).places(head.calculation.key_maker, start, stop)


def chunk_runs(store: Store, head: Head, form: Form, start: int, stop: int) -> Iterator[Run]:
    """Return the runs of a chunk; they own all keys up to the next chunk."""
    sites = chunk_sites(store, head, start, stop)
    keys, parts = head.calculation.key_maker, store.parts(head.storage_id)
    before = next(parts.places(keys, start - 1, start))[1] if start else None
    last = head.calculation.n_sites
    after = next(parts.places(keys, stop, stop + 1))[1] if stop < last else None
    return runs_of(form, sites, before, after)


def open_same(store: Store, uri: str, head: Head) -> CalcFile:
    """Open the file that the calculation was planned from, or a copy of it.

    Raises:
        Refused: it is another file.
        FileChanged: it is the same place, and other content.
    """
    file = head.calculation.file
    if file_version(uri, store.settings).uri == file.uri:
        return open_calc(uri, store.settings, file.etag)
    if sha256_of(uri, store.settings) != head.calculation.sha256:
        raise Refused(head.calc_id, f"{uri} is not the file that is stored, {file.uri}")
    return open_calc(uri, store.settings)


def write_chunk(
    store: Store,
    uri: str,
    calc_id: str,
    kind: Kind,
    start: int,
    stop: int,
    *,
    on_items: Progress | None = None,
) -> WriteReport:
    """Write the items of one chunk; what is right already is left alone.

    Args:
        store: where. Its settings may name the owner and attempt that this writer works for.
        uri: the calculation file.
        calc_id: the calculation, as `begin` recorded it.
        kind: statistics or realisations.
        start: position of the chunk's first site in the plan's order.
        stop: position behind its last.
        on_items: told of progress.

    Raises:
        TryAgain: the retry limit was reached, or the run was taken over or told to stop.
        Refused: nothing may be written in the calculation's state.
    """
    head = writable(store, calc_id)
    return write_sites(store, uri, head, kind, start, stop, on_items)


def write_sites(
    store: Store,
    uri: str,
    head: Head,
    kind: Kind,
    start: int,
    stop: int,
    on_items: Progress | None = None,
) -> WriteReport:
    """Write one chunk of the calculation of a head, whatever its state; see `write_chunk`."""
    began, cpu = time.monotonic(), time.process_time()
    form = head.calculation.form(kind)
    reports = Reports(store, head)
    chunk = chunk_number(head.calculation, start, stop)
    runs = chunk_runs(store, head, form, start, stop)
    again = reports.begin(kind, chunk)
    writer = BatchWriter(
        client=store.bulk_client,
        table=store.table(kind),
        fence=Shared(lambda: fence(store, head)),
        limiter=RateLimiter(_share(head)),
        policy=RetryPolicy.of(store.settings),
        threads=store.settings.request_threads,
    )
    source = Source(store, form, runs, on_items or (lambda _: None))
    complete = False
    try:
        with open_same(store, uri, head) as calc_file:
            writer.write(source.puts(calc_file, again))
            complete = True
    finally:
        report = WriteReport(
            calc_id=head.calc_id,
            kind=kind,
            start=start,
            stop=stop,
            attempt=head.attempt,
            complete=complete,
            expected=(stop - start) * len(form.groups),
            sent=writer.counts.sent,
            acknowledged=writer.counts.acknowledged,
            found=source.found,
            wcu=writer.counts.wcu,
            retries=writer.counts.retries,
            seconds=round(time.monotonic() - began, 3),
            cpu_seconds=round(time.process_time() - cpu, 3),
            digests=hashlib.sha256(source.digests).hexdigest() if complete else "",
        )
        if complete:
            reports.put(report, chunk, bytes(source.digests))
        else:
            reports.put_quietly(report, chunk)
    return report


def _share(head: Head) -> float | None:
    forecast = head.calculation.forecast
    return forecast.wcu_per_s_per_writer if forecast.limited else None
