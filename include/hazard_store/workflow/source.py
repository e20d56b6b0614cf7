"""Makes a chunk's puts from the file: a block of sites at a time, in an order that spreads."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice

from hazard_store.calcfile import CalcFile
from hazard_store.items import Form, Put, item_digest, item_maker
from hazard_store.query.key_ranges import Run, SidPlace, read_runs
from hazard_store.store import Store
from hazard_store.workflow.plan import sids_of

BLOCK_BYTES = 4_000_000  # of curves read and held at once

Progress = Callable[[int], None]  # told how many more items are right in the table


class Source:
    """The puts of one chunk; counts what is right in the table already.

    Attributes:
        found: items that are stored and right, and were left alone.
        digests: of all items so far, sites in key order and rows in theirs.
    """

    def __init__(self, store: Store, form: Form, runs: Iterable[Run], on_items: Progress) -> None:
        self._store, self._form, self._runs, self._on_items = store, form, runs, on_items
        self._maker = item_maker(form)
        self.found = 0
        self.digests = bytearray()

    def puts(self, calc_file: CalcFile, again: bool) -> Iterator[Put]:
        """Yield what is to be written.

        Args:
            calc_file: the open file.
            again: whether the chunk was begun before, so that some of it may be stored.
        """
        if again:
            for stored in read_runs(self._store, self._form, self._runs):
                for put in self._block(calc_file, stored.run.sites):
                    there = stored.items.get(put.range_key)
                    if there is not None and item_digest(there) == put.digest:
                        self.found += 1
                    else:
                        yield put
                    self._on_items(1)
        else:
            for block in self._blocks():
                for put in self._block(calc_file, block):
                    yield put
                    self._on_items(1)

    def _blocks(self) -> Iterator[list[SidPlace]]:
        site_bytes = 4 * len(self._form.rows) * self._form.levels.size
        size = max(1, BLOCK_BYTES // site_bytes)
        sites = (site for run in self._runs for site in run.sites)
        while block := list(islice(sites, size)):
            yield block

    def _block(self, calc_file: CalcFile, sites: Sequence[SidPlace]) -> Iterator[Put]:
        """Yield the puts of some sites: the first of each, the second of each ...

        Neighbours share a hash key, and so a partition: taking turns puts as many keys as there
        are sites into the requests that are under way together.
        """
        curves = calc_file.curves(self._form.kind, sids_of(sites))
        by_site = [
            list(self._maker.puts(place, of_site))
            for (_, place), of_site in zip(sites, curves, strict=True)
        ]
        for puts in by_site:
            for put in puts:
                self.digests += put.digest
        for turn in zip(*by_site, strict=True):
            yield from turn
