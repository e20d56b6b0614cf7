"""Every change is possible in the states that the table names, and in no other."""

from __future__ import annotations

from pathlib import Path

import pytest

from hazard_store.model import IfStored, Status
from hazard_store.records import Conflict, Head
from hazard_store.records.states import MEANING, TRANSITIONS, Change, picture, table
from hazard_store.store import Store
from hazard_store.workflow.claim import claim
from tests.support.loading import plan_of

DOCS = Path(__file__).parents[3] / "docs" / "reference" / "states.md"


def test_the_page_shows_these_states():
    text = DOCS.read_text()
    assert picture() in text
    assert table() in text


def test_every_change_and_every_state_is_told_of():
    assert set(Change) == set(TRANSITIONS) == set(MEANING)
    states = {state for t in TRANSITIONS.values() for state in (*t.before, t.after)}
    assert {*Status, None} == states


def in_state(store: Store, state: Status) -> Head:
    """Return a head in a state, its audit having passed."""
    head = claim(store, plan_of(store), "one", IfStored.FAIL).head
    store.client.update_item(
        TableName=store.settings.meta_table,
        Key={"haz_sol_id": {"S": "A"}, "record": {"S": "head"}},
        UpdateExpression="SET #status = :s, audited_attempt = attempt",
        ExpressionAttributeNames={"#status": "status"},
        ExpressionAttributeValues={":s": {"S": state}},
    )
    found = store.heads.get(head.storage_id)
    assert found is not None
    return found


def make(store: Store, change: Change, head: Head) -> Head | None:
    """Make a change."""
    heads, transitions = store.heads, store.transitions
    entry = heads.entry("A")
    assert entry is not None
    next_one = head.calculation.model_copy(update={"version": 2})
    changes = {
        Change.TAKE_OVER: lambda: transitions.take_over(head, "two", head.calculation),
        Change.AUDIT: lambda: transitions.begin_audit(head),
        Change.AUDIT_PASSED: lambda: transitions.pass_audit(head, {}),
        Change.FAIL: lambda: transitions.fail(head, {}),
        Change.PUBLISH: lambda: transitions.publish(head),
        Change.GIVE_UP: lambda: transitions.create_instead(entry, head, next_one, "two"),
        Change.WITHDRAW: lambda: transitions.withdraw(head, "two"),
        Change.REMOVE: lambda: transitions.begin_removal(head, "two"),
        Change.CONTINUE: lambda: transitions.record_empty(head, {}),
        Change.FORGET: lambda: transitions.forget(head),
    }
    changes[change]()
    return heads.get(head.storage_id)


# `begin` has no head to begin with, `replace` is a part of `publish`: both have tests of their own.
TRIED = [change for change in Change if change not in (Change.BEGIN, Change.REPLACE)]


@pytest.mark.parametrize("state", list(Status))
@pytest.mark.parametrize("change", TRIED)
def test_a_change_comes_from_these_states_and_no_other(store: Store, change, state):
    head = in_state(store, state)
    transition = TRANSITIONS[change]
    allowed = state in transition.before
    if change is Change.REMOVE and state is Status.REMOVING:
        allowed, transition = True, TRANSITIONS[Change.CONTINUE]  # it goes on
    if not allowed:
        with pytest.raises(Conflict):
            make(store, change, head)
        assert head == store.heads.get("A")
        return
    after = make(store, change, head)
    assert transition.after == (after.status if after else None)
    if after is not None:
        assert after.attempt >= head.attempt


def test_a_change_needs_the_owner_and_attempt_that_were_seen(store: Store):
    head = in_state(store, Status.WRITING)
    store.transitions.take_over(head, "two", head.calculation)
    for change in (Change.AUDIT, Change.AUDIT_PASSED, Change.FAIL, Change.WITHDRAW):
        with pytest.raises(Conflict):
            make(store, change, head)
