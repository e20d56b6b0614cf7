"""Whatever is altered in map items is named by the audit, mended by a repair, and never served."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hazard_store import codec
from hazard_store.codec.frame import framed
from hazard_store.errors import DamagedCalculation
from hazard_store.items import item_digest, maps
from hazard_store.model import KeyScheme, Kind
from hazard_store.query import get_hazard_stats_curves, hazard_arrays
from hazard_store.store import Store
from tests.support.calc_factory import make_calc
from tests.support.loading import items_of, key_of, stored

N = 11  # in blocks of 4, 4 and 3 sites
AGGS, IMTS = ("0.1", "mean", "0.9"), ("PGA", "SA(0.5)")
MAPS = "mean,0.9"
Item = dict[str, Any]
Items = dict[tuple[str, str], Item]  # map items by the end of their hash key, and block


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(maps, "MAX_SITES", 4)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Sites with ids, so that their codes stand in the items too."""
    ids = [f"site{i}" for i in range(N)]
    vs30 = [300.0 + i for i in range(N)]
    return make_calc(tmp_path / "calc.hdf5", n=N, aggs=AGGS, custom_ids=ids, vs30=vs30).path


def put(store: Store, item: Item) -> None:
    store.client.put_item(TableName=store.table(Kind.STATS), Item=item)


def delete(store: Store, item: Item) -> None:
    store.client.delete_item(TableName=store.table(Kind.STATS), Key=key_of(item))


def map_items(store: Store, calc_id: str = "A") -> Items:
    begins = f"{calc_id}:map:"
    return {
        (item["haz_sol_id"]["S"].removeprefix(begins), item["loc_agg_rk"]["S"]): item
        for item in items_of(store, store.table(Kind.STATS))
        if item["haz_sol_id"]["S"].startswith(begins)
    }


PGA, SA, FIRST, SECOND, LAST = "mean:PGA", "mean:SA(0.5)", "00000000", "00000004", "00000008"
Change = Callable[[Store, Items], list[tuple[Item, str]]]


def with_column(item: Item, name: str, change: Callable[[np.ndarray], None]) -> Item:
    """Return the sites of a block, whole, with other numbers in a column."""
    dtype = "<u4" if name == "sids" else "<f8"
    column = codec.decode_column(item[name]["B"], dtype).copy()
    change(column)
    return {**item, name: {"B": codec.encode_column(column)}}


def altered(store: Store, *items: Item) -> list[tuple[Item, str]]:
    for item in items:
        put(store, item)
    return [(item, "altered") for item in items]


def a_bit(store: Store, found: Items) -> list[tuple[Item, str]]:
    item = found[PGA, SECOND]
    blob = bytearray(item["curves"]["B"])
    blob[-1] ^= 1
    return altered(store, {**item, "curves": {"B": bytes(blob)}})


def the_version_byte(store: Store, found: Items) -> list[tuple[Item, str]]:
    """Its checksum fails: it is damaged, and of no newer release."""
    item = found[PGA, FIRST]
    return altered(store, {**item, "curves": {"B": b"\x09" + item["curves"]["B"][1:]}})


def cut_short(store: Store, found: Items) -> list[tuple[Item, str]]:
    item = found[PGA, LAST]
    return altered(store, {**item, "curves": {"B": item["curves"]["B"][:-3]}})


def a_foreign_attribute(store: Store, found: Items) -> list[tuple[Item, str]]:
    return altered(store, {**found[SA, FIRST], "note": {"S": "harmless"}})


def curves_are_gone(store: Store, found: Items) -> list[tuple[Item, str]]:
    delete(store, found[SA, SECOND])
    return [(found[SA, SECOND], "missing")]


def sites_are_gone(store: Store, found: Items) -> list[tuple[Item, str]]:
    delete(store, found["sites", LAST])
    return [(found["sites", LAST], "missing")]


def swapped_imts(store: Store, found: Items) -> list[tuple[Item, str]]:
    """Both are whole: only what they say is at the wrong place."""
    one, other = found[PGA, FIRST], found[SA, FIRST]
    return altered(store, {**one, "curves": other["curves"]}, {**other, "curves": one["curves"]})


def swapped_blocks(store: Store, found: Items) -> list[tuple[Item, str]]:
    one, other = found["0.9:PGA", FIRST], found["0.9:PGA", SECOND]
    return altered(store, {**one, "curves": other["curves"]}, {**other, "curves": one["curves"]})


def a_block_of_another_size(store: Store, found: Items) -> list[tuple[Item, str]]:
    return altered(store, {**found[PGA, FIRST], "curves": found[PGA, LAST]["curves"]})


def a_latitude(store: Store, found: Items) -> list[tuple[Item, str]]:
    def change(lats: np.ndarray) -> None:
        lats[1] += 1e-9

    return altered(store, with_column(found["sites", FIRST], "lats", change))


