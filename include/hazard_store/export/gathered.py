"""Blocks of curves put together, so that a file is written by few large pieces."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from hazard_store.export.wanted import ExportBlock
from hazard_store.query.curves import SiteArrays


def gathered(blocks: Iterable[ExportBlock], n_bytes: int) -> Iterator[ExportBlock]:
    """Yield blocks of at least so many bytes of curves, the last one aside."""
    some: list[ExportBlock] = []
    for block in blocks:
        some.append(block)
        if sum(each.curves.nbytes for each in some) >= n_bytes:
            yield _joined(some)
            some = []
    if some:
        yield _joined(some)


def _joined(some: list[ExportBlock]) -> ExportBlock:
    if len(some) == 1:
        return some[0]
    return ExportBlock(
        np.concatenate([block.sids for block in some]),
        np.concatenate([block.places for block in some]),
        SiteArrays.joined([block.sites for block in some]),
        np.concatenate([block.curves for block in some]),
    )
