"""Writes the chunks of a stream as they arrive; several writers each take their share of them.

A chunk's sites are strewn over all keys, so no chunk is audited by itself: its items' digests stay
with the calculation, and whoever finishes a chunk of the plan finds there what is stored already.
"""

from __future__ import annotations

import math
import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from itertools import count

import numpy as np
from numpy.typing import NDArray

from hazard_store.calcfile.metadata import Contents
from hazard_store.errors import BadCalculation, BadParameter
from hazard_store.items import Place, WriteRequest, item_maker
from hazard_store.model import Kind, StoreOptions
from hazard_store.records import ArrivedKind, ArrivedReport, Head
from hazard_store.records.documents import Report
from hazard_store.settings import Settings
from hazard_store.store import Store
from hazard_store.streamed import ArrivedChunk, Stream, wait_for
from hazard_store.streamed.inspection import check_curves
from hazard_store.streamed.stream_file import open_head
from hazard_store.workflow.arrived_content import curves_of, site_digests
from hazard_store.workflow.fence import fenced_writer, published_by_this_run
from hazard_store.workflow.progress import OnAdvance
from hazard_store.workflow.shape import check_parameters

_SHARE = re.compile(r"(\d+)/(\d+)", re.ASCII)


@dataclass(frozen=True)
class Share:
    """One writer's part of a stream: the chunks whose number modulo `writers` is `number`."""

    number: int
    writers: int

    def __str__(self) -> str:
        """Return it as `--share` takes it."""
        return f"{self.number}/{self.writers}"

    @classmethod
    def of(cls, text: str) -> Share:
        """Return the share that a text names.

        Raises:
            BadParameter: it names none.

        >>> Share.of("0/4")
        Share(number=0, writers=4)
        """
        found = _SHARE.fullmatch(text)
        if found is None or not int(found[1]) < int(found[2]):
            raise BadParameter("--share", f"{text!r} is not a share such as 0/4, ..., 3/4")
        return cls(int(found[1]), int(found[2]))


class ShareReport(Report):
    """What writers have done with a share of a stream, those before this one included."""

    calc_id: str
    share: str
    waits_for: int | None = None  # the next chunk; None: the stream has ended, the share is whole
    chunks: int = 0
    sites: int = 0
    acknowledged: int = 0
    wcu: float = 0
    retries: int = 0
    seconds: float = 0  # of this writer

    def with_chunk(self, report: ArrivedReport) -> ShareReport:
        """Return it with one more chunk."""
        kinds = report.kinds.values()
        return self.model_copy(
            update={
                "chunks": self.chunks + 1,
                "sites": self.sites + len(report.sids),
                "acknowledged": self.acknowledged + sum(kind.acknowledged for kind in kinds),
                "wcu": self.wcu + sum(kind.wcu for kind in kinds),
                "retries": self.retries + sum(kind.retries for kind in kinds),
            }
        )


def arrived_options(uri: str, settings: Settings, options: StoreOptions) -> StoreOptions:
    """Return the options, and those that a stream's manifest names where the caller did not.

    Raises:
        BadCalculation: the manifest names an option that does not exist, or an invalid value.
    """
    manifest = Stream(uri, settings).manifest
    named = manifest.options
    known = {each.name for each in fields(StoreOptions)}
    if unknown := sorted(named.keys() - known):
        raise BadCalculation(uri, f"its option {unknown[0]} is not known here")
    try:
        of_stream = StoreOptions(**named)
        check_parameters(manifest.calc_id, of_stream)
    except (TypeError, ValueError) as error:
        raise BadCalculation(uri, f"its options are invalid: {error}") from error
    unnamed = {name: getattr(of_stream, name) for name in known if getattr(options, name) is None}
    return replace(options, **unnamed)