def a_site_number(store: Store, found: Items) -> list[tuple[Item, str]]:
    def change(sids: np.ndarray) -> None:
        sids[0] += 1

    return altered(store, with_column(found["sites", FIRST], "sids", change))


def no_vs30s(store: Store, found: Items) -> list[tuple[Item, str]]:
    return altered(store, {n: v for n, v in found["sites", SECOND].items() if n != "vs30s"})


def an_id(store: Store, found: Items) -> list[tuple[Item, str]]:
    item = found["sites", FIRST]
    return altered(store, {**item, "locs": {"B": item["locs"]["B"].replace(b"site", b"sity", 1)}})


def one_id_too_few(store: Store, found: Items) -> list[tuple[Item, str]]:
    item = found["sites", FIRST]
    return altered(store, {**item, "locs": {"B": item["locs"]["B"].rpartition(b"\n")[0]}})


def extra(store: Store, item: Item, range_key: str) -> list[tuple[Item, str]]:
    item = {**item, "loc_agg_rk": {"S": range_key}}
    put(store, item)
    return [(item, "extra")]


def an_extra_block(store: Store, found: Items) -> list[tuple[Item, str]]:
    """Between two blocks, and behind the last."""
    item = found[PGA, FIRST]
    return extra(store, item, "00000002") + extra(store, item, "~")


def extra_sites(store: Store, found: Items) -> list[tuple[Item, str]]:
    return extra(store, found["sites", FIRST], "00000009") + extra(
        store, found["sites", FIRST], "!"
    )


CHANGES: list[Change] = [
    a_bit,
    the_version_byte,
    cut_short,
    a_foreign_attribute,
    curves_are_gone,
    sites_are_gone,
    swapped_imts,
    swapped_blocks,
    a_block_of_another_size,
    a_latitude,
    a_site_number,
    no_vs30s,
    an_id,
    one_id_too_few,
    an_extra_block,
    extra_sites,
]
# A reader has neither file nor digests: what is whole and of the right size is what is stored.
WHOLE = {
    swapped_imts,
    swapped_blocks,
    a_latitude,
    a_site_number,
    no_vs30s,
    an_id,
    an_extra_block,
    extra_sites,
}


@pytest.mark.parametrize("number", range(len(CHANGES)), ids=[c.__name__ for c in CHANGES])
def test_what_was_changed_is_named_and_mended(store: Store, cli, path: Path, number: int):
    """With the file and without it, all of it and nothing else; the schemes take turns."""
    change, scheme = CHANGES[number], list(KeyScheme)[number % 3]
    stored(store, path, key_scheme=scheme, map_statistics=MAPS, realisations=False)
    right = items_of(store, store.table(Kind.STATS))
    changed = change(store, map_items(store))
    expected = sorted((how, *key_of_text(item)) for item, how in changed)
    for arguments in ((), ("--calc-file", path)):
        ended = cli("audit", "A", "--json", *arguments)
        found = json.loads(ended.out)
        assert 1 == ended.code, ended.err
        assert expected == named(found)
        for how in ("missing", "extra", "altered"):
            assert found[how] == sum(1 for _, kind_of in changed if kind_of == how)
    if change in WHOLE:
        assert N == len(hazard_arrays("A", "stats", rows=["mean"], store=store)[0])
    else:
        refused(store)
    is_extra = {how for _, how in changed} == {"extra"}
    assert 0 == cli("repair", "A", *(("--yes",) if is_extra else ())).code
    assert right == items_of(store, store.table(Kind.STATS))


def refused(store: Store) -> None:
    """The whole map is refused when its whole blocks were served; each site has its own items."""
    for ask in (
        lambda: hazard_arrays("A", "stats", rows=["mean"], store=store),
        lambda: list(get_hazard_stats_curves("A", aggs=["mean"], store=store)),
    ):
        with pytest.raises(DamagedCalculation, match="the map item A:map:") as met:
            ask()
        assert 74 == met.value.exit_code
    assert 1 == len(hazard_arrays("A", "stats", locs=["site0"], rows=["mean"], store=store)[0])


def test_curves_say_that_they_are_damaged_and_print_whole_sites(store: Store, cli, path: Path):
    stored(store, path, map_statistics=MAPS, realisations=False)
    curves_are_gone(store, map_items(store))
    ended = cli("curves", "A", "--agg", "mean", "--imt", "SA(0.5)", "--format", "json")
    assert 74 == ended.code
    assert "A:map:mean:SA(0.5) 00000004 is missing" in ended.sentence
    assert N - 4 == len(json.loads(ended.out))
    assert 0 == cli("curves", "A", "--agg", "mean", "--imt", "PGA", "--format", "json").code


