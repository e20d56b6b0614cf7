"""Tries what a role of the template may do, without changing anything.

Each try names a key that no calculation has (ids begin with a letter or digit), and what writes
demands that the item exists.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from botocore.exceptions import ClientError

from hazard_store.keys import HASH_KEY, RANGE_KEYS
from hazard_store.model import Kind
from hazard_store.records.inspections import LEFT
from hazard_store.store import Store

NO_SUCH_KEY = "#check"
DELETES_LEFT = f"DeleteItem ({LEFT}*)"  # of what `inspect` leaves for a run, and of nothing else
DENIED = ("AccessDenied", "AccessDeniedException", "NotAuthorized")
_UNMET = ("ConditionalCheckFailedException", "TransactionCanceledException")

# What each role does with the table of records, and with the two tables of curves.
ROLES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "reader": (("BatchGetItem", "GetItem", "Query"), ("BatchGetItem", "Query")),
    "writer": (("GetItem", "PutItem", "UpdateItem"), ("BatchWriteItem", "Query")),
    "orchestrator": (
        ("ConditionCheckItem", DELETES_LEFT, "GetItem", "PutItem", "Query", "UpdateItem"),
        (),
    ),
    "remover": (("DeleteItem", "GetItem", "Query", "UpdateItem"), ("BatchWriteItem", "Query")),
}
ROLES["all"] = (
    tuple(sorted({action for of_records, _ in ROLES.values() for action in of_records})),
    tuple(sorted({action for _, of_curves in ROLES.values() for action in of_curves})),
)
# Not of `all`, which every installation needs.
ROLES["auditor"] = (("GetItem", "PutItem"), ("Query", "Scan"))
READS_INBOX = ("writer", "orchestrator", "auditor", "all")


def range_key_names(store: Store) -> dict[str, str]:
    """Return the name of each table's range key."""
    curves = {store.table(kind): RANGE_KEYS[kind] for kind in Kind}
    return {store.settings.meta_table: "record", **curves}


def denied(store: Store, client: Any, role: str) -> Iterator[str]:
    """Yield what the credentials may not do of what a role does: `dynamodb:PutItem on TABLE`.

    Args:
        store: where; its three tables exist.
        client: who asks.
        role: one of `ROLES`.
    """
    of_records, of_curves = ROLES[role]
    for table, range_name in range_key_names(store).items():
        for action in of_records if table == store.settings.meta_table else of_curves:
            key = {HASH_KEY: {"S": NO_SUCH_KEY}, range_name: {"S": NO_SUCH_KEY}}
            if not _may(_TRIES[action](client, table, key)):
                yield f"dynamodb:{action} on {table}"


def _may(call: Callable[[], Any]) -> bool:
    try:
        call()
    except ClientError as error:
        code = error.response["Error"].get("Code")
        if code not in (*DENIED, *_UNMET):
            raise
        reasons = error.response.get("CancellationReasons", ())
        return code not in DENIED and not any(each.get("Code") in DENIED for each in reasons)
    return True


_EXISTS = {"ConditionExpression": f"attribute_exists({HASH_KEY})"}

_TRIES: dict[str, Callable[[Any, str, Any], Callable[[], Any]]] = {
    "GetItem": lambda c, table, key: partial(c.get_item, TableName=table, Key=key),
    "Query": lambda c, table, key: partial(
        c.query,
        TableName=table,
        KeyConditionExpression=f"{HASH_KEY} = :key",
        ExpressionAttributeValues={":key": key[HASH_KEY]},
        Limit=1,
    ),
    "Scan": lambda c, table, key: partial(c.scan, TableName=table, Limit=1),  # noqa: ARG005
    "BatchGetItem": lambda c, table, key: partial(
        c.batch_get_item, RequestItems={table: {"Keys": [key]}}
    ),
    "PutItem": lambda c, table, key: partial(c.put_item, TableName=table, Item=key, **_EXISTS),
    "UpdateItem": lambda c, table, key: partial(c.update_item, TableName=table, Key=key, **_EXISTS),
    "DeleteItem": lambda c, table, key: partial(c.delete_item, TableName=table, Key=key, **_EXISTS),
    DELETES_LEFT: lambda c, table, key: _TRIES["DeleteItem"](
        c, table, {**key, HASH_KEY: {"S": f"{LEFT}{NO_SUCH_KEY}"}}
    ),
    "ConditionCheckItem": lambda c, table, key: partial(
        c.transact_write_items,
        TransactItems=[{"ConditionCheck": {"TableName": table, "Key": key, **_EXISTS}}],
    ),
    # It knows no conditions; to delete what is not there changes nothing.
    "BatchWriteItem": lambda c, table, key: partial(
        c.batch_write_item, RequestItems={table: [{"DeleteRequest": {"Key": key}}]}
    ),
}
