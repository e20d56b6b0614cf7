"""The packed layout: the curves of a group of rows are one binary attribute."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from pybase64 import b64encode

from hazard_store import codec
from hazard_store.items.digest import canonical_value, digest_of
from hazard_store.items.spec import ItemSpec, Place, WireItem
from hazard_store.items.write_request import WriteRequest, put_request_body, serialize


class Packed:
    """Makes and reads the packed items of one spec."""

    def __init__(self, spec: ItemSpec) -> None:
        self._spec = spec

    def writes(self, place: Place, curves: NDArray[np.float32]) -> Iterator[WriteRequest]:
        """Yield the items of a site; `curves` is float32 (K, M, L), all its rows."""
        attributes = self._spec.attributes(place, 0)
        canonical = {name: canonical_value(value) for name, value in attributes.items()}
        serialized = {name: serialize(value) for name, value in attributes.items()}
        range_name = self._spec.range_name
        for rows, range_key in zip(self._spec.groups, self._spec.range_keys(place), strict=True):
            blob, key = codec.encode(curves[rows]), {"S": range_key}
            canonical |= {range_name: canonical_value(key), "curves": canonical_value({"B": blob})}
            packed = b'{"B":"%s"}' % b64encode(blob)
            serialized |= {range_name: serialize(key), "curves": packed}
            yield WriteRequest(
                place.hash_key, range_key, digest_of(canonical), put_request_body(serialized)
            )

    def read_all(
        self, items: Sequence[WireItem], groups: Sequence[int], imts: Sequence[int] | None
    ) -> list[NDArray[np.float32]]:
        """Return the curves of some items, float32 (K, m, L) each."""
        del groups  # they stand in the keys and nowhere else
        blobs = [bytes(item["curves"]["B"]) for item in items]
        n_imts, n_levels = self._spec.levels.shape
        return codec.decode_rows(blobs, n_imts, n_levels, imts)

    def curve_attributes(self) -> set[str]:
        """Return the names of the attributes that hold the curves."""
        return {"curves"}
