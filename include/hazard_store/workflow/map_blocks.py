"""Collects the curves of map items while the sites of a chunk go by, until a block is whole."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hazard_store.items import BlockSites, MapSpec, WriteRequest
from hazard_store.query.key_ranges import SidPlace


@dataclass(frozen=True)
class Block:
    """Consecutive sites of a chunk, and the map items that are to hold them."""

    start: int  # position of the first site in the plan's order
    stop: int
    writes: tuple[WriteRequest, ...]  # in the order of `MapSpec.hash_keys`


class MapBlocks:
    """Takes the curves of a chunk's sites in the plan's order; gives its blocks."""

    def __init__(self, maps: MapSpec, start: int, stop: int) -> None:
        self._maps = maps
        self._borders = iter(maps.blocks(start, stop))
        self._sites: list[SidPlace] = []
        self._begin()

    def _begin(self) -> None:
        self._start, self._stop = next(self._borders, (0, 0))
        shape = (len(self._maps.aggs), len(self._maps.imts))
        n_sites = self._stop - self._start
        self._curves = np.empty((*shape, n_sites, self._maps.n_levels), np.float32)
        self._sites = []

    def add(self, sites: Sequence[SidPlace], curves: NDArray[np.float32]) -> Iterator[Block]:
        """Take some sites; yield the blocks that are whole now.

        Args:
            sites: n that follow those before.
            curves: float32 (n, S, M, L), all statistics.
        """
        first = 0
        while first < len(sites) and self._maps.aggs:
            have = len(self._sites)
            last = min(len(sites), first + self._stop - self._start - have)
            of_maps = curves[first:last, list(self._maps.rows)]
            self._curves[:, :, have : have + last - first] = of_maps.transpose(1, 2, 0, 3)
            self._sites.extend(sites[first:last])
            first = last
            if len(self._sites) == self._stop - self._start:
                yield self._block()
                self._begin()

    def _block(self) -> Block:
        sites = block_sites(self._sites, with_ids=self._maps.rule is None)
        writes = tuple(self._maps.writes(self._start, sites, self._curves))
        self._curves = np.empty((0, 0, 0, 0), np.float32)  # not held while the items are sent
        return Block(self._start, self._stop, writes)


def block_sites(sites: Sequence[SidPlace], *, with_ids: bool) -> BlockSites:
    """Return the sites of a block as its items carry them, with their codes if these are ids."""
    places = [place for _, place in sites]
    vs30s = [place.vs30 for place in places]
    return BlockSites(
        sids=np.array([sid for sid, _ in sites], np.uint32),
        lats=np.array([place.lat for place in places]),
        lons=np.array([place.lon for place in places]),
        vs30s=None if all(v is None for v in vs30s) else np.array(vs30s, np.float64),
        ids=tuple(place.loc for place in places) if with_ids else None,
    )
