"""Tells whether stored items equal the file's curves, bit for bit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hazard_store import codec
from hazard_store.items.layouts import read_item
from hazard_store.items.spec import ItemError, ItemSpec, Place, WireItem
from hazard_store.model import Layout


class Expected:
    """The curves of some sites, and what their items must say."""

    def __init__(
        self, spec: ItemSpec, places: Sequence[Place], curves: NDArray[np.float32]
    ) -> None:
        """Prepare to compare `curves`, float32 (n, K, M, L), of n places, all their rows.

        Packed curves are compared as differences, which is what was packed: summing them up again
        costs more than the rest of an audit, and packing those of the file even more.
        """
        self._spec, self._places, self._curves = spec, places, curves
        self._deltas: NDArray[np.uint32] | None = None
        if spec.layout is Layout.PACKED:
            rows = curves.reshape(-1, *curves.shape[2:])
            self._deltas = codec.deltas(rows).reshape(curves.shape)

    def each_site(self) -> Iterator[ExpectedSite]:
        """Yield the sites, in order."""
        for index, place in enumerate(self._places):
            deltas = None if self._deltas is None else self._deltas[index]
            yield ExpectedSite(self._spec, place, self._curves[index], deltas)


@dataclass(frozen=True, eq=False)
class ExpectedSite:
    """What the items of one site must say."""

    spec: ItemSpec
    place: Place
    curves: NDArray[np.float32]  # (K, M, L)
    deltas: NDArray[np.uint32] | None  # (K, M, L), of packed items

    def matches(self, item: WireItem, group: int) -> bool:
        """Tell whether a stored item equals the file's curves, bit for bit.

        Args:
            item: as the client library gives it.
            group: the item's number at its site.

        Raises:
            NewerCodec: a newer release wrote it.
        """
        rows = self.spec.groups[group]
        curves = self.curves[rows]
        if self.deltas is not None and self._has_attributes(item, group):
            try:
                return codec.holds(bytes(item["curves"]["B"]), curves, self.deltas[rows])
            except (KeyError, TypeError, codec.CodecError):
                return False
        try:
            said = read_item(self.spec, item)
        except ItemError:
            return False
        return (
            said.place == self.place
            and said.first == rows.start
            and said.curves.shape == curves.shape
            and bool((said.curves.view("u4") == curves.view("u4")).all())
        )

    def _has_attributes(self, item: WireItem, group: int) -> bool:
        """Tell whether all but the curves is as it was written, numbers by their value."""
        attributes = self.spec.attributes(self.place, group)
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
