"""The readable layout: an item a row, its curves as the predecessor's number lists.

A row is over two thousand numbers; spelling and digesting them is done for whole arrays.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

import numpy as np
import orjson
from numpy.typing import NDArray

from hazard_store.items.digest import digest_of, frame, frame_list, frame_map, frame_numbers
from hazard_store.items.spec import Form, ItemError, Place, WireItem
from hazard_store.items.write_request import Put, put_body, spell
from hazard_store.model import Kind

_ROW_NAME = {Kind.STATS: "agg", Kind.REALISATIONS: "rlz"}


class Readable:
    """Makes and reads the readable items of one form."""

    def __init__(self, form: Form) -> None:
        self._form = form

    @cached_property
    def _spelled_imts(self) -> list[bytes]:  # for writing only: reading makes a reader per item
        return [
            b'{"M":{"imt":%s,"lvls":%s,"vals":' % (spell({"S": imt}), _spell_numbers(levels))
            for imt, levels in zip(self._form.imts, self._form.levels, strict=True)
        ]

    @cached_property
    def _framed_imts(self) -> list[bytes]:  # each but for its `vals`, which come last
        return [
            frame_map({"imt": frame({"S": imt}), "lvls": frame_numbers(levels), "vals": b""})
            for imt, levels in zip(self._form.imts, self._form.levels, strict=True)
        ]

    def puts(self, place: Place, curves: NDArray[np.float32]) -> Iterator[Put]:
        """Yield the items of a site; `curves` is float32 (K, M, L), all its rows."""
        if (np.signbit(curves) & (curves == 0)).any():
            raise ValueError("-0.0 cannot be stored in the readable layout")
        for number, row in enumerate(curves):
            hash_key, range_key = self._form.key(place, number)
            head = self._form.head(place, number)
            head[_ROW_NAME[self._form.kind]] = {"S": self._form.rows[number]}
            frames = {name: frame(value) for name, value in head.items()}
            spelled = {name: spell(value) for name, value in head.items()}
            text = orjson.dumps(np.ascontiguousarray(row), option=orjson.OPT_SERIALIZE_NUMPY)
            poes = np.array(orjson.loads(text), "f8")  # as they are spelled
            frames["values"] = frame_list(
                [
                    imt + frame_numbers(of_imt)
                    for imt, of_imt in zip(self._framed_imts, poes, strict=True)
                ]
            )
            spelled["values"] = b'{"L":[%s]}' % b",".join(
                imt + _as_number_list(of_imt) + b"}}"
                for imt, of_imt in zip(self._spelled_imts, text[2:-2].split(b"],["), strict=True)
            )
            yield Put(hash_key, range_key, digest_of(frames), put_body(spelled))

    def read(self, item: WireItem, row: str) -> NDArray[np.float32]:
        """Return the curves of an item, float32 (1, M, L)."""
        if item[_ROW_NAME[self._form.kind]] != {"S": row}:
            raise ItemError("its row is not the one in its key")
        values = item["values"]["L"]
        if tuple(value["M"]["imt"]["S"] for value in values) != self._form.imts:
            raise ItemError("its IMTs are not the calculation's")
        levels, poes = (
            np.array([[n["N"] for n in value["M"][name]["L"]] for value in values], dtype="f8")
            for name in ("lvls", "vals")
        )
        if not np.array_equal(levels, self._form.levels):
            raise ItemError("its levels are not the calculation's")
        if poes.shape != levels.shape:
            raise ItemError("it has not one value a level")
        return poes.astype(np.float32)[None]

    def attributes(self) -> set[str]:
        """Return the names of the attributes that hold the curves."""
        return {"values", _ROW_NAME[self._form.kind]}


def _spell_numbers(numbers: NDArray[np.float64]) -> bytes:
    text = orjson.dumps(np.ascontiguousarray(numbers), option=orjson.OPT_SERIALIZE_NUMPY)
    return _as_number_list(text[1:-1])


def _as_number_list(text: bytes) -> bytes:
    """Turn `1.5,2.0` into the list of numbers that DynamoDB takes."""
    return b'{"L":[{"N":"%s"}]}' % text.replace(b",", b'"},{"N":"')
