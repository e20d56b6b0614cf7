"""Tells whether stored items equal the file's curves, bit for bit."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hazard_store import codec
from hazard_store.items.layouts import read_item
from hazard_store.items.spec import ItemError, ItemSpec, Place, WireItem
from hazard_store.model import Layout


class Expected:
    """The curves of some sites, and what their items must say.

    Packed curves are compared as differences, which is what was packed: summing them up again costs
    more than the rest of an audit.
    """

    def __init__(self, spec: ItemSpec, curves: NDArray[np.float32]) -> None:
        """Prepare to compare `curves`, float32 (n, K, M, L): n sites, all their rows."""
        self._spec, self._curves = spec, curves
        self._deltas = None
        if spec.layout is Layout.PACKED:
            rows = curves.reshape(-1, *curves.shape[2:])
            self._deltas = codec.deltas(rows).reshape(curves.shape)

    def matches(self, item: WireItem, index: int, place: Place, group: int) -> bool:
        """Tell whether a stored item equals the file's curves, bit for bit.

        Args:
            item: as the client library gives it.
            index: of the site, among those of `curves`.
            place: the site.
            group: the item's number at its site.
        """
        rows = self._spec.groups[group]
        if self._deltas is not None and self._has_attributes(item, place, group):
            try:
                blob = bytes(item["curves"]["B"])
                return codec.holds(blob, self._curves[index, rows], self._deltas[index, rows])
            except (KeyError, TypeError, codec.CodecError):
                return False
        try:
            said = read_item(self._spec, item)
        except ItemError:
            return False
        curves = self._curves[index, rows]
        return (
            said.place == place
            and said.first == rows.start
            and said.curves.shape == curves.shape
            and bool((said.curves.view("u4") == curves.view("u4")).all())
        )

    def _has_attributes(self, item: WireItem, place: Place, group: int) -> bool:
        """Tell whether all but the curves is as it was written, numbers by their value."""
        attributes = self._spec.attributes(place, group)
        if len(item) != len(attributes) + 1:
            return False
        try:
            return all(
                value == item[name]
                or ("N" in value and float(value["N"]) == float(item[name]["N"]))
                for name, value in attributes.items()
            )
        except (KeyError, TypeError, ValueError):
            return False
