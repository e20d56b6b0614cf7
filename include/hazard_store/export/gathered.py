"""Blocks of curves put together, so that a file is written by few large pieces."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from hazard_store.export.wanted import ExportBlock
from hazard_store.query.curves import SiteArrays


class Gathered:
    """Some blocks one behind the other; their curves are put together as they are asked for."""

    def __init__(self, blocks: list[ExportBlock]) -> None:
        self._blocks = blocks

    @cached_property
    def sites(self) -> SiteArrays:
        """The sites, n."""
        return SiteArrays.joined([block.sites for block in self._blocks])

    @cached_property
    def places(self) -> NDArray[np.int64]:
        """The sites' numbers among all that are exported, by their sids, (n,)."""
        return np.concatenate([block.places for block in self._blocks])

    def of_imt(self, m: int) -> NDArray[np.float32]:
        """Return the curves of one measure, float32 (K, n, L)."""
        some = [block.curves[:, :, m].swapaxes(0, 1) for block in self._blocks]
        return np.concatenate(some, axis=1)


def gathered(blocks: Iterable[ExportBlock], n_bytes: int) -> Iterator[Gathered]:
    """Yield blocks of at least so many bytes of curves together, the last ones aside."""
    some: list[ExportBlock] = []
    for block in blocks:
        some.append(block)
        if sum(each.curves.nbytes for each in some) >= n_bytes:
            yield Gathered(some)
            some = []
    if some:
        yield Gathered(some)
