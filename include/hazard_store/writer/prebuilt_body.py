"""BatchWriteItem with a body that is spelled already.

The client library would walk every item, encode its binaries and spell the whole as JSON, and do
it again at each retry; that is most of a writer's CPU time. Here the puts bring their own JSON, and
the library signs and sends it: two of its documented events, `before-parameter-build` and
`before-call`, carry the body past its serializer. Endpoint, credentials, signing, connections and
the parsing of answers stay the library's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.parsers import ResponseParserError

from hazard_store.items import Put
from hazard_store.keys import HASH_KEY, RANGE_KEYS

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_CONTEXT = "hazard_store_body"


class _Spelled(list[Any]):
    """Stands for a table's puts in the request's parameters; carries the body."""

    body: bytes


@dataclass(frozen=True)
class Answer:
    """What DynamoDB did of a batch."""

    left: list[Put]  # unprocessed
    wcu: float  # as DynamoDB counts them


def accept_bodies(client: DynamoDBClient) -> None:
    """Make a client take bodies from `send_puts`."""
    events = client.meta.events
    events.register("before-parameter-build.dynamodb.BatchWriteItem", _remember)
    events.register("before-call.dynamodb.BatchWriteItem", _replace)


def send_puts(client: DynamoDBClient, table: str, puts: list[Put]) -> Answer:
    """Make one BatchWriteItem request.

    Args:
        client: a client that was given to `accept_bodies`.
        table: the table's name.
        puts: at most 25, no key twice.

    Raises:
        ResponseParserError: the answer is not whole.
    """
    items = _Spelled()
    items.body = b'{"RequestItems":{"%s":[%s]},"ReturnConsumedCapacity":"TOTAL"}' % (
        table.encode(),
        b",".join(put.body for put in puts),
    )
    answer: Any = client.batch_write_item(RequestItems={table: items})
    wcu = sum(used["CapacityUnits"] for used in answer.get("ConsumedCapacity", []))
    if "UnprocessedItems" not in answer:  # the library makes nothing of an answer cut short
        raise ResponseParserError("the answer says nothing of the items")
    unprocessed = answer["UnprocessedItems"].get(table, [])
    if not unprocessed:
        return Answer([], wcu)
    by_key = {(put.hash_key, put.range_key): put for put in puts}
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
    if isinstance(items, _Spelled):
        context[_CONTEXT] = items.body


def _replace(params: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
    if _CONTEXT in context:
        params["body"] = context.pop(_CONTEXT)
