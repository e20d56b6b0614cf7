"""Makes the golden files of a version: stored items and records, as DynamoDB has them.

    python -m tests.golden.make v3

The files of v1 and v2 are never made again: they stand for what users have stored. A change of the
encoded bytes, of keys or of digests is a new version of the codec or of the records, with files of
its own beside the old ones, which stay readable for ever. The script refuses to overwrite.
"""

from __future__ import annotations

import base64
import hashlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hazard_store import codec
from hazard_store.items import BlockSites, ItemSpec, MapSpec, Place, item_maker
from hazard_store.items.groups import runs
from hazard_store.items.spec import rlz_rows
from hazard_store.keys import CodeRule, KeyMaker
from hazard_store.model import FileVersion, IfStored, KeyScheme, Kind, Layout, LogicTree
from hazard_store.records import (
    AuditReport,
    Difference,
    Forecast,
    SitePart,
    StoredCalculation,
    WriteReport,
)
from hazard_store.store import Store
from hazard_store.workflow.claim import claim
from hazard_store.workflow.plan import Plan

HERE = Path(__file__).parent
IMTS = ("PGA", "SA(0.5)", "SA(10.0)")
LEVELS = (
    (0.005, 0.01, 0.05, 0.1, 0.5, 1.0),
    (0.01, 0.1, 0.2, 1 / 3, 1.5, 3.0),
    (1e-4, 1e-3, 0.1, 1, 2, 5),
)
AGGS = ("mean", "std", "0.1", "0.95")
N_RLZS = 14
SITES = (
    ("[-41.500~175.250]", -41.5, 175.25, 400.0),
    ("[0.000~180.000]", -0.0001, 179.9999, None),
    ("a:b%", -42.55, -180.0, 250.5),
)
SPECIAL = (0x80000000, 0x00000001, 0x807FFFFF, 0x7FC12345, 0xFFFFFFFF, 0x7F800000)


def curves(layout: Layout, kind: Kind, site: int) -> NDArray[np.float32]:
    """Curves that fall as real ones do; in the packed layout also every odd kind of float."""
    n_rows = len(AGGS) if kind is Kind.STATS else N_RLZS
    rows, levels = np.arange(1, n_rows + 1)[:, None, None], np.array(LEVELS)
    made = (1 / (1 + (site + 1) * rows * levels * 7.3) ** 3).astype(np.float32)
    made[:, 2, 3:] = 0
    if layout is Layout.PACKED and site == 2:
        made.view(np.uint32)[-1, 1] = SPECIAL
    return made


def spec(scheme: KeyScheme, layout: Layout, kind: Kind, version: int) -> ItemSpec:
    """The spec of the items of one file."""
    rows = AGGS if kind is Kind.STATS else rlz_rows(N_RLZS)
    group = 5 if layout is Layout.PACKED and kind is Kind.REALISATIONS else 1
    keys = KeyMaker(scheme, "CALC13" if version == 1 else f"CALC13@{version}")
    sizes = tuple(runs(len(rows), group))
    return ItemSpec(kind, layout, keys, rows, sizes, IMTS, np.array(LEVELS))


def items(scheme: KeyScheme, layout: Layout, kind: Kind) -> list[dict[str, Any]]:
    """Every item of three sites, with what it was made from."""
    entries = []
    for version in (1, 2):
        of_version = spec(scheme, layout, kind, version)
        maker = item_maker(of_version)
        n_sites = 3 if version == 1 and layout is Layout.PACKED else 1
        for site, (loc, lat, lon, vs30) in enumerate(SITES[:n_sites]):
            place = Place(lat, lon, vs30, loc, of_version.keys.hash_key(lat, lon))
            rows = curves(layout, kind, site)
            bits = [f"{bits:08x}" for bits in rows.view(np.uint32).ravel().tolist()]
            writes = list(maker.writes(place, rows))
            entries.append(
                {
                    "version": version,
                    "site": site,
                    "curves": bits,
                    "items": [spelled(write.item()) for write in writes],
                    "digests": [write.digest.hex() for write in writes],
                }
            )
    return entries


