"""Writes one chunk of one kind, and leaves a report of it with the calculation."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby, islice

from hazard_store.calcfile import CalcFile
from hazard_store.items import WireItem, WriteRequest, item_digest, item_maker
from hazard_store.model import Kind
from hazard_store.query.key_ranges import (
    KeyRange,
    SidPlace,
    block_key_ranges,
    chunk_key_ranges,
    read_key_ranges,
    sids_of,
)
from hazard_store.records import Chunk, Head, WriteReport
from hazard_store.records.documents import WrittenMaps
from hazard_store.store import Store
from hazard_store.streamed import Stream, is_stream
from hazard_store.workflow.arrived import ArrivedSites
from hazard_store.workflow.fence import fenced_writer, published_by_this_run
from hazard_store.workflow.map_blocks import Block, MapBlocks
from hazard_store.workflow.open_same import open_same
from hazard_store.workflow.progress import OnAdvance

BLOCK_BYTES = 4_000_000  # of curves read and held at once


def report_of_published(
    store: Store, calc_id: str, kind: Kind, sites: tuple[int, int]
) -> WriteReport | None:
    """Return what a run's own writer left for a chunk that is published since.

    Args:
        store: whose settings name the run and its attempt.
        calc_id: the calculation.
        kind: statistics or realisations.
        sites: of the chunk.

    Returns:
        The report; None where this run has not published, so that it may have to write.
    """
    head = published_by_this_run(store, calc_id)
    if head is None:
        return None
    return store.reports(head).report(kind, head.calculation.chunk(*sites))


def write_chunk(
    store: Store,
    uri: str,
    head: Head,
    kind: Kind,
    chunk: Chunk,
    on_items: OnAdvance = lambda _: None,
    parent: str | None = None,
) -> WriteReport:
    """Write the items of one chunk; what is right already is left alone.

    Args:
        store: where.
        uri: the calculation file.
        head: the calculation, as the attempt that writes it owns it (`fence.writable`).
        kind: statistics or realisations.
        chunk: one of the plan.
        on_items: told of items that are right in the table.
        parent: the file of the calculation that it continues, to be held against the recorded one.

    Raises:
        TryAgain: the retry limit was reached, or the run was taken over or told to stop.
        Refused: the file is another one.
    """
    began, cpu = time.monotonic(), time.process_time()
    spec, reports = head.calculation.spec(kind), store.reports(head)
    again = reports.begin(kind, chunk)
    arrived, streamed = None, head.calculation.file
    if is_stream(streamed.uri) and not again:  # whoever comes again believes the tables alone
        chunks = Stream(streamed.uri, store.settings, streamed.etag).complete().chunks
        arrived = ArrivedSites.of(reports.all_arrived(len(chunks)), kind)
    writer = fenced_writer(store, head, kind, head.calculation.forecast.wcu_per_s_of_a_writer)
    puts = ChunkPuts(store, head, kind, chunk, on_items, arrived)
    complete = False
    try:
        with open_same(store, uri, head, chunk, parent) as calc_file:
            writer.write(puts.writes(calc_file, again))
            complete = True
    finally:
        report = WriteReport.made(
            calc_id=head.calc_id,
            kind=kind,
            start=chunk.start,
            stop=chunk.stop,
            attempt=head.attempt,
            complete=complete,
            expected=len(chunk) * len(spec.groups),
            sent=writer.counts.sent,
            acknowledged=writer.counts.acknowledged + puts.arrived.acknowledged,
            found=puts.found,
            wcu=writer.counts.wcu + puts.arrived.wcu,
            retries=writer.counts.retries + writer.map_counts.retries,
            seconds=round(time.monotonic() - began, 3),
            cpu_seconds=round(time.process_time() - cpu, 3),
            digests=hashlib.sha256(puts.digests).hexdigest() if complete else "",
            maps=WrittenMaps(
                expected=puts.n_maps,
                sent=writer.map_counts.sent,
                acknowledged=writer.map_counts.acknowledged,
                found=puts.maps_found,
                wcu=writer.map_counts.wcu,
                digests=hashlib.sha256(puts.map_digests).hexdigest() if complete else "",
            ),
        )
        if complete:
            reports.put(report, chunk, bytes(puts.digests), bytes(puts.map_digests))
        else:
            reports.put_unfinished(report, chunk)
    return report


class ChunkPuts:
    """The puts of one chunk, made from the file; counts what is right in the table already.

    Attributes:
        n_maps: how many map items go with them; the statistics have some.
        found: items that are stored and right, and were left alone.
        maps_found: map items, likewise.
        digests: of all items so far, sites in key order and rows in theirs.
        map_digests: of all map items, blocks in order.
        arrived: sites whose items the writers of a stream have stored; others may be stored too.
    """

    def __init__(
        self,
        store: Store,
        head: Head,
        kind: Kind,
        chunk: Chunk,
        on_items: OnAdvance,
        arrived: ArrivedSites | None = None,
    ) -> None:
        calculation = head.calculation
        self._store, self._on_items, self._n_sites = store, on_items, calculation.n_sites
        self._spec = calculation.spec(kind)
        self._ranges = chunk_key_ranges(store, head, self._spec, chunk)
        self._maker = item_maker(self._spec)
        self._of_maps = calculation.maps
        self._blocks = None
        self.n_maps = 0
        if kind is Kind.STATS:
            self._blocks = MapBlocks(self._of_maps, chunk.start, chunk.stop)
            self.n_maps = self._of_maps.n_items(chunk.start, chunk.stop)
        self.found = self.maps_found = 0
        self.digests, self.map_digests = bytearray(), bytearray()
        self.arrived, self._is_streamed = arrived or ArrivedSites(), arrived is not None

    def writes(self, calc_file: CalcFile, again: bool) -> Iterator[WriteRequest]:
        """Yield what is to be written.

        Args:
            calc_file: the open file.
            again: whether the chunk was begun before, so that some of it may be stored.
        """
        if not self._spec.rows:  # asked for by hand: the calculation is stored without this kind
            return
        if again:
            yield from self._of_stored(calc_file, self._ranges)
        elif self._is_streamed:
            known = ((self.arrived.take(each.sites), each) for each in self._ranges)
            for is_known, group in groupby(known, key=lambda pair: pair[0] is not None):
                if is_known:
                    for digests, key_range in group:
                        yield from self._of_arrived(calc_file, key_range, digests or ())
                else:
                    yield from self._of_stored(calc_file, (key_range for _, key_range in group))
        else:
            for sites in self._runs_of_sites():
                for write in self._of_sites(calc_file, sites, again):
                    yield write
                    self._on_items(1)

    def _is_right(self, write: WriteRequest, stored: Mapping[str, WireItem]) -> bool:
        there = stored.get(write.range_key)
        right = there is not None and item_digest(there) == write.digest
        self.found += right
        return right

    def _of_stored(self, calc_file: CalcFile, ranges: Iterable[KeyRange]) -> Iterator[WriteRequest]:
        """Yield what of some key ranges is not stored as it must be."""
        for stored in read_key_ranges(self._store, self._spec, ranges):
            for write in self._of_sites(calc_file, stored.key_range.sites, again=True):
                if write.is_map or not self._is_right(write, stored.items):
                    yield write
                self._on_items(1)

    def _of_arrived(
        self, calc_file: CalcFile, key_range: KeyRange, digests: Iterable[bytes]
    ) -> Iterator[WriteRequest]:
        """Yield the map items of sites whose own items are stored."""
        for each in digests:
            self.digests += each
        if self._blocks is not None and self._of_maps.aggs:
            curves = calc_file.curves(self._spec.kind, sids_of(key_range.sites))
            for block in self._blocks.add(key_range.sites, curves):
                yield from self._of_block(block, again=False)
        self._on_items(len(key_range.sites) * len(self._spec.groups))

    def _of_block(self, block: Block, again: bool) -> Iterator[WriteRequest]:
        for write in block.writes:
            self.map_digests += write.digest
        yield from self._missing(block) if again else block.writes

    def _runs_of_sites(self) -> Iterator[list[SidPlace]]:
        size = max(1, BLOCK_BYTES // self._spec.site_bytes)
        sites = (site for key_range in self._ranges for site in key_range.sites)
        while run := list(islice(sites, size)):
            yield run

    def _of_sites(
        self, calc_file: CalcFile, sites: Sequence[SidPlace], again: bool
    ) -> Iterator[WriteRequest]:
        """Yield the puts of some sites: the first of each, the second of each ...; then of maps.

        Neighbours share a hash key, and so a partition: taking turns puts as many keys as there
        are sites into the requests that are under way together.
        """
        curves = calc_file.curves(self._spec.kind, sids_of(sites))
        by_site = [
            list(self._maker.writes(place, of_site))
            for (_, place), of_site in zip(sites, curves, strict=True)
        ]
        for writes in by_site:
            for write in writes:
                self.digests += write.digest
        for turn in zip(*by_site, strict=True):
            yield from turn
        for block in self._blocks.add(sites, curves) if self._blocks else ():
            yield from self._of_block(block, again)

    def _missing(self, block: Block) -> Iterator[WriteRequest]:
        """Yield the map items of a block that are not stored as they must be."""
        ranges = block_key_ranges(self._of_maps, block.start, block.stop, self._n_sites)
        stored = read_key_ranges(self._store, self._spec, ranges)
        for write, of_key in zip(block.writes, stored, strict=True):
            there = of_key.items.get(write.range_key)
            if there is not None and item_digest(there) == write.digest:
                self.maps_found += 1
                self._on_items(1)
            else:
                yield write
