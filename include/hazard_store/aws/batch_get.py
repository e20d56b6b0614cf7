"""Gets items by their keys, of several tables in one request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from hazard_store.aws.retry import RetryPolicy, Unprocessed

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

KEYS_PER_REQUEST = 100  # DynamoDB's limit

Wire = dict[str, Any]  # a key or an item as the DynamoDB API spells it


def batch_get(
    client: DynamoDBClient, wanted: Mapping[str, Sequence[Wire]]
) -> dict[str, list[Wire]]:
    """Return the items that are stored under some keys, by table; what comes back is asked again.

    Each item is read consistently, but all of them together are no snapshot.

    Args:
        client: with retries of its own.
        wanted: keys by table, `KEYS_PER_REQUEST` at most and none twice.
    """
    left: Any = {
        table: {"Keys": keys, "ConsistentRead": True} for table, keys in wanted.items() if keys
    }
    found: dict[str, list[Wire]] = {table: [] for table in left}
    # The client retries all else.
    for attempt in RetryPolicy().retrying(lambda error: isinstance(error, Unprocessed)):
        with attempt:
            answer: Any = client.batch_get_item(RequestItems=left)
            for table, items in answer["Responses"].items():
                found[table] += items
            left = answer.get("UnprocessedKeys")
            if left:
                n_left = sum(len(of_table["Keys"]) for of_table in left.values())
                raise Unprocessed(f"{n_left} keys")
    return found
