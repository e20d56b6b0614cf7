"""Decides which statistics of a calculation get map items, and how long their blocks are."""

from __future__ import annotations

from hazard_store import codec
from hazard_store.items.groups import MEAN
from hazard_store.items.maps import sites_per_block
from hazard_store.model import Layout
from hazard_store.records import StoredCalculation
from hazard_store.workflow.shape import map_statistics

# Sites of a chunk from which on the mean gets map items by itself, by measurement:
# docs/decisions/0012.
SITES_OF_A_CHUNK = 300


def with_maps(stored: StoredCalculation, named: str | None, longest_code: int) -> StoredCalculation:
    """Return a calculation, its chunks being known, with its map items.

    Args:
        stored: what is to be stored.
        named: the statistics, as the option names them; None: by the size of the chunks.
        longest_code: characters of the longest site code; 0 where the codes are not stored.

    Raises:
        BadParameter: a statistic is named that is not in the file, or is not to have map items.
    """
    if stored.layout is Layout.READABLE:
        return stored
    aggs = map_statistics(stored.aggs, _default(stored) if named is None else named)
    if not aggs:
        return stored
    n_imts, n_levels = stored.all_levels.shape
    at_most = sites_per_block(len(aggs), n_imts, n_levels, longest_code)
    return stored.model_copy(
        update={
            "map_statistics": aggs,
            "sites_per_block": at_most,
            "codec_version": codec.BLOCK_VERSION,
        }
    )


def _default(stored: StoredCalculation) -> str:
    """Return what maps are drawn of, where there are sites enough for one."""
    per_chunk = stored.n_sites / len(stored.chunks)
    return MEAN if MEAN in stored.aggs and per_chunk >= SITES_OF_A_CHUNK else "none"
