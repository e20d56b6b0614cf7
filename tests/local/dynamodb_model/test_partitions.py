"""The capacity model: what each partition and each table lets in, under the test's clock."""

from __future__ import annotations

import pytest

from local.dynamodb_model.partitions import Capacity, TableCapacity, place_of


def written(table: TableCapacity, keys: list[str], wcu: float, now: float) -> int:
    """Put an item of so many units under each key; return how many were let in."""
    return sum(table.write(key, "r", wcu, now) is None for key in keys)


def test_one_key_gets_the_capacity_of_one_partition():
    table = TableCapacity(Capacity(partitions=4, table_wcu_per_s=None), 0.0)
    assert 1000 == sum(written(table, ["hot"] * 2000, 1, float(s)) for s in (1,))
    assert 1000 == written(table, ["hot"] * 2000, 1, 2.0)
    assert table.at(place_of("hot", "r")).throttles == 2000


def test_many_keys_get_the_capacity_of_all():
    table = TableCapacity(Capacity(partitions=4, table_wcu_per_s=None), 0.0)
    keys = [f"key-{i}" for i in range(20_000)]
    assert 4000 == written(table, keys, 1, 1.0)


def test_a_new_table_takes_four_thousand_whatever_its_partitions():
    table = TableCapacity(Capacity(partitions=40), 0.0)
    keys = [f"key-{i}" for i in range(20_000)]
    assert 4000 == written(table, keys, 1, 1.0)
    assert "table" == table.write("another", "r", 1, 1.0)


def test_a_table_grows_to_twice_the_peak_of_half_an_hour_ago():
    table = TableCapacity(Capacity(partitions=40), 0.0)
    keys = [f"key-{i}" for i in range(40_000)]
    assert 4000 == written(table, keys, 1, 1.0)
    assert 4000 == written(table, keys, 1, 60.0)
    table.write("later", "r", 1, 1900.0)
    assert 8000 == written(table, keys, 1, 1901.0)


def test_scale_makes_all_rates_smaller():
    table = TableCapacity(Capacity(partitions=1, scale=0.1, table_wcu_per_s=None), 0.0)
    assert 100 == written(table, ["k"] * 1000, 1, 1.0)


def test_a_request_may_overdraw_and_is_paid_back():
    table = TableCapacity(Capacity(partitions=1, scale=0.01, table_wcu_per_s=None), 0.0)
    assert table.write("k", "r", 30, 1.0) is None  # ten in hand
    assert "partition" == table.write("k", "r", 1, 2.0)
    assert table.write("k", "r", 1, 3.5) is None


def test_unused_capacity_is_kept_for_a_while():
    table = TableCapacity(Capacity(partitions=1, table_wcu_per_s=None, burst_s=300), 0.0)
    assert 300_000 == written(table, ["k"] * 1000, 300, 1000.0) * 300


@pytest.mark.parametrize(("growing", "splits"), [(False, True), (True, False)])
def test_heat_splits_a_partition_and_helps_unless_keys_only_grow(growing: bool, splits: bool):
    capacity = Capacity(partitions=1, table_wcu_per_s=None, split_after_s=2)
    table = TableCapacity(capacity, 0.0)
    let_in = []
    for second in range(1, 12):
        order = range(5000) if growing else ((i * 7919) % 5000 for i in range(5000))
        keys = (f"{second * growing:02d}-{i:05d}" for i in order)
        let_in.append(sum(table.write("k", key, 1, float(second)) is None for key in keys))
    assert 1000 == let_in[0]
    assert (max(let_in[-3:]) > 1500) == splits
    assert table.splits > 0