def codec_bits(n_rows: int, seed: int) -> NDArray[np.uint32]:
    """The bits of a full-sized item's curves, by whole numbers alone: the same on any machine."""
    shape = (n_rows, 27, 44)
    noise = np.arange(np.prod(shape), dtype=np.uint64).reshape(shape)
    for shift, factor in ((33, 0xFF51AFD7ED558CCD), (33, 0xC4CEB9FE1A85EC53)):
        noise = (noise + seed) * 0x9E3779B97F4A7C15
        noise = (noise ^ noise >> shift) * factor
    noise = noise >> 44
    _, imts, levels = np.indices(shape).astype(np.uint64)
    bits = 0x3F7FFFFF - levels * 0x00280000 - imts * 0x00050000 - noise
    bits[:, :, 40:] = 0
    return bits.astype(np.uint32)


def blobs() -> list[dict[str, Any]]:
    """The digests of full-sized blobs."""
    made = []
    for n_rows, seed in ((1, 1), (5, 2), (12, 3)):
        blob = codec.encode(codec_bits(n_rows, seed).view(np.float32))
        digest = hashlib.sha256(blob).hexdigest()
        made.append({"rows": n_rows, "seed": seed, "bytes": len(blob), "sha256": digest})
    return made


MAP_AGGS = ("mean", "0.95")
MAP_IMTS = ("PGA", "SA(0.5)", "A:B%")


def map_spec(rule: CodeRule | None) -> MapSpec:
    """The spec of map items: of a calculation whose codes follow a rule, or are ids."""
    rows = tuple(AGGS.index(agg) for agg in MAP_AGGS)
    version = "CALC13" if rule is None else "CALC13@2"
    return MapSpec(version, MAP_AGGS, rows, MAP_IMTS, len(LEVELS[0]), 3, rule)


def block_sites(rule: CodeRule | None) -> BlockSites:
    """The three sites as a block; the one without vs30 is among others, or none has any."""
    locs, lats, lons, vs30s = zip(*SITES, strict=True)
    numbers = np.array([np.nan if vs30 is None else vs30 for vs30 in vs30s])
    has_vs30 = rule is None or rule.with_vs30
    return BlockSites(
        sids=np.array([7, 0, 70_000], np.uint32),
        lats=np.array(lats),
        lons=np.array(lons),
        vs30s=numbers if has_vs30 else None,
        ids=locs if rule is None else None,
    )


def block_curves() -> NDArray[np.float32]:
    """Curves of two statistics and three IMTs at three sites, every odd float among them."""
    by_site = np.stack([curves(Layout.PACKED, Kind.STATS, site) for site in range(3)])
    found = by_site[:, [0, 3]].transpose(1, 2, 0, 3)
    return np.ascontiguousarray(found)


def map_items() -> list[dict[str, Any]]:
    """Every map item of a block, with the bits that it was made from."""
    entries = []
    for rule in (CodeRule(), CodeRule(5, with_vs30=True), None):
        spec, sites, made = map_spec(rule), block_sites(rule), block_curves()
        writes = list(spec.writes(2000, sites, made))
        entries.append(
            {
                "rule": None if rule is None else [rule.decimals, rule.with_vs30],
                "curves": [f"{bits:08x}" for bits in made.view(np.uint32).ravel().tolist()],
                "items": [spelled(write.item()) for write in writes],
                "digests": [write.digest.hex() for write in writes],
            }
        )
    return entries


GROUPS = {"mean": (1, 3), "2": (2, 2), "all": (4,)}


def grouped_spec(sizes: tuple[int, ...]) -> ItemSpec:
    """The spec of statistics in groups."""
    keys = KeyMaker(KeyScheme.CALC_LOCATION, "CALC13")
    return ItemSpec(Kind.STATS, Layout.PACKED, keys, AGGS, sizes, IMTS, np.array(LEVELS))


