"""Whatever is altered in the tables, the audit says so, names it, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from hazard_store.model import KeyScheme, Kind, Layout
from hazard_store.store import Store
from tests.support.loading import CALCS, all_items, drop_tables, items_of, key_names, key_of, stored

FILE = CALCS / "classical_rlzs_stats.hdf5"
Item = dict[str, Any]
Change = Callable[["Table"], list[tuple[Item, str]]]


@dataclass(frozen=True)
class Table:
    """One table of a loaded calculation, to be corrupted."""

    store: Store
    kind: Kind

    @property
    def name(self) -> str:
        """Name of the table."""
        return self.store.table(self.kind)

    def items(self) -> list[Item]:
        """All items of sites, by key."""
        return [item for item in items_of(self.store, self.name) if "lat" in item]

    def put(self, item: Item) -> None:
        """Put an item, past everything of ours."""
        self.store.client.put_item(TableName=self.name, Item=item)

    def delete(self, item: Item) -> None:
        """Delete an item."""
        self.store.client.delete_item(TableName=self.name, Key=key_of(item))


def delete_one(table: Table) -> list[tuple[Item, str]]:
    victim = table.items()[3]
    table.delete(victim)
    return [(victim, "missing")]


def delete_the_last(table: Table) -> list[tuple[Item, str]]:
    victim = table.items()[-1]
    table.delete(victim)
    return [(victim, "missing")]


def alter_one_bit(table: Table) -> list[tuple[Item, str]]:
    """Of the curves: a bit of the binary, or the last digit of a number."""
    victim = table.items()[2]
    if "curves" in victim:
        blob = bytearray(victim["curves"]["B"])
        blob[-1] ^= 1
        victim["curves"]["B"] = bytes(blob)
    else:
        poes = victim["values"]["L"][1]["M"]["vals"]["L"]
        number = next(poe for poe in poes if 0 < float(poe["N"]) < 1)
        digit = number["N"][-1]
        number["N"] = number["N"][:-1] + ("3" if digit != "3" else "4")
    table.put(victim)
    return [(victim, "altered")]


def alter_a_level(table: Table) -> list[tuple[Item, str]]:
    victim = table.items()[2]
    if "values" in victim:
        victim["values"]["L"][0]["M"]["lvls"]["L"][0]["N"] = "0.0051"
    else:
        victim["curves"]["B"] = victim["curves"]["B"][:-1]
    table.put(victim)
    return [(victim, "altered")]


def alter_a_coordinate(table: Table) -> list[tuple[Item, str]]:
    victim = table.items()[1]
    victim["lat"] = {"N": victim["lat"]["N"] + "1"}
    table.put(victim)
    return [(victim, "altered")]


def drop_vs30(table: Table) -> list[tuple[Item, str]]:
    victim = table.items()[1]
    del victim["vs30"]
    table.put(victim)
    return [(victim, "altered")]


def add_an_attribute(table: Table) -> list[tuple[Item, str]]:
    victim = table.items()[0]
    victim["note"] = {"S": "harmless"}
    table.put(victim)
    return [(victim, "altered")]


def add_one(table: Table) -> list[tuple[Item, str]]:
    """A copy under a key in the middle of a site's."""
    found = table.items()[2]
    range_name = key_names(found)[1]
    loc = found[range_name]["S"].split(":")[0]
    row = "nean" if table.kind is Kind.STATS else "99990"
    rest = found[range_name]["S"].split(":")[2:]
    found[range_name] = {"S": ":".join([loc, row, *rest])}
    table.put(found)
    return [(found, "extra")]


def add_before_and_behind(table: Table) -> list[tuple[Item, str]]:
    """Under the first and last hash key, outside of all sites."""
    first, last = table.items()[0], table.items()[-1]
    range_name = key_names(first)[1]
    for item, loc in ((first, "!"), (last, "~")):
        rest = item[range_name]["S"].split(":")[1:]
        item[range_name] = {"S": ":".join([loc, *rest])}
        table.put(item)
    return [(first, "extra"), (last, "extra")]


