"""Deciding and publishing: only what this attempt's audit has passed."""

from __future__ import annotations

from pathlib import Path

import pytest

from hazard_store.errors import LostOwnership, Refused
from hazard_store.model import IfStored, KeyScheme, Kind, Status, StoreOptions
from hazard_store.records import Head
from hazard_store.records.head import Conflict
from hazard_store.store import Store
from hazard_store.workflow.audit import audit, audit_chunk
from hazard_store.workflow.claim import claim
from hazard_store.workflow.fence import writable
from hazard_store.workflow.load import inspect_and_plan
from hazard_store.workflow.plan import Plan
from hazard_store.workflow.publish import AuditFailed, decide, publish
from hazard_store.workflow.write import write_chunk
from tests.support.interposed import with_another_before
from tests.support.loading import CALCS, Silent, items_of, key_of, stored

FILE = CALCS / "classical_rlzs_stats.hdf5"


def plan_of(store: Store, path: Path = FILE) -> Plan:
    options = StoreOptions(key_scheme=KeyScheme.CALC, sites_per_chunk=3)
    return inspect_and_plan(str(path), "A", options, store.settings, Silent())


@pytest.fixture
def written(store: Store) -> Head:
    """A calculation of two chunks, written and not audited."""
    head = claim(store, plan_of(store), "one", IfStored.FAIL).head
    for chunk in head.calculation.chunks:
        for kind in Kind:
            write_chunk(store, str(FILE), head, kind, chunk)
    return head


def audited(store: Store, head: Head) -> Head:
    for chunk in head.calculation.chunks:
        assert audit_chunk(store, head, chunk, str(FILE)).passed
    return head


def test_what_passed_is_published(store: Store, written: Head):
    head = publish(store, decide(store, audited(store, written)))
    assert Status.PUBLISHED is head.status is store.head("A").status
    assert {"stats", "realisations", "maps", "audit", "seconds", "dollars"} == set(head.outcome)


def test_both_steps_may_be_repeated(store: Store, written: Head):
    """A task that is tried again after its answer was lost."""
    audited(store, written)
    decide(store, decide(store, written))
    publish(store, publish(store, store.head("A")))
    assert Status.PUBLISHED is decide(store, written).status
    assert Status.PUBLISHED is store.head("A").status


def test_a_chunk_that_was_not_audited_fails_the_run(store: Store, written: Head):
    audit_chunk(store, written, written.calculation.chunks[0], None)
    with pytest.raises(AuditFailed, match="3:6"):
        decide(store, written)
    assert Status.FAILED is store.head("A").status
    with pytest.raises(Refused):
        publish(store, store.head("A"))


def test_a_difference_fails_the_run(store: Store, written: Head):
    table = store.settings.stats_table
    store.client.delete_item(TableName=table, Key=key_of(items_of(store, table)[0]))
    for chunk in written.calculation.chunks:
        audit_chunk(store, written, chunk, None)
    with pytest.raises(AuditFailed, match="1 missing"):
        decide(store, written)
    assert 1 == AuditFailed.exit_code
    assert Status.FAILED is store.head("A").status


def test_the_audit_of_an_earlier_attempt_does_not_count(store: Store, written: Head):
    decide(store, audited(store, written))
    head = claim(store, plan_of(store), "two", IfStored.RESUME).head
    with pytest.raises(Refused):
        publish(store, head)
    with pytest.raises(AuditFailed, match="not audited"):
        decide(store, head)


def test_an_older_attempt_decides_nothing(store: Store, written: Head):
    audited(store, written)
    claim(store, plan_of(store), "two", IfStored.RESUME)
    with pytest.raises(LostOwnership):
        decide(store, written)
    head = store.head("A")
    assert ("two", 2, Status.WRITING) == (head.owner, head.attempt, head.status)


def test_the_write_itself_asks_for_this_attempts_audit(store: Store, written: Head):
    head = store.transitions.begin_audit(written)
    with pytest.raises(Conflict):
        store.transitions.publish(head)
    assert Status.AUDITING is store.head("A").status


def test_taken_over_between_audit_and_publication(store: Store, written: Head):
    ready = decide(store, audited(store, written))
    raced = with_another_before(
        store, update_item=lambda: claim(store, plan_of(store), "two", IfStored.RESUME)
    )
    with pytest.raises(LostOwnership, match="attempt 2 of two"):  # temporary, and no refusal
        publish(raced, ready)
    assert Status.WRITING is store.head("A").status


def test_a_writer_whose_calculation_another_run_has_published_was_taken_over(
    store: Store, written: Head
):
    """It is told that it lost the calculation, not that its state forbids writing."""
    mine = store.settings.model_copy(update={"owner": written.owner, "attempt": written.attempt})
    stored(store, FILE, if_stored=IfStored.RESUME)
    with pytest.raises(LostOwnership, match="was taken over by"):
        writable(Store(mine), "A")
    with pytest.raises(Refused, match="it is published"):
        writable(store, "A")


def test_published_by_somebody_else_meanwhile(store: Store, written: Head):
    ready = decide(store, audited(store, written))
    raced = with_another_before(store, update_item=lambda: publish(store, ready))
    assert Status.PUBLISHED is publish(raced, ready).status


def test_a_published_calculation_stays_published_whatever_an_audit_says(
    store: Store, written: Head
):
    publish(store, decide(store, audited(store, written)))
    table = store.settings.stats_table
    store.client.delete_item(TableName=table, Key=key_of(items_of(store, table)[0]))
    report = audit(store, "A", None, None, Silent())
    assert not report.passed
    assert Status.PUBLISHED is store.head("A").status
    with pytest.raises(Conflict):
        store.transitions.fail(store.head("A"), {})


def test_a_whole_audit_makes_it_ready(store: Store, written: Head):
    assert audit(store, "A", None, None, Silent()).passed
    head = store.head("A")
    assert (Status.AUDITING, 1) == (head.status, head.audited_attempt)
    assert Status.PUBLISHED is publish(store, head).status


def test_an_incomplete_chunk_does_not_pass_without_the_file(store: Store, written: Head):
    """Its items are there, but no writer has said what they must be."""
    meta = store.settings.meta_table
    for item in items_of(store, meta):
        if item["record"]["S"] == "digests#stats#0001":
            store.client.delete_item(TableName=meta, Key=key_of(item))
    assert not audit(store, "A", None, None, Silent()).passed
    with pytest.raises(Refused):
        publish(store, store.head("A"))
