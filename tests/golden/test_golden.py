"""What was ever stored stays readable, and the same curves give the same bytes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hazard_store.items import Place, item_digest, item_maker, read_item
from hazard_store.keys import CodeRule
from hazard_store.model import KeyScheme, Kind, Layout, Status
from hazard_store.query import get_logic_tree, get_sites
from hazard_store.store import Store
from tests.golden import make

V1, V2 = (Path(__file__).with_name(name) for name in ("v1", "v2"))
files = pytest.mark.parametrize(
    ("scheme", "layout", "kind"), [(s, la, k) for s in KeyScheme for la in Layout for k in Kind]
)


def entries(scheme: KeyScheme, layout: Layout, kind: Kind) -> Any:
    return json.loads((V1 / f"items-{scheme}-{layout}-{kind}.json").read_text())


def curves_of(entry: Any, n_rows: int) -> np.ndarray:
    bits = np.array([int(text, 16) for text in entry["curves"]], np.uint32)
    return bits.view(np.float32).reshape(n_rows, len(make.IMTS), -1)


@files
def test_old_items_are_read(scheme: KeyScheme, layout: Layout, kind: Kind):
    for entry in entries(scheme, layout, kind):
        spec = make.spec(scheme, layout, kind, entry["version"])
        loc, lat, lon, vs30 = make.SITES[entry["site"]]
        expected = curves_of(entry, len(spec.rows))
        items = [make.unspelled(item) for item in entry["items"]]
        read = [read_item(spec, item) for item in items]
        assert expected.tobytes() == np.concatenate([rows.curves for rows in read]).tobytes()
        place = Place(lat, lon, vs30, loc, spec.keys.hash_key(lat, lon))
        assert {place} == {rows.place for rows in read}
        assert spec.range_keys(place) == [item[spec.range_name]["S"] for item in items]
        assert entry["digests"] == [item_digest(item).hex() for item in items]


@files
def test_the_same_curves_give_the_same_items(scheme: KeyScheme, layout: Layout, kind: Kind):
    """Keys, attributes, bytes and digests."""
    for entry in entries(scheme, layout, kind):
        spec = make.spec(scheme, layout, kind, entry["version"])
        loc, lat, lon, vs30 = make.SITES[entry["site"]]
        place = Place(lat, lon, vs30, loc, spec.keys.hash_key(lat, lon))
        writes = list(item_maker(spec).writes(place, curves_of(entry, len(spec.rows))))
        assert entry["items"] == [make.spelled(write.item()) for write in writes]
        assert entry["digests"] == [write.digest.hex() for write in writes]


def test_full_sized_curves_give_the_same_bytes():
    """Another release of the compressor, or another level, shows here."""
    assert json.loads((V1 / "blobs.json").read_text()) == make.blobs()


def test_full_sized_blocks_and_columns_give_the_same_bytes():
    """Likewise; every method of the version is among them."""
    golden = json.loads((V2 / "blocks.json").read_text())
    assert golden == make.blocks()
    assert {0, 1, 2, 3} == {entry["method"] for entry in golden}


def of_maps() -> Any:
    return json.loads((V2 / "items-maps.json").read_text())


@pytest.mark.parametrize("number", range(3))
def test_old_map_items_are_read_and_made_again(number: int):
    """Of codes by a rule, by a rule with vs30, and of ids."""
    entry = of_maps()[number]
    rule = None if entry["rule"] is None else CodeRule(*entry["rule"])
    spec, sites = make.map_spec(rule), make.block_sites(rule)
    bits = np.array([int(text, 16) for text in entry["curves"]], np.uint32)
    curves = bits.view(np.float32).reshape(len(make.MAP_AGGS), len(make.MAP_IMTS), 3, -1)
    items = [make.unspelled(item) for item in entry["items"]]
    assert sites.equals(spec.read_sites(items[0]))
    for (hash_key, a, m), item in zip(spec.curve_keys, items[1:], strict=True):
        assert curves[a, m].tobytes() == spec.read_curves(item, 3).tobytes()
        assert (hash_key, "00002000") == (item["haz_sol_id"]["S"], item["loc_agg_rk"]["S"])
    assert entry["digests"] == [item_digest(item).hex() for item in items]
    writes = list(spec.writes(2000, sites, curves))
    assert entry["items"] == [make.spelled(write.item()) for write in writes]
    assert entry["digests"] == [write.digest.hex() for write in writes]


def test_old_groups_of_statistics_are_read_and_made_again():
    for entry in json.loads((V2 / "items-grouped-stats.json").read_text()):
        spec = make.grouped_spec(make.GROUPS[entry["groups"]])
        loc, lat, lon, vs30 = make.SITES[entry["site"]]
        place = Place(lat, lon, vs30, loc, spec.keys.hash_key(lat, lon))
        curves = make.curves(Layout.PACKED, Kind.STATS, entry["site"])
        read = [read_item(spec, make.unspelled(item)) for item in entry["items"]]
        assert curves.tobytes() == np.concatenate([rows.curves for rows in read]).tobytes()
        assert {place} == {rows.place for rows in read}
        writes = list(item_maker(spec).writes(place, curves))
        assert entry["items"] == [make.spelled(write.item()) for write in writes]
        assert entry["digests"] == [write.digest.hex() for write in writes]


def test_the_golden_curves_have_every_odd_float():
    (entry,) = (
        e
        for e in entries(KeyScheme.CALC, Layout.PACKED, Kind.STATS)
        if (e["version"], e["site"]) == (1, 2)
    )
    assert {f"{bits:08x}" for bits in make.SPECIAL} <= set(entry["curves"])


@pytest.fixture
def old_records(store: Store) -> Store:
    """Tables with the calculation records of version 1."""
    for item in json.loads((V1 / "records.json").read_text()):
        store.client.put_item(TableName=store.settings.meta_table, Item=make.unspelled(item))
    return store


def test_old_heads_are_read(old_records: Store):
    small, large = old_records.head("CALC13"), old_records.head("LARGE")
    assert make.calculation(large=False) == small.calculation
    assert make.calculation(large=True) == large.calculation
    assert (Status.PUBLISHED, "run-1", 1, 1) == (
        small.status,
        small.owner,
        small.attempt,
        small.audited_attempt,
    )
    assert {"stats": {"wcu": 12.0}} == small.outcome
    assert Status.WRITING is large.status
    assert ["CALC13", "LARGE"] == [head.calc_id for head in old_records.heads.all()]


def test_old_sites_are_read(old_records: Store):
    sites = [(s.loc, s.lat, s.lon, s.vs30) for s in get_sites("CALC13", store=old_records)]
    assert list(make.SITES) == sites
    tree = get_logic_tree("CALC13", store=old_records)
    assert [1 / make.N_RLZS] * make.N_RLZS == tree["weights"]


def test_old_reports_are_read(old_records: Store):
    head = old_records.head("CALC13")
    reports, chunk = old_records.reports(head), head.calculation.chunks[0]
    report, audited = reports.report(Kind.STATS, chunk), reports.audit(chunk)
    assert (12, 13, True) == (report.acknowledged, report.sent, report.complete)
    assert bytes(range(96)) == b"".join(reports.digests(Kind.STATS, chunk))
    assert 1 == audited.missing == len(audited.differences)


@pytest.mark.parametrize("version", make.FILES)
def test_the_script_overwrites_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str
):
    monkeypatch.setattr(make, "HERE", tmp_path)
    make.main(version)
    with pytest.raises(FileExistsError):
        make.main(version)
    made = {path.name: path.read_text() for path in (tmp_path / version).iterdir()}
    golden = {
        path.name: path.read_text()
        for path in (V1.parent / version).glob("*.json")
        if path.name != "records.json"
    }
    assert golden == made
