"""Curves -> items and back, in either layout."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hazard_store.codec import NewerCodec
from hazard_store.items.packed import Packed
from hazard_store.items.readable import Readable
from hazard_store.items.spec import ItemError, ItemSpec, Place, StoredRows, WireItem
from hazard_store.keys import HASH_KEY, decode_loc
from hazard_store.model import Layout


def item_maker(spec: ItemSpec) -> Packed | Readable:
    """Return what makes and reads the items of a spec."""
    return Packed(spec) if spec.layout is Layout.PACKED else Readable(spec)


def make_items(spec: ItemSpec, place: Place, curves: NDArray[np.float32]) -> list[WireItem]:
    """Return all items of one site, as the client library would give them back.

    Args:
        spec: the items' spec.
        place: the site.
        curves: float32 (K, M, L), all rows of the site in the order of the file.
    """
    return [write.item() for write in item_maker(spec).writes(place, curves)]


def read_item(spec: ItemSpec, item: WireItem) -> StoredRows:
    """Return what an item says.

    Raises:
        ItemError: an attribute is missing, foreign or not of its type, or the curves are broken.
    """
    maker = item_maker(spec)
    try:
        hash_key, range_key = item[HASH_KEY]["S"], item[spec.range_name]["S"]
        loc, _, row = range_key.removesuffix(spec.keys.suffix).rpartition(":")
        vs30 = float(item["vs30"]["N"]) if "vs30" in item else None
        lat, lon = float(item["lat"]["N"]), float(item["lon"]["N"])
        place = Place(lat, lon, vs30, decode_loc(loc), hash_key)
        curves = maker.read(item, row)
        first = spec.row_index[row]
    except NewerCodec:
        raise
    except (KeyError, TypeError, ValueError) as error:
        raise ItemError(f"not a {spec.layout} item: {error or type(error).__name__}") from error
    foreign = set(item) - set(spec.attributes(place, 0)) - maker.curve_attributes()
    if foreign:
        raise ItemError(f"foreign attributes: {', '.join(sorted(foreign))}")
    if slice(first, first + len(curves)) != spec.groups[spec.group_of_row[first]]:
        raise ItemError(f"{len(curves)} rows from {row} are not a group of this calculation")
    return StoredRows(place, first, curves)
