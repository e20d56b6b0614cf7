"""Cancelled transactions: what passes is waited out, a condition that fails is an answer."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ClientError

from hazard_store.aws.errors import to_hazard_error
from hazard_store.aws.retry import is_temporary
from hazard_store.errors import TryAgain
from hazard_store.model import IfStored
from hazard_store.records import Conflict, Head
from hazard_store.store import Store
from hazard_store.workflow.claim import claim
from tests.support.loading import plan_of

PASSING = ["TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"]


class Body(io.BytesIO):
    """The body of an answer, as the client library reads it."""

    def stream(self, **_: Any) -> Iterator[bytes]:
        """Yield all of it."""
        yield self.read()


def cancelled(*codes: str) -> bytes:
    """Return the body of the answer to a transaction that was cancelled."""
    return json.dumps(
        {
            "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
            "Message": f"Transaction cancelled, specific reasons [{', '.join(codes)}]",
            "CancellationReasons": [{"Code": code} for code in codes],
        }
    ).encode()


def cancelling(store: Store, *codes: str, times: int = 1) -> tuple[Store, list[str]]:
    """Return a store whose next transactions are cancelled, and a list of what was asked."""
    fresh, asked = Store(store.settings.model_copy(update={"retry_cap_s": 0.01})), []

    def answer(request: Any, **_: Any) -> AWSResponse | None:
        asked.append(request.headers["X-Amz-Target"])
        if len(asked) > times:
            return None
        headers = {"x-amzn-RequestId": "A" * 52, "content-type": "application/x-amz-json-1.0"}
        return AWSResponse(request.url, 400, headers, Body(cancelled(*codes)))  # type: ignore[arg-type]

    events: Any = fresh.client.meta.events
    events.register_first("before-send.dynamodb.TransactWriteItems", answer)
    return fresh, asked


def begin(store: Store) -> Callable[[Store], object]:
    calculation = plan_of(store).calculation
    return lambda other: other.transitions.create(calculation, "one")


def beside(store: Store) -> Callable[[Store], object]:
    head = published(store)
    entry = store.heads.entry("A")
    assert entry is not None
    return lambda other: other.transitions.create_beside(entry, version_two(head), "two")


def instead(store: Store) -> Callable[[Store], object]:
    head = claim(store, plan_of(store), "one", IfStored.FAIL).head
    failed = store.transitions.fail(head, {})
    entry = store.heads.entry("A")
    assert entry is not None
    return lambda other: other.transitions.create_instead(entry, failed, version_two(head), "two")


def replace(store: Store) -> Callable[[Store], object]:
    beside(store)(store)
    head = store.heads.working("A")
    assert head is not None
    audited = store.transitions.pass_audit(store.transitions.begin_audit(head), {})
    return lambda other: other.transitions.publish(audited)


def forget(store: Store) -> Callable[[Store], object]:
    head = store.transitions.withdraw(published(store), "two")
    empty = store.transitions.begin_removal(head, "two")
    return lambda other: other.transitions.forget(empty)


TRANSACTIONS = {each.__name__: each for each in (begin, beside, instead, replace, forget)}


def published(store: Store) -> Head:
    """Return the head of a published calculation."""
    head = claim(store, plan_of(store), "one", IfStored.FAIL).head
    audited = store.transitions.pass_audit(store.transitions.begin_audit(head), {})
    return store.transitions.publish(audited)


def version_two(head: Head) -> Any:
    """Return the description of the next version."""
    return head.calculation.model_copy(update={"version": 2})


@pytest.mark.parametrize("reason", PASSING)
@pytest.mark.parametrize("name", TRANSACTIONS)
def test_what_passes_is_waited_out(store: Store, name: str, reason: str):
    change = TRANSACTIONS[name](store)
    other, asked = cancelling(store, "None", reason)
    change(other)
    assert 2 == len(asked)


@pytest.mark.parametrize("name", TRANSACTIONS)
@pytest.mark.parametrize("others", [(), ("TransactionConflict",), ("ThrottlingError", "None")])
def test_a_condition_that_fails_is_an_answer(store: Store, name: str, others: tuple[str, ...]):
    """Whatever else was in the way of the same transaction; it is not asked again."""
    change = TRANSACTIONS[name](store)
    other, asked = cancelling(store, "ConditionalCheckFailed", *others)
    with pytest.raises(Conflict):
        change(other)
    assert 1 == len(asked)


def test_what_does_not_pass_in_time_is_temporary(store: Store):
    """75, and never "refused by what is stored"."""
    change = TRANSACTIONS["beside"](store)
    few = Store(store.settings.model_copy(update={"retry_tries": 3}))
    other, asked = cancelling(few, "TransactionConflict", times=100)
    with pytest.raises(ClientError) as raised:
        change(other)
    assert isinstance(to_hazard_error(raised.value), TryAgain)
    assert 3 == len(asked)


@pytest.mark.parametrize(
    ("codes", "temporary"),
    [
        (["TransactionConflict"], True),
        (["None", "ThrottlingError", "TransactionConflict"], True),
        (["ConditionalCheckFailed", "TransactionConflict"], False),
        (["ValidationError"], False),
        (["ItemCollectionSizeLimitExceeded", "ThrottlingError"], False),
        (["None"], False),
    ],
)
def test_reasons_decide(codes: list[str], temporary: bool):
    answer: Any = {
        "Error": {"Code": "TransactionCanceledException", "Message": "cancelled"},
        "CancellationReasons": [{"Code": code} for code in codes],
    }
    assert temporary is is_temporary(ClientError(answer, "TransactWriteItems"))
