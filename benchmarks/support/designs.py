"""The ways to store a calculation that the benchmarks compare."""

from __future__ import annotations

from dataclasses import dataclass

from hazard_store.model import REALISATIONS_PER_ITEM, KeyScheme, Layout, StoreOptions

GROUPS = tuple(sorted({1, 4, 12, REALISATIONS_PER_ITEM}))


@dataclass(frozen=True)
class Design:
    """How a calculation is stored."""

    scheme: KeyScheme
    layout: Layout
    group: int  # realisations an item

    def __str__(self) -> str:
        return str(self.layout) if self.layout is Layout.READABLE else f"{self.layout} {self.group}"

    @property
    def options(self) -> StoreOptions:
        """What to tell the plan; map items are alike in all designs (`benchmarks.grouping`)."""
        return StoreOptions(
            key_scheme=self.scheme,
            layout=self.layout,
            realisations_per_item=self.group,
            map_statistics="none",
        )


DESIGNS = [
    Design(scheme, layout, group)
    for scheme in KeyScheme
    for layout, groups in ((Layout.PACKED, GROUPS), (Layout.READABLE, (1,)))
    for group in groups
]
