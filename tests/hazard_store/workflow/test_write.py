"""One chunk of one kind: what is written, what a second writer finds, what the report says."""

from __future__ import annotations

import json

import pytest

from hazard_store.errors import Refused
from hazard_store.items import maps
from hazard_store.model import IfStored, Kind
from hazard_store.records import Chunk, Head
from hazard_store.store import Store
from hazard_store.workflow.claim import claim
from hazard_store.workflow.write import write_chunk
from tests.support.laws import nothing_changed
from tests.support.loading import CALCS, FILE, items_of, key_of, plan_of, stored

KINDS = pytest.mark.parametrize("kind", list(Kind))


def claimed(store: Store) -> tuple[Head, Chunk, Chunk]:
    """Claim the file in two chunks."""
    plan = plan_of(store, key_scheme="calc", sites_per_chunk=3)
    head = claim(store, plan, "run-1", IfStored.FAIL).head
    return (head, *head.calculation.chunks)


@KINDS
def test_a_chunk_writes_its_own_items_and_tells_of_each(store: Store, kind: Kind):
    head, first, second = claimed(store)
    told: list[int] = []
    report = write_chunk(store, str(FILE), head, kind, first, told.append)
    items = items_of(store, store.table(kind))
    assert len(items) == report.expected == report.acknowledged == report.sent == sum(told)
    assert (0, True, 0) == (report.found, report.complete, report.retries)
    assert report.wcu >= len(items)
    write_chunk(store, str(FILE), head, kind, second)
    assert 2 * len(items) == len(items_of(store, store.table(kind)))


@KINDS
def test_a_second_writer_finds_what_is_right_and_mends_the_rest(store: Store, kind: Kind):
    """One item is missing, one was altered; the digests are of the file, not of the table."""
    head, chunk, _ = claimed(store)
    once = write_chunk(store, str(FILE), head, kind, chunk)
    table = store.table(kind)
    before = items_of(store, table)
    store.client.delete_item(TableName=table, Key=key_of(before[0]))
    store.client.put_item(TableName=table, Item={**before[1], "lat": {"N": "1"}})
    told: list[int] = []
    again = write_chunk(store, str(FILE), head, kind, chunk, told.append)
    assert (2, len(before) - 2, len(before)) == (again.acknowledged, again.found, sum(told))
    assert before == items_of(store, table)
    assert once.digests == again.digests != ""


def test_a_second_writer_finds_right_map_items_and_mends_the_rest(store: Store, monkeypatch):
    """Of 2 blocks with 2 statistics and 3 IMTs one item is missing, one was altered."""
    monkeypatch.setattr(maps, "MAX_SITES", 2)
    plan = plan_of(store, key_scheme="calc", sites_per_chunk=3, map_statistics="max,0.1")
    head = claim(store, plan, "run-1", IfStored.FAIL).head
    chunk, table = head.calculation.chunks[1], store.table(Kind.STATS)
    told: list[int] = []
    once = write_chunk(store, str(FILE), head, Kind.STATS, chunk, told.append)
    written = once.maps
    assert (14, 14, 14, 0) == (
        written.expected,
        written.sent,
        written.acknowledged,
        written.found,
    )
    assert (6, sum(told)) == (once.acknowledged, 6 + 14)
    assert written.wcu >= 14
    before = items_of(store, table)
    one, other = (item for item in before if item["haz_sol_id"]["S"] == "A:map:sites")
    store.client.delete_item(TableName=table, Key=key_of(one))
    store.client.put_item(TableName=table, Item={**other, "note": {"S": "harmless"}})
    told.clear()
    again = write_chunk(store, str(FILE), head, Kind.STATS, chunk, told.append)
    assert (2, 12, 14) == (again.maps.acknowledged, again.maps.found, again.maps.expected)
    assert (0, 6, 6 + 14) == (again.acknowledged, again.found, sum(told))
    assert before == items_of(store, table)
    assert written.digests == again.maps.digests != ""


@KINDS
def test_the_report_is_kept_with_the_calculation(store: Store, kind: Kind):
    head, first, second = claimed(store)
    report = write_chunk(store, str(FILE), head, kind, first)
    assert report == store.reports(head).report(kind, first)
    assert store.reports(head).report(kind, second) is None
    assert (head.attempt, first.start, first.stop) == (report.attempt, report.start, report.stop)


def test_another_file_is_refused_and_the_report_says_that_nothing_is_complete(store: Store):
    head, chunk, _ = claimed(store)
    other = str(CALCS / "rlzs_only.hdf5")
    with pytest.raises(Refused):
        write_chunk(store, other, head, Kind.STATS, chunk)
    report = store.reports(head).report(Kind.STATS, chunk)
    assert report is not None
    assert (False, 0, "") == (report.complete, report.sent, report.digests)
    assert [] == items_of(store, store.table(Kind.STATS))


def test_a_kind_that_is_not_stored_has_nothing_to_write(store: Store, cli):
    claim(store, plan_of(store, realisations=False), "run-1", IfStored.FAIL)
    for _ in range(2):
        ended = cli("write", FILE, "A", "--kind", "realisations", "--sites", "0:6")
        assert 0 == ended.code, ended.err
        said = json.loads(ended.out)
        assert (0, 0, True) == (said["expected"], said["sent"], said["complete"])
    assert [] == items_of(store, store.table(Kind.REALISATIONS))
    assert 0 == cli("load", FILE, "A", "--if-stored", "resume").code


def test_a_writer_of_the_attempt_that_was_published_ends_well_and_writes_nothing(
    store: Store, cli, monkeypatch, caplog
):
    """Somebody cleared it; a writer of another run, or of none, is refused as ever."""
    stored(store, FILE, "PUBLISHED")
    head = store.head("PUBLISHED")
    chunk = head.calculation.chunks[0]
    arguments = ("write", str(FILE), "PUBLISHED", "--kind", "stats", "--sites", str(chunk))
    assert 73 == cli(*arguments).code
    monkeypatch.setenv("HAZARD_STORE_OWNER", head.owner)
    monkeypatch.setenv("HAZARD_STORE_ATTEMPT", str(head.attempt))
    caplog.set_level("INFO")
    with nothing_changed(store):
        again = cli(*arguments)
    assert 0 == again.code
    assert "PUBLISHED: this run has published it; nothing is written" in caplog.text
    kept = store.reports(head).report(Kind.STATS, chunk)
    assert kept is not None
    assert kept.expected == json.loads(again.out)["expected"]
    monkeypatch.setenv("HAZARD_STORE_ATTEMPT", "7")
    assert 75 == cli(*arguments).code
