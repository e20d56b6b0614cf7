"""The two layouts: `packed`, one binary attribute; `readable`, the predecessor's number lists."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from hazard_store import codec
from hazard_store.items.form import Form, Place, StoredRows, WireItem
from hazard_store.keys import HASH_KEY, decode_loc
from hazard_store.model import Kind, Layout

_ROW_NAME = {Kind.STATS: "agg", Kind.REALISATIONS: "rlz"}


class ItemError(ValueError):
    """An item is not of the form that its calculation says."""


def make_items(form: Form, place: Place, curves: NDArray[np.float32]) -> list[WireItem]:
    """Return all items of one site.

    Args:
        form: the items' form.
        place: the site.
        curves: float32 (K, M, L), all rows of the site in the order of the file.
    """
    items = []
    for number, rows in enumerate(form.groups):
        item = form.wire_key(*form.key(place, number))
        item["lat"], item["lon"] = _number(place.lat), _number(place.lon)
        if place.vs30 is not None:
            item["vs30"] = _number(place.vs30)
        if form.layout is Layout.PACKED:
            item["curves"] = {"B": codec.encode(curves[rows])}
        else:
            item[_ROW_NAME[form.kind]] = {"S": form.rows[rows.start]}
            item["values"] = {"L": _number_lists(form, curves[rows.start])}
        items.append(item)
    return items


def read_item(form: Form, item: WireItem) -> StoredRows:
    """Return what an item says.

    Raises:
        ItemError: an attribute is missing, foreign or not of its type, or the curves are broken.
    """
    try:
        hash_key, range_key = item[HASH_KEY]["S"], item[form.range_name]["S"]
        loc, _, row = range_key.removesuffix(form.keys.suffix).rpartition(":")
        vs30 = float(item["vs30"]["N"]) if "vs30" in item else None
        lat, lon = float(item["lat"]["N"]), float(item["lon"]["N"])
        place = Place(lat, lon, vs30, decode_loc(loc), hash_key)
        names = {HASH_KEY, form.range_name, "lat", "lon", *(("vs30",) if "vs30" in item else ())}
        if form.layout is Layout.PACKED:
            names.add("curves")
            curves = codec.decode(bytes(item["curves"]["B"]), len(form.imts), form.levels.shape[1])
        else:
            names |= {"values", _ROW_NAME[form.kind]}
            if item[_ROW_NAME[form.kind]] != {"S": row}:
                raise ItemError("its row is not the one in its key")
            curves = _from_number_lists(form, item["values"]["L"])
        first = form.row_index[row]
    except (KeyError, TypeError, ValueError) as error:
        raise ItemError(f"not a {form.layout} item: {error or type(error).__name__}") from error
    if names != set(item):
        raise ItemError(f"foreign attributes: {', '.join(sorted(set(item) - names))}")
    if first % form.group or len(curves) != min(form.group, len(form.rows) - first):
        raise ItemError(f"{len(curves)} rows from {row} are not a group of this calculation")
    return StoredRows(place, first, curves)


def _number(value: float) -> dict[str, str]:
    # DynamoDB keeps neither -0.0 nor anything below 1e-130; on Earth both are 0.
    return {"N": repr(float(value)) if abs(value) > 1e-100 else "0"}


def _number_lists(form: Form, row: NDArray[np.float32]) -> list[dict[str, Any]]:
    if np.signbit(row).any():
        raise ValueError("-0.0 and negative values cannot be stored in the readable layout")
    return [
        {
            "M": {
                "imt": {"S": imt},
                "lvls": {"L": [{"N": repr(level)} for level in levels]},
                "vals": {"L": [{"N": str(poe)} for poe in poes]},
            }
        }
        for imt, levels, poes in zip(form.imts, form.levels.tolist(), row, strict=True)
    ]


def _from_number_lists(form: Form, values: list[dict[str, Any]]) -> NDArray[np.float32]:
    imts = tuple(value["M"]["imt"]["S"] for value in values)
    if imts != form.imts:
        raise ItemError("its IMTs are not the calculation's")
    levels, poes = (
        np.array([[n["N"] for n in value["M"][name]["L"]] for value in values], dtype="f8")
        for name in ("lvls", "vals")
    )
    if not np.array_equal(levels, form.levels):
        raise ItemError("its levels are not the calculation's")
    if poes.shape != levels.shape:
        raise ItemError("it has not one value a level")
    return poes.astype(np.float32)[None]
