"""Conditional writes of calculation records as DynamoDB's expressions, said with pynamodb.

pynamodb says conditions and actions; the store's own client sends them (docs/decisions/0009).
Imported only where a state is changed: readers do without it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import reduce
from operator import and_
from typing import Any

from botocore.exceptions import ClientError
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action, Update

from hazard_store.aws.codes import CANCELLED, CONDITION_FAILED, cancellation_reasons
from hazard_store.records.head import Conflict, Head
from hazard_store.records.states import TRANSITIONS, Change
from hazard_store.tables import MetaRecord

ABSENT = MetaRecord.haz_sol_id.does_not_exist()


def as_seen(head: Head, change: Change) -> Condition:
    """Return the condition that a head is as it was seen, and in a state that the change takes."""
    before = [str(state) for state in TRANSITIONS[change].before if state is not None]
    return all_of(
        MetaRecord.owner == head.owner,
        MetaRecord.attempt == head.attempt,
        MetaRecord.status.is_in(*before),
    )


def all_of(*conditions: Condition) -> Condition:
    """Return a condition that is met where all of these are."""
    return reduce(and_, conditions)


def values(**changes: str | int | None) -> list[Action]:
    """Return the actions that set attributes of a record; None removes one."""
    return [
        attribute.remove() if value is None else attribute.set(value)
        for attribute, value in ((getattr(MetaRecord, n), v) for n, v in changes.items())
    ]


def request(
    table: str, key: dict[str, Any], condition: Condition, *actions: Action
) -> dict[str, Any]:
    """Return the parameters of a conditional request on one record.

    Args:
        table: the metadata table.
        key: the record.
        condition: what must be.
        *actions: what changes; none for a deletion or a check.
    """
    names: dict[str, str] = {}
    placed: dict[str, Any] = {}
    parameters: dict[str, Any] = {
        "TableName": table,
        "Key": key,
        "ConditionExpression": condition.serialize(names, placed),
    }
    if actions:
        parameters["UpdateExpression"] = Update(*actions).serialize(names, placed)
    parameters["ExpressionAttributeNames"] = {label: name for name, label in names.items()}
    if placed:
        parameters["ExpressionAttributeValues"] = placed
    return parameters


@contextmanager
def conflicts(calc_id: str) -> Iterator[None]:
    """Raise `Conflict` where a condition was not met."""
    try:
        yield
    except ClientError as error:
        code = error.response["Error"]["Code"]
        cancelled = code == CANCELLED and CONDITION_FAILED in cancellation_reasons(error.response)
        if cancelled or code == "ConditionalCheckFailedException":
            raise Conflict(calc_id) from error
        raise  # another request was in the way, or too many: that says nothing of the state