def test_audit_and_repair_say_that_a_newer_release_wrote_an_item(store: Store, cli, path: Path):
    """Of sites and of maps: no verdict on what it cannot read."""
    stored(store, path, map_statistics=MAPS, realisations=False)
    newer = {"B": framed(codec.NEWEST + 1, 0, b"x")}
    items = (map_items(store)[PGA, FIRST], items_of(store, store.table(Kind.STATS))[-1])
    for item in items:
        put(store, {**item, "curves": newer})
        for verb in (("audit", "A"), ("audit", "A", "--calc-file", path), ("repair", "A")):
            ended = cli(*verb)
            assert 78 == ended.code
            assert "written by a newer release (an item of codec version 3" in ended.sentence
        put(store, item)
    assert 0 == cli("audit", "A", "--calc-file", path).code


def test_without_leave_an_extra_map_item_stays(store: Store, cli, path: Path):
    stored(store, path, map_statistics=MAPS, realisations=False)
    ((item, _), _) = an_extra_block(store, map_items(store))
    assert 1 == cli("repair", "A").code
    assert (PGA, "00000002") in map_items(store)
    assert item in items_of(store, store.table(Kind.STATS))


@pytest.mark.parametrize("scheme", list(KeyScheme))
def test_a_scan_finds_map_items_under_keys_that_are_not_of_the_plan(
    store: Store, cli, path: Path, scheme: KeyScheme
):
    """Of a statistic and of an IMT that have none; not those of other calculations or versions."""
    stored(store, path, key_scheme=scheme, map_statistics=MAPS, realisations=False)
    item = map_items(store)[PGA, FIRST]
    for other in ("A@2:map:mean:PGA", "AB:map:0.1:PGA", "A.map:map:sites", "map:map:mean:PGA"):
        put(store, {**item, "haz_sol_id": {"S": other}})
    assert 0 == cli("audit", "A", "--scan").code
    strays = ["A:map:0.1:PGA", "A:map:mean:SA(9.0)", "A:map:"]
    for hash_key in strays:
        put(store, {**item, "haz_sol_id": {"S": hash_key}})
    assert 0 == cli("audit", "A").code
    ended = cli("audit", "A", "--scan", "--json")
    assert 1 == ended.code
    assert sorted(("extra", hash_key, FIRST) for hash_key in strays) == named(json.loads(ended.out))


def test_a_scan_finds_map_items_of_a_calculation_that_has_none(store: Store, cli, path: Path):
    stored(store, path, "B", map_statistics=MAPS, realisations=False)
    item = map_items(store, "B")[PGA, FIRST]
    stored(store, path, "A", map_statistics="none", realisations=False)
    put(store, {**item, "haz_sol_id": {"S": "A:map:mean:PGA"}})
    assert 0 == cli("audit", "A").code
    assert 1 == cli("audit", "A", "--scan").code


def anothers_curves(store: Store, of_sites: list[Item]) -> list[tuple[Item, str]]:
    one, other = of_sites[0], of_sites[-2]  # the first item of each of two sites
    return altered(store, {**one, "curves": other["curves"]})


@pytest.mark.parametrize("of_maps", [True, False], ids=["maps", "sites"])
def test_a_writer_that_vouches_for_what_is_not_in_the_file(
    store: Store, cli, path: Path, of_maps: bool
):
    """Another site's curves, under a digest that fits them: only the file tells."""
    stored(store, path, map_statistics=MAPS, statistics_per_item=2, realisations=False)
    head = store.head("A")
    reports, chunk = store.reports(head), head.calculation.chunks[0]
    items = items_of(store, store.table(Kind.STATS))
    before = {key_of_text(item): item_digest(item) for item in items}
    of_sites = [item for item in items if "lat" in item]
    changed = (
        swapped_blocks(store, map_items(store)) if of_maps else anothers_curves(store, of_sites)
    )
    told = {before[key_of_text(item)]: item_digest(item) for item, _ in changed}
    digests, map_digests = (
        b"".join(told.get(digest, digest) for digest in recorded or ())
        for recorded in (reports.digests(Kind.STATS, chunk), reports.map_digests(chunk))
    )
    report = reports.report(Kind.STATS, chunk)
    maps_of = report.maps.model_copy(update={"digests": hashlib.sha256(map_digests).hexdigest()})
    said = {"digests": hashlib.sha256(digests).hexdigest(), "maps": maps_of}
    reports.put(report.model_copy(update=said), chunk, digests, map_digests)
    assert 0 == cli("audit", "A").code
    ended = cli("audit", "A", "--json", "--calc-file", path)
    assert 1 == ended.code
    expected = sorted(("altered", *key_of_text(item)) for item, _ in changed)
    assert expected == named(json.loads(ended.out))


def key_of_text(item: Item) -> tuple[str, str]:
    return item["haz_sol_id"]["S"], item["loc_agg_rk"]["S"]


def named(found: dict[str, Any]) -> list[tuple[str, str, str]]:
    return sorted((d["kind"], d["hash_key"], d["range_key"]) for d in found["differences"])
