"""Curves -> items and back, in either layout."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hazard_store.items.packed import Packed
from hazard_store.items.readable import Readable
from hazard_store.items.spec import Form, ItemError, Place, StoredRows, WireItem
from hazard_store.keys import HASH_KEY, decode_loc
from hazard_store.model import Layout


def item_maker(form: Form) -> Packed | Readable:
    """Return what makes and reads the items of a form."""
    return Packed(form) if form.layout is Layout.PACKED else Readable(form)


def make_items(form: Form, place: Place, curves: NDArray[np.float32]) -> list[WireItem]:
    """Return all items of one site, as the client library would give them back.

    Args:
        form: the items' form.
        place: the site.
        curves: float32 (K, M, L), all rows of the site in the order of the file.
    """
    return [put.item() for put in item_maker(form).puts(place, curves)]


def read_item(form: Form, item: WireItem) -> StoredRows:
    """Return what an item says.

    Raises:
        ItemError: an attribute is missing, foreign or not of its type, or the curves are broken.
    """
    maker = item_maker(form)
    try:
        hash_key, range_key = item[HASH_KEY]["S"], item[form.range_name]["S"]
        loc, _, row = range_key.removesuffix(form.keys.suffix).rpartition(":")
        vs30 = float(item["vs30"]["N"]) if "vs30" in item else None
        lat, lon = float(item["lat"]["N"]), float(item["lon"]["N"])
        place = Place(lat, lon, vs30, decode_loc(loc), hash_key)
        curves = maker.read(item, row)
        first = form.row_index[row]
    except (KeyError, TypeError, ValueError) as error:
        raise ItemError(f"not a {form.layout} item: {error or type(error).__name__}") from error
    foreign = set(item) - set(form.head(place, 0)) - maker.attributes()
    if foreign:
        raise ItemError(f"foreign attributes: {', '.join(sorted(foreign))}")
    if first % form.group or len(curves) != min(form.group, len(form.rows) - first):
        raise ItemError(f"{len(curves)} rows from {row} are not a group of this calculation")
    return StoredRows(place, first, curves)