def swap_two_values(table: Table) -> list[tuple[Item, str]]:
    """Both items stay whole: only what they say is at the wrong place."""
    one, other = table.items()[0], table.items()[-1]
    name = "curves" if "curves" in one else "values"
    assert one[name] != other[name]
    one[name], other[name] = other[name], one[name]
    table.put(one)
    table.put(other)
    return [(one, "altered"), (other, "altered")]


CHANGES = [
    delete_one,
    delete_the_last,
    alter_one_bit,
    alter_a_level,
    alter_a_coordinate,
    drop_vs30,
    add_an_attribute,
    add_one,
    add_before_and_behind,
    swap_two_values,
]


ONE_BY_ONE = {"statistics_per_item": 1, "map_statistics": "all"}
WAYS = [(kind, {"layout": layout}) for layout in Layout for kind in Kind]
WAYS += [(Kind.STATS, ONE_BY_ONE)]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
@pytest.mark.parametrize(("kind", "way"), WAYS)
def test_the_audit_names_what_was_changed(
    store: Store, cli, kind: Kind, way: dict[str, Any], change: Change
):
    """With the calculation file and without it, all items and no other."""
    stored(store, FILE, **way)
    table = Table(store, kind)
    changed = change(table)
    expected = sorted(
        ({"table": table.name, "kind": how, **plain_key(item)} for item, how in changed),
        key=lambda difference: difference["range_key"],
    )
    for arguments in ((), ("--calc-file", FILE)):
        ended = cli("audit", "A", "--json", *arguments)
        found = json.loads(ended.out)
        assert ended.code == 1
        assert expected == sorted(found["differences"], key=lambda d: d["range_key"])
        for how in ("missing", "extra", "altered"):
            assert found[how] == sum(1 for _, kind_of in changed if kind_of == how)
        assert found["status"] == "published"
        assert found["passed"] is False


@pytest.mark.parametrize("scheme", list(KeyScheme))
@pytest.mark.parametrize("change", [delete_one, alter_one_bit, add_one, swap_two_values])
def test_in_every_key_scheme_beside_another_calculation(
    store: Store, cli, scheme: KeyScheme, change: Change
):
    """What is wrong in one calculation is not held against its neighbour."""
    stored(store, FILE, "A", key_scheme=scheme)
    table = Table(store, Kind.REALISATIONS)
    changed = change(table)
    stored(store, FILE, "B", key_scheme=scheme)
    assert cli("audit", "B").code == 0
    ended = cli("audit", "A", "--json")
    assert ended.code == 1
    assert {(how, *plain_key(item).values()) for item, how in changed} == {
        (d["kind"], d["hash_key"], d["range_key"]) for d in json.loads(ended.out)["differences"]
    }


def test_a_right_store_passes_and_the_audit_says_so(store: Store, cli):
    stored(store, FILE)
    for arguments in ((), ("--calc-file", FILE)):
        ended = cli("audit", "A", "--json", *arguments)
        assert ended.code == 0
        assert json.loads(ended.out)["differences"] == []


def test_the_text_names_the_item_too(store: Store, cli):
    stored(store, FILE)
    ((item, _),) = delete_one(Table(store, Kind.STATS))
    ended = cli("audit", "A")
    assert ended.code == 1
    assert f"missing: {store.settings.stats_table} {item['haz_sol_id']['S']}" in ended.out


def test_one_chunk_is_audited_by_its_own_sites(store: Store, cli):
    """Differences of other chunks are not its business."""
    stored(store, FILE, key_scheme=KeyScheme.CALC, sites_per_chunk=3)
    delete_the_last(Table(store, Kind.STATS))
    assert cli("audit", "A", "--sites", "0:3").code == 0
    assert cli("audit", "A", "--sites", "3:6").code == 1
    assert cli("audit", "A", "--sites", "1:3").code == 2


