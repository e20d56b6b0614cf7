"""A repair writes exactly the items that the audit names, and deletes only what it may."""

from __future__ import annotations

from pathlib import Path

import pytest

from hazard_store.errors import Refused
from hazard_store.model import KeyScheme, Kind, Layout, Status
from hazard_store.store import Store
from hazard_store.workflow.audit import audit
from hazard_store.workflow.repair import repair
from tests.support.calc_factory import make_calc
from tests.support.laws import assert_same
from tests.support.loading import RANGE_NAMES, Silent, counted_puts, stored
from tests.support.plain_curves import plain_calc


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return make_calc(tmp_path / "calc.hdf5", n=9, r=5).path


def item_keys(store: Store, kind: Kind) -> list[dict]:
    """Return the keys of all items, in their order."""
    name = RANGE_NAMES["stats_table" if kind is Kind.STATS else "realisations_table"]
    found = store.client.scan(TableName=store.table(kind))["Items"]
    keys = [{"haz_sol_id": item["haz_sol_id"], name: item[name]} for item in found]
    return sorted(keys, key=str)


def damage(store: Store) -> None:
    """Delete one item, alter one, add one."""
    for_loss, for_change = item_keys(store, Kind.STATS)[3], item_keys(store, Kind.REALISATIONS)[5]
    store.client.delete_item(TableName=store.table(Kind.STATS), Key=for_loss)
    store.client.update_item(
        TableName=store.table(Kind.REALISATIONS),
        Key=for_change,
        UpdateExpression="SET lat = :l",
        ExpressionAttributeValues={":l": {"N": "12.5"}},
    )
    key = item_keys(store, Kind.REALISATIONS)[6]
    item = store.client.get_item(TableName=store.table(Kind.REALISATIONS), Key=key)["Item"]
    loc, _, rest = item["loc_rlz_rk"]["S"].partition(":00")
    item["loc_rlz_rk"] = {"S": f"{loc}:98{rest}"}
    store.client.put_item(TableName=store.table(Kind.REALISATIONS), Item=item)


@pytest.mark.parametrize("layout", list(Layout))
@pytest.mark.parametrize("scheme", list(KeyScheme))
def test_missing_and_altered_items_are_written_and_extra_ones_deleted(
    store: Store, path: Path, scheme: KeyScheme, layout: Layout
):
    stored(store, path, key_scheme=scheme, layout=layout)
    damage(store)
    found = audit(store, "A", None, None, Silent())
    assert (1, 1, 1) == (found.missing, found.extra, found.altered)
    puts, asked = counted_puts(store), []
    report = repair(store, "A", None, None, Silent(), lambda n: asked.append(n) or True)
    assert report.passed
    assert [1] == asked
    assert 3 == sum(puts)
    assert Status.PUBLISHED is store.head("A").status
    assert_same(plain_calc(path), store, "A")


def test_without_leave_nothing_is_deleted(store: Store, path: Path):
    stored(store, path)
    damage(store)
    report = repair(store, "A", None, None, Silent(), lambda _: False)
    assert (0, 1, 0) == (report.missing, report.extra, report.altered)
    assert not report.passed


def test_only_with_the_same_file(store: Store, path: Path, tmp_path: Path):
    stored(store, path)
    damage(store)
    other = make_calc(tmp_path / "other.hdf5", n=9, r=5, seed=7).path
    with pytest.raises(Refused, match="not the file"):
        repair(store, "A", str(other), None, Silent(), lambda _: True)
    assert not audit(store, "A", None, None, Silent()).passed
