"""Map items: the curves of one statistic and one IMT at consecutive sites, so that a map is a few.

Hash key `{storage_id}:map:{agg}:{imt}`, range key the position of the block's first site in the
plan's order. Beside them, once a block, `{storage_id}:map:sites` says which sites these are.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, pairwise
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from pybase64 import b64encode

from hazard_store import codec
from hazard_store.items.digest import item_digest
from hazard_store.items.groups import even
from hazard_store.items.spec import ItemError, WireItem
from hazard_store.items.write_request import WriteRequest, put_request_body, serialize
from hazard_store.keys import HASH_KEY, RANGE_KEYS, CodeRule, map_hash_key, map_range_key
from hazard_store.model import Kind

T = TypeVar("T")

MAX_RAW_BYTES = 380_000  # of an item, its numbers not packed
WRITER_BYTES = 32_000_000  # of curves that wait for the end of their block
MAX_SITES = 2000  # larger blocks read no cheaper: docs/decisions/0012
_COORDINATES = {"sids": "<u4", "lats": "<f8", "lons": "<f8", "vs30s": "<f8"}
_SITE_BYTES = 4 + 8 + 8 + 8
RANGE_NAME = RANGE_KEYS[Kind.STATS]


@dataclass(frozen=True, eq=False)
class BlockSites:
    """The sites of a block, in the plan's order."""

    sids: NDArray[np.uint32]  # (n,) rows in the file
    lats: NDArray[np.float64]  # (n,) decimal degrees
    lons: NDArray[np.float64]
    vs30s: NDArray[np.float64] | None  # (n,) m/s, NaN where a site has none
    ids: tuple[str, ...] | None  # n site codes that do not follow from the coordinates

    def equals(self, other: BlockSites) -> bool:
        """Tell whether all is the same, bit for bit."""
        mine, theirs = self._columns(), other._columns()
        return self.ids == other.ids and mine == theirs

    def locs(self, rule: CodeRule | None) -> Sequence[str]:
        """Return the site codes, which follow a rule where they are not ids."""
        if rule is None:
            return self.ids or ()
        vs30s: list[float | None] = [None] * len(self.lats)
        if self.vs30s is not None:
            vs30s = [v if math.isfinite(v) else None for v in self.vs30s.tolist()]
        return list(map(rule.code, self.lats.tolist(), self.lons.tolist(), vs30s))

    def _columns(self) -> list[bytes | None]:
        columns = (getattr(self, name) for name in _COORDINATES)
        return [None if column is None else column.tobytes() for column in columns]


