"""The packed layout: the curves of a group of rows are one binary attribute."""

from __future__ import annotations

from binascii import b2a_base64
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from hazard_store import codec
from hazard_store.items.digest import digest_of, frame
from hazard_store.items.spec import Form, Place, WireItem
from hazard_store.items.write_request import Put, put_body, spell


class Packed:
    """Makes and reads the packed items of one form."""

    def __init__(self, form: Form) -> None:
        self._form = form

    def puts(self, place: Place, curves: NDArray[np.float32]) -> Iterator[Put]:
        """Yield the items of a site; `curves` is float32 (K, M, L), all its rows."""
        head = self._form.head(place, 0)
        frames = {name: frame(value) for name, value in head.items()}
        spelled = {name: spell(value) for name, value in head.items()}
        range_name = self._form.range_name
        for rows, range_key in zip(self._form.groups, self._form.range_keys(place), strict=True):
            blob, key = codec.encode(curves[rows]), {"S": range_key}
            frames |= {range_name: frame(key), "curves": frame({"B": blob})}
            packed = b'{"B":"%s"}' % b2a_base64(blob, newline=False)
            spelled |= {range_name: spell(key), "curves": packed}
            yield Put(place.hash_key, range_key, digest_of(frames), put_body(spelled))

    def read(self, item: WireItem, row: str) -> NDArray[np.float32]:
        """Return the curves of an item, float32 (K, M, L)."""
        del row  # it stands in the key and nowhere else
        blob = bytes(item["curves"]["B"])
        return codec.decode(blob, len(self._form.imts), self._form.levels.shape[1])

    def attributes(self) -> set[str]:
        """Return the names of the attributes that hold the curves."""
        return {"curves"}
