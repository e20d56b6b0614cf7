"""Site chunks: runs of sites in key order, so that each owns its keys."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

MIN_HASH_KEYS = 10  # a writer on fewer keys would sit on one partition


def chunk_borders(hash_keys: Sequence[str], sites_per_chunk: int) -> tuple[int, ...]:
    """Return the borders of the chunks.

    Args:
        hash_keys: N hash keys in key order.
        sites_per_chunk: what a chunk should have at least; cuts fall on borders of hash keys where
            there are several, and no chunk has fewer than ten of them where they exist.

    Returns:
        positions, from 0 to N; chunk i is the sites at `borders[i]` up to `borders[i + 1]`.
    """
    n = len(hash_keys)
    runs = [len(list(run)) for _, run in groupby(hash_keys)]
    if len(runs) == 1:
        return (*range(0, n, sites_per_chunk), n)
    borders, keys, position = [0], 0, 0
    for run in runs:
        if keys >= MIN_HASH_KEYS and position - borders[-1] >= sites_per_chunk:
            borders.append(position)
            keys = 0
        position += run
        keys += 1
    if keys < MIN_HASH_KEYS and len(borders) > 1:
        borders.pop()
    return (*borders, n)
