"""What is saved: the curves of some sites of a calculation, and the spec of their items."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import click
import numpy as np
from numpy.typing import NDArray

from hazard_store.calcfile import CalcFile, inspect_file
from hazard_store.items import ItemSpec
from hazard_store.model import Inspection, Kind, Layout, StoreOptions
from hazard_store.query.key_ranges import SidPlace
from hazard_store.records import StoredCalculation
from hazard_store.settings import Settings
from hazard_store.workflow.plan import Plan, make_plan


@dataclass(frozen=True)
class Work:
    """Some sites of one kind of a calculation, to be saved in one spec."""

    calc_file: CalcFile
    stored: StoredCalculation
    kind: Kind
    sites: tuple[SidPlace, ...]  # in key order

    @cached_property
    def spec(self) -> ItemSpec:
        """What the items look like."""
        return self.stored.spec(self.kind)

    @property
    def n_rows(self) -> int:
        """A row is one site and realisation, or one site and statistic."""
        return len(self.sites) * len(self.spec.rows)

    @property
    def n_items(self) -> int:
        """Items that hold these rows."""
        return len(self.sites) * len(self.spec.groups)

    @cached_property
    def curves(self) -> NDArray[np.float32]:
        """float32 (n, K, M, L), read once."""
        return self.calc_file.curves(self.spec.kind, np.array([sid for sid, _ in self.sites]))


@dataclass(frozen=True)
class Calc:
    """An open calculation file, looked through."""

    calc_file: CalcFile
    inspection: Inspection
    settings: Settings

    @classmethod
    def of(cls, calc_file: CalcFile, settings: Settings) -> Calc:
        """Look through the file once."""
        uri = calc_file.calculation.file.uri
        if not all(calc_file.calculation.n_rows(kind) for kind in Kind):
            raise click.ClickException(f"{uri} must hold realisations and statistics")
        return cls(calc_file, inspect_file(uri, settings), settings)

    def plan(self, layout: Layout, group: int | None = None) -> Plan:
        """Plan to store its rows; `group` is realisations an item, None: the default."""
        options = StoreOptions(layout=layout, realisations_per_item=group, map_statistics="none")
        return make_plan(self.inspection, "CALC", options, self.settings)

    def work(self, layout: Layout, kind: Kind, n_sites: int, group: int | None = None) -> Work:
        """Return sites spread over the file, at most `n_sites` of them."""
        plan = self.plan(layout, group)
        keys = plan.calculation.key_maker
        sites = [
            (sid, part.place(index, keys))
            for part in plan.site_parts
            for index, sid in enumerate(part.sids)
        ]
        places = np.unique(np.linspace(0, len(sites) - 1, n_sites).round().astype(int))
        chosen = tuple(sites[place] for place in places)
        return Work(self.calc_file, plan.calculation, kind, chosen)

    @property
    def shape(self) -> str:
        """What a site has, in words."""
        found = self.calc_file.calculation
        n_imts, n_levels = found.levels.shape
        rows = {kind: found.n_rows(kind) for kind in Kind}
        return (
            f"{rows[Kind.REALISATIONS]} realisations and {rows[Kind.STATS]} statistics of "
            f"{n_imts} IMTs x {n_levels} levels"
        )
