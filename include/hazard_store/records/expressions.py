"""Spells the conditional writes of the metadata table."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from botocore.exceptions import ClientError

from hazard_store.records.head import Conflict, Head
from hazard_store.records.states import TRANSITIONS, Change

_CONFLICTS = {
    "ConditionalCheckFailedException",
    "TransactionCanceledException",
    "TransactionConflictException",
}


def key_of(hash_key: str, record: str) -> dict[str, Any]:
    """Return the key of a record."""
    return {"haz_sol_id": {"S": hash_key}, "record": {"S": record}}


def now() -> str:
    """Return the time as records have it."""
    return dt.datetime.now(dt.UTC).isoformat(timespec="seconds")


def update(
    table: str, key: dict[str, Any], must: dict[str, Any], **changes: str | int | None
) -> dict[str, Any]:
    """Return the parameters of a conditional UpdateItem.

    Args:
        table: the table.
        key: the item.
        must: attribute -> the value it must have; a tuple: one of them; None: it must be absent.
        **changes: attribute -> its new value; None removes it.
    """
    names = {f"#{name}": name for name in (*must, *changes)}
    values: dict[str, Any] = {}
    conditions, sets, removes = [], [], []
    for name, wanted in must.items():
        if wanted is None:
            conditions.append(f"attribute_not_exists(#{name})")
            continue
        any_of = wanted if isinstance(wanted, tuple) else (wanted,)
        labels = [f":must_{name}_{number}" for number in range(len(any_of))]
        values |= dict(zip(labels, map(_wire, any_of), strict=True))
        conditions.append(f"#{name} IN ({', '.join(labels)})")
    for name, value in changes.items():
        if value is None:
            removes.append(f"#{name}")
        else:
            sets.append(f"#{name} = :new_{name}")
            values[f":new_{name}"] = _wire(value)
    parts = [f"SET {', '.join(sets)}"] if sets else []
    parts += [f"REMOVE {', '.join(removes)}"] if removes else []
    return {
        "TableName": table,
        "Key": key,
        "UpdateExpression": " ".join(parts),
        "ConditionExpression": " AND ".join(conditions),
        "ExpressionAttributeNames": names,
        "ExpressionAttributeValues": values,
    }


def update_head(
    table: str,
    head: Head,
    change: Change,
    must: dict[str, Any] | None = None,
    **changes: str | int | None,
) -> dict[str, Any]:
    """Return the parameters that change a head, if it is still as it was seen.

    Args:
        table: the metadata table.
        head: as it was seen: its owner and attempt must be the same.
        change: names the states that it may be in, and the new one.
        must: what else must be, as `update` takes it.
        **changes: what else changes.
    """
    transition = TRANSITIONS[change]
    seen = {"owner": head.owner, "attempt": head.attempt, "status": transition.before}
    return update(
        table,
        key_of(head.storage_id, "head"),
        seen | (must or {}),
        status=transition.after,
        since=now(),
        **changes,
    )


@contextmanager
def conflicts(calc_id: str) -> Iterator[None]:
    """Raise `Conflict` where a condition was not met."""
    try:
        yield
    except ClientError as error:
        if error.response["Error"]["Code"] in _CONFLICTS:
            raise Conflict(calc_id) from error
        raise


def _wire(value: str | int) -> dict[str, Any]:
    return {"N": str(value)} if isinstance(value, int) else {"S": str(value)}