def grouped_items() -> list[dict[str, Any]]:
    """The statistics of three sites, in groups."""
    entries = []
    for name, sizes in GROUPS.items():
        of_groups = grouped_spec(sizes)
        for site, (loc, lat, lon, vs30) in enumerate(SITES):
            place = Place(lat, lon, vs30, loc, of_groups.keys.hash_key(lat, lon))
            made = curves(Layout.PACKED, Kind.STATS, site)
            writes = list(item_maker(of_groups).writes(place, made))
            entries.append(
                {
                    "groups": name,
                    "site": site,
                    "items": [spelled(write.item()) for write in writes],
                    "digests": [write.digest.hex() for write in writes],
                }
            )
    return entries


NOISE = 3


def block_bits(n_sites: int, seed: int) -> NDArray[np.uint32]:
    """The bits of a full-sized block: noise, curves that are alike at all sites, or by levels."""
    bits = codec_bits(-(-n_sites // 27), seed).reshape(-1, 44)[:n_sites]
    sites, levels = np.indices(bits.shape).astype(np.uint64)
    alike = 0x3F7FFFFF - levels * 0x00280000 - sites * 0x00000400 + (bits & np.uint32(0xFF))
    if seed == NOISE:  # of all 32 bits
        noise = np.arange(1, bits.size + 1, dtype=np.uint64) * 0x9E3779B97F4A7C15
        noise = (noise ^ noise >> 31) * 0xBF58476D1CE4E5B9
        return (noise >> 32).astype(np.uint32).reshape(bits.shape)
    return bits if seed % 2 else alike.astype(np.uint32)


def columns(n_sites: int) -> dict[str, NDArray[Any]]:
    """Columns of the sites of a full-sized block, by whole numbers alone."""
    numbers = np.arange(n_sites, dtype=np.uint32)
    noise = block_bits(n_sites, 1)[:, 7]
    return {
        "sids": numbers * np.uint32(7919) % np.uint32(n_sites),
        "grid": -(numbers // 40).astype(np.float64) / 20,
        "anywhere": noise.astype(np.float64) / 2**22,
        "vs30s": np.where(numbers % 3, numbers % 5 * 100.0, np.nan),
    }


def blocks() -> list[dict[str, Any]]:
    """The digests of full-sized blobs of blocks and columns."""
    made = []
    for n_sites, seed in ((1, 1), (1000, 1), (1000, 2), (2000, 4), (1000, NOISE)):
        blob = codec.encode_block(block_bits(n_sites, seed).view(np.float32))
        made.append({"sites": n_sites, "seed": seed, **_digest(blob)})
    for name, column in columns(1500).items():
        made.append({"column": name, **_digest(codec.encode_column(column))})
    return made


def _digest(blob: bytes) -> dict[str, Any]:
    return {"method": blob[1], "bytes": len(blob), "sha256": hashlib.sha256(blob).hexdigest()}


def spelled(item: dict[str, Any]) -> dict[str, Any]:
    """Return an item with its binaries as text."""
    return {
        name: {"B": base64.b64encode(value["B"]).decode()} if "B" in value else value
        for name, value in item.items()
    }


def unspelled(item: dict[str, Any]) -> dict[str, Any]:
    """Undo `spelled`."""
    return {
        name: {"B": base64.b64decode(value["B"])} if "B" in value else value
        for name, value in item.items()
    }


def calculation(large: bool) -> StoredCalculation:
    """What the head of a calculation says; a large one spills."""
    return StoredCalculation(
        calc_id="LARGE" if large else "CALC13",
        file=FileVersion("s3://inbox/calc_13.hdf5", 123_456, "0123456789abcdef-2"),
        sha256="ab" * 32,
        engine_version="3.26.2",
        date="2026-01-02T03:04:05",
        checksum32=1_234_567_890,
        calculation_mode="classical",
        description="Golden",
        investigation_time=50.0,
        n_sites=600 if large else 3,
        n_realisations=N_RLZS,
        imts=IMTS * 40 if large else IMTS,
        levels=LEVELS * 40 if large else LEVELS,
        aggs=AGGS,
        realisations=True,
        realisations_from_mean=False,
        vs30s=(250.5, 400.0),
        custom_site_ids=True,
        key_scheme=KeyScheme.CALC_LOCATION,
        layout=Layout.PACKED,
        realisations_per_item=5,
        codec_version=1,
        force_normalised_sites=False,
        chunks=tuple(range(601)) if large else (0, 3),
        forecast=Forecast(
            stats_items=12,
            realisations_items=9,
            stats_wcu=12,
            realisations_wcu=9,
            seconds=0.1,
            dollars=0.000013,
            writers=2,
            wcu_per_s_per_writer=50.0,
            limited=True,
            notes=("A note.",),
        ),
        notes=("Every curve is zero at every level: no source is near any site.",),
    )


def records(store: Store) -> list[dict[str, Any]]:
    """Begin a small and a large calculation in empty tables, and return what is then stored."""
    tree = LogicTree([{"branch": "b1", "weight": 1.0}], [], np.full(N_RLZS, 1 / N_RLZS), None, 0)
    for large in (False, True):
        plan = Plan(calculation(large), () if large else (site_part(),), tree)
        claim(store, plan, "run-1", IfStored.FAIL)
    small = store.head("CALC13")
    report = WriteReport(
        calc_id="CALC13",
        kind=Kind.STATS,
        start=0,
        stop=3,
        attempt=1,
        complete=True,
        expected=12,
        sent=13,
        acknowledged=12,
        wcu=12,
        retries=1,
        seconds=0.5,
        cpu_seconds=0.1,
        digests="cd" * 32,
    )
    store.reports(small).put(report, small.calculation.chunks[0], bytes(range(96)))
    differences = (Difference(table="T", hash_key="h", range_key="r", kind="missing"),)
    audited = AuditReport(calc_id="CALC13", status="auditing", missing=1, differences=differences)
    store.reports(small).put_audit(audited, small.calculation.chunks[0])
    store.transitions.publish(store.transitions.pass_audit(small, {"stats": {"wcu": 12.0}}))
    pages = store.client.get_paginator("scan").paginate(TableName=store.settings.meta_table)
    return [spelled(item) for page in pages for item in page["Items"]]


def site_part() -> SitePart:
    """The sites of the small calculation."""
    locs, lats, lons, vs30s = zip(*SITES, strict=True)
    return SitePart(start=0, sids=(2, 0, 1), locs=locs, lats=lats, lons=lons, vs30s=vs30s)


def write(path: Path, content: Any) -> None:
    """Write a file that is not there yet."""
    with path.open("x") as file:
        lines = (json.dumps(entry, separators=(",", ":")) for entry in content)
        file.write("[" + ",\n".join(lines) + "]\n")


def of_v1() -> Iterator[tuple[str, Any]]:
    """The items and blobs of codec version 1, by file. `records.json` is what `records` gives."""
    yield "blobs.json", blobs()
    for scheme in KeyScheme:
        for layout in Layout:
            for kind in Kind:
                yield f"items-{scheme}-{layout}-{kind}.json", items(scheme, layout, kind)


def of_v2() -> Iterator[tuple[str, Any]]:
    """What came with formats: map items in codec version 2, and groups of statistics."""
    yield "blocks.json", blocks()
    yield "items-maps.json", map_items()
    yield "items-grouped-stats.json", grouped_items()


FILES = {"v1": of_v1, "v2": of_v2}


def main(version: str) -> None:
    """Write the golden files of a version."""
    folder = HERE / version
    folder.mkdir(exist_ok=True)
    for name, content in FILES[version]():
        write(folder / name, content)


if __name__ == "__main__":
    main(sys.argv[1])
