"""Map items against the number of sites in a block: their bytes, what they cost and what they save.

    python -m benchmarks.blocks [CALC_FILE] [--blocks 50 --blocks 2000] [--quick] [--json FILE]

A block holds the mean at the neighbouring sites of a chunk, an item for each intensity measure.
Nothing is stored: items are made as a writer makes them, and their units reckoned as DynamoDB
counts them. The longer the blocks, the fewer bytes and units are rounded up; the fewer sites a
chunk has, the less is there to save. A write unit costs as much as five read units.
"""

from __future__ import annotations

import math
import tempfile
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import click
import numpy as np
from numpy.typing import NDArray
from pcodec import standalone

from benchmarks.support.scaled import REFERENCE_SITES
from benchmarks.support.synthetic import make
from benchmarks.support.tables import JSON_OPTION, Table
from hazard_store.calcfile import inspect_file, open_calc
from hazard_store.codec.rows import PCODEC, bits_of, differences
from hazard_store.items import item_bytes, make_items
from hazard_store.items.groups import MEAN
from hazard_store.items.maps import MAX_SITES
from hazard_store.model import Kind, StoreOptions
from hazard_store.query.fetch import KEYS_PER_REQUEST
from hazard_store.query.key_ranges import SidPlace, sids_of
from hazard_store.records import StoredCalculation
from hazard_store.settings import Settings
from hazard_store.workflow.map_blocks import MapBlocks
from hazard_store.workflow.maps import SITES_OF_A_CHUNK
from hazard_store.workflow.plan import Plan, make_plan

BLOCKS = (25, 50, 100, 200, 300, 500, 1000, 2000, 4000)
READ_UNITS_PER_WRITE_UNIT = 5
AXES = {"levels": (1,), "levels and sites": (1, 0), "sites": (0,)}  # of curves (n, L)
HEADER = (
    "sites of a block",
    "bytes a site and intensity measure",
    *(f"differences along {name}" for name in AXES),
    "read units of a map of these sites, without map items",
    "with",
    "write units of the map items, all intensity measures",
    "maps read until they have paid",
    f"read units of a map of {REFERENCE_SITES:,} sites",
    "its KB",
)


@dataclass(frozen=True)
class Material:
    """The mean of some sites in key order, and how they are stored."""

    stored: StoredCalculation
    sites: list[SidPlace]
    curves: NDArray[np.float32]  # (N, S, M, L)

    @classmethod
    def of(cls, path: Path, at_most: int) -> Material:
        """Read the first sites of a file."""
        settings = Settings.from_environment(region="us-east-1")
        options = StoreOptions(realisations=False, map_statistics=MEAN)
        plan = make_plan(inspect_file(str(path), settings), "CALC", options, settings)
        sites = places(plan)[:at_most]
        with open_calc(str(path), settings) as opened:
            curves = opened.curves(Kind.STATS, sids_of(sites))
        return cls(plan.calculation, sites, curves)

    def row(self, n: int) -> list[Any]:
        """Return the cells of one length of blocks: means over those that these sites make."""
        whole = range(0, len(self.sites) - n + 1, n)
        blocks = [self._block(start, n) for start in whole]
        of_sites, *of_curves = (list(sizes) for sizes in zip(*blocks, strict=True))
        n_imts = len(of_curves)
        bytes_a_site = sum(map(sum, of_curves)) / len(blocks) / n_imts / n
        without = sum(self._units_of_sites(start, n) for start in whole) / len(blocks)
        with_maps = (_units(of_sites, 4096) + _units(of_curves[0], 4096)) / len(blocks)
        wcu = sum(_units(sizes, 1024) for sizes in (of_sites, *of_curves)) / len(blocks)
        saved = without - with_maps
        paid = wcu * READ_UNITS_PER_WRITE_UNIT / saved if saved > 0 else math.inf
        all_blocks = REFERENCE_SITES / n
        a_map = sum(of_sites) + sum(of_curves[0])
        return [
            f"{n:,}",
            f"{bytes_a_site:.0f}",
            *(f"{self._alternative(n, axes):.0f}" for axes in AXES.values()),
            f"{without:,.0f}",
            f"{with_maps:,.0f}",
            f"{wcu:,.0f}",
            f"{paid:.1f}",
            f"{with_maps * all_blocks:,.0f}",
            f"{a_map / len(blocks) * all_blocks / 1000:,.0f}",
        ]

    def _block(self, start: int, n: int) -> list[int]:
        """Return the bytes of the items of a block, that of the sites first."""
        maps = self.stored.maps.__class__(
            **{**vars_of(self.stored.maps), "sites_per_block": n}
        )
        curves = self.curves[start : start + n]
        (block,) = MapBlocks(maps, 0, n).add(self.sites[start : start + n], curves)
        return [item_bytes(write.item()) for write in block.writes]