@pytest.mark.parametrize("kind", list(Kind))
def test_an_extra_item_on_the_border_of_two_chunks_counts_once(store: Store, cli, kind: Kind):
    """Its key is the first that a site could have."""
    stored(store, FILE, key_scheme=KeyScheme.CALC, sites_per_chunk=1)
    table = Table(store, kind)
    expected = set()
    for item in table.items():
        range_name = key_names(item)[1]
        border = item[range_name]["S"].rpartition(":")[0] + ":"
        table.put({**item, range_name: {"S": border}})
        expected.add(border)
    found = json.loads(cli("audit", "A", "--json").out)
    assert 6 == len(expected) == found["extra"] == len(found["differences"])
    assert expected == {difference["range_key"] for difference in found["differences"]}


@pytest.mark.parametrize(
    "record", ["digests", "digests#maps", "report", "sites", "realisations-not-needed"]
)
def test_a_lost_record_does_not_pass_unnoticed(store: Store, cli, record: str):
    """Without the digests nothing was compared; without the sites nothing can be."""
    stored(store, FILE, map_statistics="mean")
    meta = store.settings.meta_table
    lost = [i for i in items_of(store, meta) if i["record"]["S"].startswith(f"{record}#")]
    for item in lost:
        store.client.delete_item(TableName=meta, Key=key_of(item))
    ended = cli("audit", "A", "--json")
    assert ended.code == (1 if lost else 0)
    assert json.loads(ended.out)["passed"] is (not lost)


@pytest.mark.parametrize("of", ["stats", "maps"])
def test_shortened_digests_do_not_pass_unnoticed(store: Store, cli, of: str):
    stored(store, FILE, map_statistics="mean")
    parts = store.parts("A")
    whole = parts.get(f"digests#{of}#0000")
    parts.put(f"digests#{of}#0000", whole[:-8])
    assert cli("audit", "A").code == 1


def test_levels_altered_in_the_head_are_found_against_the_file(store: Store, cli):
    """The packed items do not carry their levels: the head gives them their meaning."""
    stored(store, FILE)
    meta = store.settings.meta_table
    (head,) = (i for i in items_of(store, meta) if i["record"]["S"] == "head")
    content = json.loads(head["calculation"]["S"])
    content["levels"][0][0] *= 2
    head["calculation"]["S"] = json.dumps(content)
    store.client.put_item(TableName=meta, Item=head)
    assert cli("audit", "A", "--calc-file", FILE).code == 1


def test_another_file_is_refused(store: Store, cli):
    stored(store, FILE)
    assert cli("audit", "A", "--calc-file", CALCS / "stats_only.hdf5").code == 73


def test_without_tables_it_is_no_difference(store: Store, cli):
    """Exit code 1 is for differences only."""
    stored(store, FILE)
    drop_tables(store)
    assert cli("audit", "A").code == 78


def test_without_one_table_it_is_no_difference(store: Store, cli):
    stored(store, FILE)
    store.client.delete_table(TableName=store.settings.realisations_table)
    assert cli("audit", "A").code == 78


def test_a_broken_head_is_no_difference(store: Store, cli):
    """What the audit cannot read is damaged; its verdict is kept for differences."""
    stored(store, FILE)
    meta = store.settings.meta_table
    (head,) = (i for i in items_of(store, meta) if i["record"]["S"] == "head")
    head["calculation"] = {"S": "{"}
    store.client.put_item(TableName=meta, Item=head)
    ended = cli("audit", "A")
    assert ended.code == 74
    assert ended.out == ""


def test_a_failing_audit_leaves_everything_as_it_was(store: Store, cli):
    """Apart from the report of the audit itself, and its line in the history."""
    stored(store, FILE)
    alter_one_bit(Table(store, Kind.STATS))
    before = all_items(store)
    cli("audit", "A")
    after = all_items(store)
    for table in before:
        changed = [i for i in after[table] if i not in before[table]]
        names = [i.get("record", {"S": ""})["S"] for i in changed]
        assert all(name.startswith(("audit#", "history#")) for name in names)


def plain_key(item: Item) -> dict[str, str]:
    """Return an item's key as the audit prints it."""
    hash_name, range_name = key_names(item)
    return {"hash_key": item[hash_name]["S"], "range_key": item[range_name]["S"]}
