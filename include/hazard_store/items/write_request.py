"""An item on its way into a table: spelled as a request carries it, once and for all retries."""

from __future__ import annotations

import json
from base64 import b64decode
from dataclasses import dataclass
from typing import Any

import orjson

from hazard_store.items.spec import WireItem
from hazard_store.keys import HASH_KEY


@dataclass(frozen=True, slots=True)
class WriteRequest:
    """One item as part of a BatchWriteItem request."""

    hash_key: str
    range_key: str
    digest: bytes
    body: bytes  # {"PutRequest":{"Item":{...}}}, or a DeleteRequest
    is_map: bool = False  # counted apart from rows

    def item(self) -> WireItem:
        """Return the item as the client library would give it back."""
        item: WireItem = json.loads(self.body)["PutRequest"]["Item"]
        return {name: _decoded(value) for name, value in item.items()}


def put_request_body(serialized: dict[str, bytes]) -> bytes:
    """Return the part of a request that puts an item, its attributes being serialized already."""
    attributes = b",".join(b'"%s":%s' % (name.encode(), text) for name, text in serialized.items())
    return b'{"PutRequest":{"Item":{%s}}}' % attributes


def deletion(hash_key: str, range_name: str, range_key: str) -> WriteRequest:
    """Return the request that deletes an item: to the writer it is one like the others."""
    key = orjson.dumps({HASH_KEY: {"S": hash_key}, range_name: {"S": range_key}})
    return WriteRequest(hash_key, range_key, b"", b'{"DeleteRequest":{"Key":%s}}' % key)


def serialize(value: dict[str, Any]) -> bytes:
    """Return an attribute's value as JSON."""
    return orjson.dumps(value)


def _decoded(value: dict[str, Any]) -> dict[str, Any]:
    return {"B": b64decode(value["B"])} if "B" in value else value
