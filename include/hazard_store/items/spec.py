"""The spec of items: how the curves of one kind of a calculation are divided into them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hazard_store import codec
from hazard_store.keys import HASH_KEY, RANGE_KEYS, KeyMaker, rlz_code
from hazard_store.model import Kind, Layout

WireItem = dict[str, dict[str, Any]]  # an item as the DynamoDB API spells it: {"name": {"S": ...}}

MAX_ITEM_BYTES = 400 * 1024  # DynamoDB's limit for names and values together
_ATTRIBUTES_BYTES = 2048  # keys (the range key at its longest), names, coordinates, vs30
_NUMBER_BYTES = 8  # of a float32 in at most nine digits, and its list entry
_LEVEL_BYTES = 13  # of a float64 in at most seventeen


class ItemError(ValueError):
    """An item does not match the spec of its calculation."""


@dataclass(frozen=True)
class Place:
    """A site as its items carry it."""

    lat: float  # decimal degrees, as in the file
    lon: float
    vs30: float | None  # m/s
    loc: str  # site code
    hash_key: str


@dataclass(frozen=True)
class StoredRows:
    """What one item says: the curves of some consecutive rows of one site."""

    place: Place
    first: int  # ordinal of the first row
    curves: NDArray[np.float32]  # (K, M, L)


@dataclass(frozen=True)
class ItemSpec:
    """What all items of one kind of one stored calculation look like."""

    kind: Kind
    layout: Layout
    keys: KeyMaker
    rows: tuple[str, ...]  # the row codes: statistics, or realisations "00000" ...
    sizes: tuple[int, ...]  # rows of each item of a site, K in all
    imts: tuple[str, ...]
    levels: NDArray[np.float64]  # (M, L)

    @cached_property
    def groups(self) -> tuple[slice, ...]:
        """The rows of each item of a site."""
        return tuple(slice(a, b) for a, b in pairwise((0, *accumulate(self.sizes))))

    @cached_property
    def group_of_row(self) -> tuple[int, ...]:
        """The number of the item that holds each row."""
        return tuple(g for g, size in enumerate(self.sizes) for _ in range(size))

    @cached_property
    def row_index(self) -> dict[str, int]:
        """Ordinal of each row code."""
        return {code: index for index, code in enumerate(self.rows)}

    @property
    def site_bytes(self) -> int:
        """Bytes of the curves of a site, not packed; of one row where it has none."""
        return 4 * max(1, len(self.rows)) * self.levels.size

    @property
    def range_name(self) -> str:
        """Name of the range key attribute."""
        return RANGE_KEYS[self.kind]

    def key(self, place: Place, group: int) -> tuple[str, str]:
        """Return (hash key, range key) of a site's item number `group`."""
        row = self.rows[self.groups[group].start]
        return place.hash_key, self.keys.range_key(place.loc, row)

    def range_keys(self, place: Place) -> list[str]:
        """Return the range keys of all items of a site, in the order of their rows."""
        return [self.key(place, g)[1] for g in range(len(self.groups))]

    def attributes(self, place: Place, group: int) -> WireItem:
        """Return the attributes of an item that are not its curves."""
        item = self.wire_key(*self.key(place, group))
        item["lat"], item["lon"] = _number(place.lat), _number(place.lon)
        if place.vs30 is not None:
            item["vs30"] = _number(place.vs30)
        return item

    def wire_key(self, hash_key: str, range_key: str) -> WireItem:
        """Return a key as the DynamoDB API spells it."""
        return {HASH_KEY: {"S": hash_key}, self.range_name: {"S": range_key}}


def _number(value: float) -> dict[str, str]:
    # DynamoDB keeps neither -0.0 nor anything below 1e-130; on Earth both are 0.
    return {"N": repr(float(value)) if abs(value) > 1e-100 else "0"}


def rlz_rows(n_realisations: int) -> tuple[str, ...]:
    """Return the row codes of realisations."""
    return tuple(rlz_code(i) for i in range(n_realisations))


def largest_group(layout: Layout, n_imts: int, n_levels: int) -> int:
    """Return how many rows fit an item, whatever their values; 0 where one row does not fit."""
    room = MAX_ITEM_BYTES - _ATTRIBUTES_BYTES
    if layout is Layout.READABLE:
        row_bytes = n_imts * (n_levels * (_NUMBER_BYTES + _LEVEL_BYTES) + 64)
        return 1 if row_bytes <= room else 0
    return (room - codec.max_encoded_bytes(0)) // (4 * n_imts * n_levels)