@dataclass(frozen=True)
class MapSpec:
    """What all map items of one stored calculation look like."""

    storage_id: str
    aggs: tuple[str, ...]  # the statistics that have map items; none: there are no map items
    rows: tuple[int, ...]  # their ordinals among the calculation's statistics
    imts: tuple[str, ...]
    n_levels: int
    sites_per_block: int  # at most
    rule: CodeRule | None  # of the site codes; None: they are custom ids, and stand in the items

    @cached_property
    def curve_keys(self) -> tuple[tuple[str, int, int], ...]:
        """(hash key, place of the statistic in `aggs`, ordinal of the IMT) of each map."""
        return tuple(
            (map_hash_key(self.storage_id, agg, imt), a, m)
            for a, agg in enumerate(self.aggs)
            for m, imt in enumerate(self.imts)
        )

    @property
    def sites_key(self) -> str:
        """The hash key under which the sites of the blocks stand."""
        return map_hash_key(self.storage_id)

    @cached_property
    def hash_keys(self) -> tuple[str, ...]:
        """All hash keys, in the order of a block's items: the sites first."""
        if not self.aggs:
            return ()
        return (self.sites_key, *(key for key, _, _ in self.curve_keys))

    def blocks(self, start: int, stop: int) -> list[tuple[int, int]]:
        """Return the borders of the blocks of a chunk, positions in the plan's order."""
        if not self.aggs:
            return []
        sizes = even(stop - start, self.sites_per_block)
        return list(pairwise(accumulate(sizes, initial=start)))

    def n_items(self, start: int, stop: int) -> int:
        """Return how many map items a chunk has."""
        return len(self.blocks(start, stop)) * len(self.hash_keys)

    def writes(
        self, start: int, sites: BlockSites, curves: NDArray[np.float32]
    ) -> Iterator[WriteRequest]:
        """Yield the items of a block.

        Args:
            start: position of its first site.
            sites: n of them.
            curves: float32 (A, M, n, L) of the statistics that have map items.
        """
        yield self._put(self.sites_key, start, self._of_sites(sites))
        for hash_key, a, m in self.curve_keys:
            yield self._put(hash_key, start, {"curves": codec.encode_block(curves[a, m])})

    def read_curves(self, item: WireItem, n_sites: int) -> NDArray[np.float32]:
        """Return the curves of an item, float32 (n, L).

        Raises:
            ItemError: an attribute is missing, foreign or not of its type, or not whole.
            NewerCodec: a newer release wrote it.
        """
        curves = self._read(
            item, {"curves"}, lambda: codec.decode_block(bytes(item["curves"]["B"]), self.n_levels)
        )
        if len(curves) != n_sites:
            raise ItemError(f"it has curves of {len(curves)} sites, not of {n_sites}")
        return curves

    def read_sites(self, item: WireItem) -> BlockSites:
        """Return the sites of a block.

        Raises:
            ItemError, NewerCodec: as `read_curves`.
        """
        return self._read(item, {*_COORDINATES, "locs"}, lambda: self._sites_in(item))

    def _read(self, item: WireItem, known: set[str], read: Callable[[], T]) -> T:
        foreign = set(item) - known - {HASH_KEY, RANGE_NAME}
        if foreign:
            raise ItemError(f"foreign attributes: {', '.join(sorted(foreign))}")
        try:
            return read()
        except codec.NewerCodec:
            raise
        except (KeyError, TypeError, ValueError) as error:
            raise ItemError(f"not a map item: {error or type(error).__name__}") from error

    def _sites_in(self, item: WireItem) -> BlockSites:
        columns: dict[str, Any] = {
            name: codec.decode_column(bytes(item[name]["B"]), dtype)
            for name, dtype in _COORDINATES.items()
            if name in item or name != "vs30s"
        }
        columns.setdefault("vs30s", None)
        ids = None
        if self.rule is None:
            ids = tuple(bytes(item["locs"]["B"]).decode("ascii").split("\n"))
        elif "locs" in item:
            raise ItemError("its site codes stand in it, and follow from the coordinates")
        if len({len(c) for c in (*columns.values(), ids) if c is not None}) != 1:
            raise ItemError("its columns have not one value a site")
        return BlockSites(**columns, ids=ids)

    def _of_sites(self, sites: BlockSites) -> dict[str, bytes]:
        columns = {name: getattr(sites, name) for name in _COORDINATES}
        packed = {
            name: codec.encode_column(column)
            for name, column in columns.items()
            if column is not None
        }
        if sites.ids is not None:
            packed["locs"] = "\n".join(sites.ids).encode("ascii")
        return packed

    def _put(self, hash_key: str, start: int, binaries: dict[str, bytes]) -> WriteRequest:
        item: WireItem = self.wire_key(hash_key, start)
        item |= {name: {"B": content} for name, content in binaries.items()}
        serialized = {
            name: b'{"B":"%s"}' % b64encode(value["B"]) if "B" in value else serialize(value)
            for name, value in item.items()
        }
        body = put_request_body(serialized)
        return WriteRequest(hash_key, map_range_key(start), item_digest(item), body, is_map=True)

    def wire_key(self, hash_key: str, start: int) -> WireItem:
        """Return the key of a block's item as the DynamoDB API spells it."""
        return {HASH_KEY: {"S": hash_key}, RANGE_NAME: {"S": map_range_key(start)}}


def sites_per_block(n_aggs: int, n_imts: int, n_levels: int, longest_code: int) -> int:
    """Return how many sites a block has at most.

    Args:
        n_aggs: statistics that have map items.
        n_imts: M.
        n_levels: L.
        longest_code: characters of the longest site code; 0 where the codes are not stored.
    """
    of_item = MAX_RAW_BYTES // max(4 * n_levels, _SITE_BYTES + longest_code + 1)
    of_writer = WRITER_BYTES // (4 * n_aggs * n_imts * n_levels)
    return max(1, min(MAX_SITES, of_item, of_writer))
