"""The readable layout: an item a row, its curves as the predecessor's number lists.

A row is over two thousand numbers; spelling and digesting them is done for whole arrays.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property

import numpy as np
import orjson
from numpy.typing import NDArray

from hazard_store.items.digest import (
    canonical_list,
    canonical_map,
    canonical_numbers,
    canonical_value,
    digest_of,
)
from hazard_store.items.spec import ItemError, ItemSpec, Place, WireItem
from hazard_store.items.write_request import WriteRequest, put_request_body, serialize
from hazard_store.model import Kind

_ROW_NAME = {Kind.STATS: "agg", Kind.REALISATIONS: "rlz"}


class Readable:
    """Makes and reads the readable items of one spec."""

    def __init__(self, spec: ItemSpec) -> None:
        self._spec = spec

    @cached_property
    def _serialized_imts(self) -> list[bytes]:  # for writing only: reading makes a reader per item
        return [
            b'{"M":{"imt":%s,"lvls":%s,"vals":'
            % (serialize({"S": imt}), _serialize_numbers(levels))
            for imt, levels in zip(self._spec.imts, self._spec.levels, strict=True)
        ]

    @cached_property
    def _canonical_imts(self) -> list[bytes]:  # each but for its `vals`, which come last
        return [
            canonical_map(
                {"imt": canonical_value({"S": imt}), "lvls": canonical_numbers(levels), "vals": b""}
            )
            for imt, levels in zip(self._spec.imts, self._spec.levels, strict=True)
        ]

    def writes(self, place: Place, curves: NDArray[np.float32]) -> Iterator[WriteRequest]:
        """Yield the items of a site; `curves` is float32 (K, M, L), all its rows."""
        if (np.signbit(curves) & (curves == 0)).any():
            raise ValueError("-0.0 cannot be stored in the readable layout")
        for number, row in enumerate(curves):
            hash_key, range_key = self._spec.key(place, number)
            attributes = self._spec.attributes(place, number)
            attributes[_ROW_NAME[self._spec.kind]] = {"S": self._spec.rows[number]}
            canonical = {name: canonical_value(value) for name, value in attributes.items()}
            serialized = {name: serialize(value) for name, value in attributes.items()}
            text = orjson.dumps(np.ascontiguousarray(row), option=orjson.OPT_SERIALIZE_NUMPY)
            poes = np.array(orjson.loads(text), "f8")  # as they are serialized
            canonical["values"] = canonical_list(
                [
                    imt + canonical_numbers(of_imt)
                    for imt, of_imt in zip(self._canonical_imts, poes, strict=True)
                ]
            )
            serialized["values"] = b'{"L":[%s]}' % b",".join(
                imt + _as_number_list(of_imt) + b"}}"
                for imt, of_imt in zip(self._serialized_imts, text[2:-2].split(b"],["), strict=True)
            )
            yield WriteRequest(
                hash_key, range_key, digest_of(canonical), put_request_body(serialized)
            )

    def read_all(
        self, items: Sequence[WireItem], groups: Sequence[int], imts: Sequence[int] | None
    ) -> list[NDArray[np.float32]]:
        """Return the curves of some items, float32 (1, m, L) each."""
        found = [
            self._read(item, self._spec.rows[g]) for item, g in zip(items, groups, strict=True)
        ]
        return found if imts is None else [curves[:, list(imts)] for curves in found]

    def _read(self, item: WireItem, row: str) -> NDArray[np.float32]:
        if item[_ROW_NAME[self._spec.kind]] != {"S": row}:
            raise ItemError("its row is not the one in its key")
        values = item["values"]["L"]
        if tuple(value["M"]["imt"]["S"] for value in values) != self._spec.imts:
            raise ItemError("its IMTs are not the calculation's")
        levels, poes = (
            np.array([[n["N"] for n in value["M"][name]["L"]] for value in values], dtype="f8")
            for name in ("lvls", "vals")
        )
        if not np.array_equal(levels, self._spec.levels):
            raise ItemError("its levels are not the calculation's")
        if poes.shape != levels.shape:
            raise ItemError("it has not one value a level")
        with np.errstate(over="ignore"):
            curves = poes.astype(np.float32)
        if not np.isfinite(curves).all():
            raise ItemError("a value is no float32")
        return curves[None]

    def curve_attributes(self) -> set[str]:
        """Return the names of the attributes that hold the curves."""
        return {"values", _ROW_NAME[self._spec.kind]}


def _serialize_numbers(numbers: NDArray[np.float64]) -> bytes:
    text = orjson.dumps(np.ascontiguousarray(numbers), option=orjson.OPT_SERIALIZE_NUMPY)
    return _as_number_list(text[1:-1])


def _as_number_list(text: bytes) -> bytes:
    """Turn `1.5,2.0` into the list of numbers that DynamoDB takes."""
    return b'{"L":[{"N":"%s"}]}' % text.replace(b",", b'"},{"N":"')
