"""The digests of a streamed calculation's content, which are known when all of it has arrived."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import count

import numpy as np
from numpy.typing import NDArray

from hazard_store.calcfile.curves import DATASETS
from hazard_store.errors import TryAgain
from hazard_store.identity import DIGEST_BYTES, content_digests
from hazard_store.model import Calculation, ContentDigests, Inspection, Kind, Status
from hazard_store.records import Head
from hazard_store.store import Store
from hazard_store.streamed import ArrivedChunk, Stream, is_stream, wait_for
from hazard_store.streamed.stream_file import open_head


def curves_of(chunk: ArrivedChunk, kind: Kind, aggs: Sequence[str]) -> NDArray[np.float32]:
    """Return the curves of one kind in a chunk, float32 (n, K, M, L).

    Args:
        chunk: of a stream.
        kind: statistics or realisations.
        aggs: the calculation's statistics.
    """
    curves = chunk.curves.get(DATASETS[kind])
    if curves is not None:
        return curves
    return chunk.curves[DATASETS[Kind.STATS]][:, [aggs.index("mean")]]  # the only realisation


def site_digests(curves: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Return the digest of each site's curves, (n, 32), as `identity.SiteDigests` makes them."""
    digests = [hashlib.sha256(of_site.astype("<f4").tobytes()).digest() for of_site in curves]
    return np.frombuffer(b"".join(digests), np.uint8).reshape(-1, DIGEST_BYTES)


def arrived_content(store: Store, head: Head) -> ContentDigests | None:
    """Return the content of a calculation that was streamed; None where it was known before.

    Raises:
        TryAgain: a chunk of its stream is gone.
        StreamEnded: the stream did not end well.
    """
    stored = head.calculation
    if stored.content is not None or not is_stream(stored.file.uri):
        return None
    stream = Stream(stored.file.uri, store.settings, stored.file.etag)
    file, contents = open_head(stream, store.settings)
    file.close()
    content = _Content(contents.calculation, stored.realisations)
    reports = store.reports(head)
    for number in range(len(stream.complete().chunks)):
        report = reports.arrived(number)
        if report is not None:
            for kind, written in report.kinds.items():
                content.add(kind, report.sids, bytes.fromhex(written.content))
            continue
        chunk = stream.arrived(number)
        if chunk is None:
            raise TryAgain(head.calc_id, f"the chunk {number} of its stream is gone")
        content.add_chunk(chunk)
    return content.digests()


def known_if_published(
    store: Store,
    inspection: Inspection,
    calc_id: str,
    sleep: Callable[[float], None] = time.sleep,
) -> Inspection:
    """Return the inspection of a stream with its content, where something is published.

    Whether the same is published already can only be told when all has arrived, so nothing of such
    a stream is written before it has ended.

    Args:
        store: where.
        inspection: of the stream, or of a file, of which nothing changes.
        calc_id: the id to store it under.
        sleep: waits some seconds for the next chunk.

    Raises:
        StreamEnded: the stream failed.
    """
    uri = inspection.calculation.file.uri
    if inspection.content is not None or not is_stream(uri):
        return inspection
    head = _published(store, calc_id)
    if head is None:
        return inspection
    if head.calculation.sha256 == inspection.sha256:  # this stream, whose chunks may be gone
        return replace(inspection, content=head.calculation.content)
    content = _Content(inspection.calculation, inspection.calculation.has_realisations)
    stream = Stream(uri, store.settings)
    for chunk in _chunks(stream, store.settings.stream_silence_s, sleep):
        content.add_chunk(chunk)
    return replace(inspection, content=content.digests())


def content_decides(store: Store, calc_id: str, sha256: str) -> bool:
    """Tell whether a stream is inspected by its content, and so when it has ended.

    Args:
        store: where.
        calc_id: the id to store it under.
        sha256: of its manifest.
    """
    head = _published(store, calc_id)
    return head is not None and head.calculation.sha256 != sha256


def _published(store: Store, calc_id: str) -> Head | None:
    head = store.heads.current(calc_id)
    return head if head is not None and head.status is Status.PUBLISHED else None


def _chunks(
    stream: Stream, silence_s: float, sleep: Callable[[float], None]
) -> Iterator[ArrivedChunk]:
    for number in count():
        waited = wait_for(stream, number, silence_s, sleep, time.monotonic)
        if waited.chunk is None:
            return
        yield waited.chunk


class _Content:
    """Takes the digests of sites in any order."""

    def __init__(self, calculation: Calculation, realisations: bool) -> None:
        self._calculation = calculation
        n_sites = len(calculation.sites)
        kinds = [kind for kind in Kind if calculation.n_rows(kind)]
        if not realisations:
            kinds = [kind for kind in kinds if kind is Kind.STATS]
        self._digests = {kind: np.zeros((n_sites, DIGEST_BYTES), np.uint8) for kind in kinds}

    def add(self, kind: Kind, sids: Sequence[int], digests: bytes) -> None:
        of_sites = np.frombuffer(digests, np.uint8).reshape(-1, DIGEST_BYTES)
        self._digests[kind][np.array(sids, np.intp)] = of_sites

    def add_chunk(self, chunk: ArrivedChunk) -> None:
        for kind in self._digests:
            curves = curves_of(chunk, kind, self._calculation.aggs)
            self._digests[kind][chunk.sids] = site_digests(curves)

    def digests(self) -> ContentDigests:
        return content_digests(self._calculation, self._digests)
