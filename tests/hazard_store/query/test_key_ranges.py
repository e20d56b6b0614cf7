"""What is stored of consecutive sites: ranges of keys, read in order, whatever the pages."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count, islice

import numpy as np

from hazard_store.items import ItemSpec, Place
from hazard_store.keys import KeyMaker
from hazard_store.model import KeyScheme, Kind, Layout
from hazard_store.query.key_ranges import (
    RANGE_SITES,
    KeyRange,
    SidPlace,
    key_ranges_of,
    read_key_ranges,
)
from hazard_store.store import Store

PAGE_BYTES = 1 << 20
FORM = ItemSpec(
    kind=Kind.STATS,
    layout=Layout.PACKED,
    keys=KeyMaker(KeyScheme.CALC_LOCATION, "A"),
    rows=("mean", "std"),
    sizes=(1, 1),
    imts=("PGA",),
    levels=np.ones((1, 2)),
)


def place(number: int, hash_key: str) -> SidPlace:
    return number, Place(0.0, 0.0, None, f"{number:06d}", hash_key)


def keys(key_range: KeyRange) -> tuple[list[int], str | None, str | None]:
    return [sid for sid, _ in key_range.sites], key_range.lower, key_range.upper


def test_key_ranges_share_a_hash_key_and_own_all_keys_between_them():
    """The first and last of a hash key are open, the rest end where the next begins."""
    sites = [place(n, "h" if n < RANGE_SITES + 2 else "i") for n in range(1, RANGE_SITES + 4)]
    before, after = place(0, "h")[1], place(99, "i")[1]
    first, second, third = map(keys, key_ranges_of(FORM, sites, before, after))
    middle = f"{RANGE_SITES + 1:06d}:"
    assert (list(range(1, RANGE_SITES + 1)), "000001:", middle) == first
    assert ([RANGE_SITES + 1], middle, None) == second
    assert ([RANGE_SITES + 2, RANGE_SITES + 3], None, "000099:") == third
    assert ([5], None, None) == keys(next(key_ranges_of(FORM, [place(5, "j")], before, after)))


def test_key_ranges_are_made_as_they_are_asked_for():
    """A chunk of any number of sites takes the memory of a key range or two."""
    taken = 0

    def endless() -> Iterator[SidPlace]:
        nonlocal taken
        for taken in count():
            yield place(taken, f"h{taken // 4}")

    ranges = list(islice(key_ranges_of(FORM, endless(), None, None), 3))
    assert [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 10, 11]] == [keys(each)[0] for each in ranges]
    assert taken <= 16


def test_items_beyond_one_page_are_read(store: Store):
    """DynamoDB ends a page at 1 MB; the rest is asked for."""
    sites = [place(n, "A:big") for n in range(3)]
    size = PAGE_BYTES // 4
    for _, of_site in sites:
        for group in range(2):
            item = FORM.wire_key(*FORM.key(of_site, group)) | {"curves": {"B": bytes(size)}}
            store.client.put_item(TableName=store.table(Kind.STATS), Item=item)
    (found,) = read_key_ranges(store, FORM, key_ranges_of(FORM, sites, None, None))
    assert [key for _, each in sites for key in FORM.range_keys(each)] == sorted(found.items)
    assert found.rcu >= 2  # of two pages at least; the embedded DynamoDB counts one for each