def write_arrived(
    store: Store,
    uri: str,
    head: Head,
    share: Share,
    on_sites: OnAdvance = lambda _: None,
    patience_s: float = math.inf,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> ShareReport:
    """Write a share of a stream's chunks, both kinds, each as soon as it has arrived.

    Chunks that were written in this attempt are counted, and not written again.

    Args:
        store: where.
        uri: the manifest.
        head: the calculation, as the attempt that writes it owns it (`fence.writable`).
        share: which of the chunks.
        on_sites: told of sites whose items are stored.
        patience_s: for how long the next chunk is waited for; without it the report says which.
        sleep: waits some seconds for the next chunk.
        clock: seconds that only grow.

    Raises:
        StreamEnded: the stream failed, or gives no sign of life.
        BadCalculation: a curve has a value that it cannot have.
        TryAgain: the retry limit was reached, or the run was taken over or told to stop.
    """
    began = clock()
    stream = Stream(uri, store.settings, head.calculation.file.etag)
    file, contents = open_head(stream, store.settings)
    file.close()
    writer = _ShareWriter(store, head, contents, share)
    done = ShareReport.made(calc_id=head.calc_id, share=str(share))
    reports, silence_s = store.reports(head), store.settings.stream_silence_s
    reports.begin_arrived()
    for number in count(share.number, share.writers):
        report = reports.arrived(number)
        if report is None:
            waited = wait_for(stream, number, silence_s, sleep, clock, patience_s)
            if waited.chunk is None:
                waits_for = None if waited.ended else number
                done = done.model_copy(update={"waits_for": waits_for})
                break
            check_curves(contents, waited.chunk, head.calculation.layout)
            report = writer.write(waited.chunk)
            reports.put_arrived(report)
        on_sites(len(report.sids))
        done = done.with_chunk(report)
    return done.model_copy(update={"seconds": round(clock() - began, 3)})


def report_of_published(store: Store, uri: str, calc_id: str, share: Share) -> ShareReport | None:
    """Return what a run's own writers did with a share of a stream that is published since.

    Args:
        store: whose settings name the run and its attempt.
        uri: the manifest; the chunk files are removed by then.
        calc_id: the calculation.
        share: which of the chunks.

    Returns:
        The report; None where this run has not published, so that it may have to write.
    """
    head = published_by_this_run(store, calc_id)
    if head is None:
        return None
    done = ShareReport.made(calc_id=calc_id, share=str(share))
    chunks = Stream(uri, store.settings, head.calculation.file.etag).complete().chunks
    for report in store.reports(head).all_arrived(len(chunks)):
        if report.number % share.writers == share.number:
            done = done.with_chunk(report)
    return done


class _ShareWriter:
    """Writes chunks of one stream."""

    def __init__(self, store: Store, head: Head, contents: Contents, share: Share) -> None:
        self._store, self._head, self._contents = store, head, contents
        calculation, forecast = head.calculation, head.calculation.forecast
        parts, n_sites = store.parts(head.storage_id), calculation.n_sites
        self._places: Mapping[int, Place] = dict(parts.places(calculation.key_maker, 0, n_sites))
        budget = forecast.wcu_per_s_per_writer * forecast.writers / share.writers
        self._wcu_per_s = budget if forecast.limited else None

    def write(self, chunk: ArrivedChunk) -> ArrivedReport:
        """Write all items of a chunk; return what a finisher needs of it."""
        kinds = [kind for kind in Kind if self._head.calculation.spec(kind).rows]
        return ArrivedReport.made(
            attempt=self._head.attempt,
            number=chunk.number,
            sids=tuple(chunk.sids.tolist()),
            kinds={kind: self._write(kind, chunk) for kind in kinds},
        )

    def _write(self, kind: Kind, chunk: ArrivedChunk) -> ArrivedKind:
        began, digests = time.monotonic(), bytearray()
        writer = fenced_writer(self._store, self._head, kind, self._wcu_per_s)
        writer.write(self._writes(kind, chunk, digests))
        counts = writer.counts
        return ArrivedKind(
            sent=counts.sent,
            acknowledged=counts.acknowledged,
            wcu=counts.wcu,
            retries=counts.retries,
            seconds=round(time.monotonic() - began, 3),
            content=site_digests(self._curves(kind, chunk)).tobytes().hex(),
            digests=digests.hex(),
        )

    def _writes(
        self, kind: Kind, chunk: ArrivedChunk, digests: bytearray
    ) -> Iterator[WriteRequest]:
        maker = item_maker(self._head.calculation.spec(kind))
        for sid, of_site in zip(chunk.sids.tolist(), self._curves(kind, chunk), strict=True):
            for write in maker.writes(self._places[sid], of_site):
                digests += write.digest
                yield write

    def _curves(self, kind: Kind, chunk: ArrivedChunk) -> NDArray[np.float32]:
        return curves_of(chunk, kind, self._head.calculation.aggs)
