"""Curves -> items and back, in either layout."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from hazard_store.codec import NewerCodec
from hazard_store.items.packed import Packed
from hazard_store.items.readable import Readable
from hazard_store.items.spec import ItemError, ItemSpec, Place, StoredRows, WireItem
from hazard_store.keys import HASH_KEY, decode_loc
from hazard_store.model import Layout

_PLACE = {HASH_KEY, "lat", "lon", "vs30"}


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
        NewerCodec: a newer release wrote it.
    """
    place, row = _place_and_row(spec, item)
    if row not in spec.row_index:
        raise ItemError(f"{row} is none of its rows")
    first = spec.row_index[row]
    group = spec.group_of_row[first]
    if first != spec.groups[group].start:
        raise ItemError(f"no item of this calculation begins with {row}")
    found = read_curves(spec, [item], [group])[0]
    if isinstance(found, ItemError):
        raise found
    return StoredRows(place, first, found)


def read_place(spec: ItemSpec, item: WireItem) -> Place:
    """Return the site that an item carries.

    Raises:
        ItemError: it carries none.
    """
    return _place_and_row(spec, item)[0]


def read_curves(
    spec: ItemSpec,
    items: Sequence[WireItem],
    groups: Sequence[int],
    imts: Sequence[int] | None = None,
) -> list[NDArray[np.float32] | ItemError]:
    """Return the curves of several items, or of one that is broken why.

    Args:
        spec: the items' spec.
        items: as the client library gives them.
        groups: the number of each at its site.
        imts: ordinals of the IMTs that are wanted, m of them; None: all.

    Returns:
        float32 (K, m, L) of each.

    Raises:
        NewerCodec: a newer release wrote one.
    """
    maker = item_maker(spec)
    try:
        found = maker.read_all(items, groups, imts)
        wrong = [
            ItemError(f"{len(curves)} rows are not the {spec.sizes[group]} of its group")
            if len(curves) != spec.sizes[group]
            else _foreign(spec, item, maker)
            for item, group, curves in zip(items, groups, found, strict=True)
        ]
        return [error or curves for error, curves in zip(wrong, found, strict=True)]
    except NewerCodec:
        raise
    except (KeyError, TypeError, ValueError) as error:
        if len(items) == 1:
            said = f"not a {spec.layout} item: {error or type(error).__name__}"
            return [error if isinstance(error, ItemError) else ItemError(said)]
    each = zip(items, groups, strict=True)
    return [read_curves(spec, [item], [group], imts)[0] for item, group in each]


def _foreign(spec: ItemSpec, item: WireItem, maker: Packed | Readable) -> ItemError | None:
    known = _PLACE | maker.curve_attributes() | {spec.range_name}
    foreign = item.keys() - known
    return ItemError(f"foreign attributes: {', '.join(sorted(foreign))}") if foreign else None


def _place_and_row(spec: ItemSpec, item: WireItem) -> tuple[Place, str]:
    try:
        hash_key, range_key = item[HASH_KEY]["S"], item[spec.range_name]["S"]
        loc, _, row = range_key.removesuffix(spec.keys.suffix).rpartition(":")
        vs30 = float(item["vs30"]["N"]) if "vs30" in item else None
        lat, lon = float(item["lat"]["N"]), float(item["lon"]["N"])
    except (KeyError, TypeError, ValueError) as error:
        said = f"not a {spec.layout} item: {error or type(error).__name__}"
        raise ItemError(said) from error
    return Place(lat, lon, vs30, decode_loc(loc), hash_key), row
