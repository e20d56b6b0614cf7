"""The audit of a chunk's map items, block by block, with the file or by their digests."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hazard_store.items import ItemError, MapSpec, WireItem, WriteRequest, item_digest
from hazard_store.keys import HASH_KEY, map_range_key
from hazard_store.model import Kind
from hazard_store.query.key_ranges import block_key_ranges
from hazard_store.records import Chunk, Head, KindCounts
from hazard_store.store import Store
from hazard_store.workflow.differences import Differences
from hazard_store.workflow.progress import OnAdvance


class MapAudit:
    """Compares the stored map items of a chunk with what they must be."""

    def __init__(
        self, store: Store, head: Head, chunk: Chunk, found: Differences, on_items: OnAdvance
    ) -> None:
        self._calculation, self._chunk, self._found = head.calculation, chunk, found
        self._maps, self._on_items = head.calculation.maps, on_items
        self._spec, self._table = self._calculation.spec(Kind.STATS), store.table(Kind.STATS)
        reports = store.reports(head)
        self._report = reports.report(Kind.STATS, chunk) if self._maps.aggs else None
        self.digests = reports.map_digests(chunk) if self._maps.aggs else None
        self.unwritten = bool(self._maps.aggs) and self.digests is None
        self._left: Iterator[bytes] = iter(self.digests or ())
        self._stored = 0

    def compare_by_digest(self) -> None:
        """Compare all blocks with the digests that were recorded."""
        for start, stop in self._maps.blocks(self._chunk.start, self._chunk.stop):
            self.compare(start, stop, None)

    def compare(self, start: int, stop: int, writes: Sequence[WriteRequest] | None) -> None:
        """Compare one block; blocks come in order.

        Args:
            start: position of its first site.
            stop: position behind its last.
            writes: its items as the file makes them; None: without the file.
        """
        n_sites = self._calculation.n_sites
        ranges = block_key_ranges(self._maps, start, stop, n_sites)
        for number, of_key in enumerate(self._found.read(self._spec, ranges)):
            left = dict(of_key.items)
            self._stored += len(left)
            range_key, hash_key = map_range_key(start), of_key.key_range.hash_key
            item, digest = left.pop(range_key, None), next(self._left, None)
            write = None if writes is None else writes[number]
            if item is None:
                self._found.add(self._table, hash_key, range_key, "missing")
            elif not (
                digest == item_digest(item)
                if write is None
                else equals(self._maps, item, write, stop - start)
            ):
                self._found.add_altered(self._table, hash_key, range_key, item)
            for extra in left.values():
                key = extra[self._spec.range_name]["S"]
                self._found.add(self._table, extra[HASH_KEY]["S"], key, "extra")
            self._on_items(1)

    def counts(self) -> KindCounts:
        """Return how many items there are to be, were written, and are stored."""
        maps, chunk, written = self._maps, self._chunk, self._report
        return KindCounts(
            rows=len(chunk) * len(maps.aggs) * len(maps.imts),
            expected=maps.n_items(chunk.start, chunk.stop),
            acknowledged=written.maps.acknowledged if written else 0,
            found=written.maps.found if written else 0,
            stored=self._stored,
        )


def equals(maps: MapSpec, item: WireItem, write: WriteRequest, n_sites: int) -> bool:
    """Tell whether a stored map item says what the file does, bit for bit."""
    expected = write.item()
    if item == expected:
        return True
    try:
        if write.hash_key == maps.sites_key:
            return maps.read_sites(item).equals(maps.read_sites(expected))
        found, wanted = (maps.read_curves(each, n_sites) for each in (item, expected))
    except ItemError:
        return False
    return found.tobytes() == wanted.tobytes()
