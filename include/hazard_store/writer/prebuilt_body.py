"""BatchWriteItem with a body that is serialized already.

The client library would walk every item, encode its binaries and serialize the whole as JSON, and
do it again at each retry; that is most of a writer's CPU time. Here the writes bring their own
JSON, and the library signs and sends it: two of its documented events, `before-parameter-build` and
`before-call`, carry the body past its serializer. Endpoint, credentials, signing, connections and
the parsing of answers stay the library's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.parsers import ResponseParserError

from hazard_store.items import WriteRequest
from hazard_store.keys import HASH_KEY, RANGE_KEYS

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_CONTEXT = "hazard_store_body"


class _PrebuiltWrites(list[Any]):
    """Stands for a table's writes in the request's parameters; carries the body."""

    body: bytes


@dataclass(frozen=True)
class Answer:
    """What DynamoDB did of a batch."""

    left: list[WriteRequest]  # unprocessed
    wcu: float  # as DynamoDB counts them


def accept_prebuilt_bodies(client: DynamoDBClient) -> None:
    """Make a client take bodies from `send_requests`."""
    events = client.meta.events
    events.register("before-parameter-build.dynamodb.BatchWriteItem", _remember)
    events.register("before-call.dynamodb.BatchWriteItem", _replace)


def send_requests(client: DynamoDBClient, table: str, writes: list[WriteRequest]) -> Answer:
    """Make one BatchWriteItem request.

    Args:
        client: a client that was given to `accept_prebuilt_bodies`.
        table: the table's name.
        writes: at most 25, no key twice.

    Raises:
        ResponseParserError: the answer is not whole.
    """
    items = _PrebuiltWrites()
    items.body = b'{"RequestItems":{"%s":[%s]},"ReturnConsumedCapacity":"TOTAL"}' % (
        table.encode(),
        b",".join(write.body for write in writes),
    )
    answer: Any = client.batch_write_item(RequestItems={table: items})
    wcu = sum(used["CapacityUnits"] for used in answer.get("ConsumedCapacity", []))
    if "UnprocessedItems" not in answer:  # the library makes nothing of an answer cut short
        raise ResponseParserError("the answer says nothing of the items")
    unprocessed = answer["UnprocessedItems"].get(table, [])
    if not unprocessed:
        return Answer([], wcu)
    by_key = {(write.hash_key, write.range_key): write for write in writes}
    return Answer([by_key[_key(request)] for request in unprocessed], wcu)


def _key(request: Any) -> tuple[str, str]:
    item = (
        request["PutRequest"]["Item"]
        if "PutRequest" in request
        else request["DeleteRequest"]["Key"]
    )
    name = next(name for name in RANGE_KEYS.values() if name in item)
    return item[HASH_KEY]["S"], item[name]["S"]


def _remember(params: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
    (items,) = params["RequestItems"].values()
    if isinstance(items, _PrebuiltWrites):
        context[_CONTEXT] = items.body


def _replace(params: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
    if _CONTEXT in context:
        params["body"] = context.pop(_CONTEXT)
