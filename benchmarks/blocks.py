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
from dataclasses import dataclass, replace
from functools import cached_property
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
        maps = replace(self.stored.maps, sites_per_block=n)
        blocks = MapBlocks(maps, 0, n)
        (block,) = blocks.add(self.sites[start : start + n], self.curves[start : start + n])
        return [item_bytes(write.item()) for write in block.writes]

    def _alternative(self, n: int, axes: tuple[int, ...]) -> float:
        """Return the bytes a site and intensity measure of one way to take differences."""
        size, whole = 0, range(0, len(self.sites) - n + 1, n)
        mean = self.curves[:, self.stored.aggs.index(MEAN)]
        for start in whole:
            for curves in mean[start : start + n].transpose(1, 0, 2):
                bits = bits_of(curves)
                for axis in axes:
                    bits = differences(bits, axis)
                size += len(standalone.simple_compress(bits.ravel(), PCODEC))
        return float(size / len(whole) / n / mean.shape[1])

    def _units_of_sites(self, start: int, n: int) -> int:
        return sum(self._item_units[start : start + n])

    @cached_property
    def _item_units(self) -> list[int]:
        """Read units of the item of each site that holds the mean."""
        spec = self.stored.spec(Kind.STATS)
        group = spec.group_of_row[spec.row_index[MEAN]]
        return [
            math.ceil(item_bytes(make_items(spec, place, curves)[group]) / 4096)
            for (_, place), curves in zip(self.sites, self.curves, strict=True)
        ]


def _units(sizes: list[int], of: int) -> int:
    """Return the units of items of these sizes, one for each so many bytes begun."""
    return sum(math.ceil(size / of) for size in sizes)


def places(plan: Plan) -> list[SidPlace]:
    """Return the sites of a plan, in key order."""
    keys = plan.calculation.key_maker
    return [
        (sid, part.place(index, keys))
        for part in plan.site_parts
        for index, sid in enumerate(part.sids)
    ]


@click.command()
@click.argument("calc_file", type=click.Path(exists=True, path_type=Path), required=False)
@click.option("--blocks", multiple=True, type=int, default=BLOCKS, show_default=True)
@click.option("--quick", is_flag=True, help="Blocks of up to 300 sites.")
@JSON_OPTION
def main(
    calc_file: Path | None, blocks: tuple[int, ...], quick: bool, json_path: Path | None
) -> None:
    """Print the table. Without CALC_FILE the curves are synthetic, neighbours not alike."""
    blocks = tuple(n for n in blocks if n <= 300) if quick else blocks
    with tempfile.TemporaryDirectory() as folder:
        path = calc_file or make(Path(folder) / "synthetic.hdf5", max(blocks), rlzs=3)
        material = Material.of(path, max(blocks))
    stored = material.stored
    n_imts, n_levels = stored.all_levels.shape
    rows = [material.row(n) for n in blocks if n <= len(material.sites)]
    Table(
        f"Map items of the mean, {n_imts} IMTs x {n_levels} levels ({path.name}).",
        HEADER,
        rows,
        [
            "Bytes a site are those of the items of curves, keys included. Differences: of the "
            "bits of the floats, packed by pcodec, bytes without keys; of the first two ways each "
            "item takes the smaller.",
            "A map is of one intensity measure; without map items it takes a request for each "
            f"{KEYS_PER_REQUEST} sites, with them one for some ten blocks, and as many units as "
            "said; the calculation's records come to both.",
            "Paid: what reading the maps saves is as much as writing the items of all intensity "
            "measures costs.",
            f"A block has at most {MAX_SITES:,} sites, and the mean gets map items by itself where "
            f"chunks have at least {SITES_OF_A_CHUNK}.",
        ],
    ).show(json_path)


if __name__ == "__main__":
    main(prog_name="python -m benchmarks.blocks")
