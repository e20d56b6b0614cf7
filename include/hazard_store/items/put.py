"""An item on its way into a table: spelled as a request carries it, once and for all retries."""

from __future__ import annotations

import json
from base64 import b64decode
from dataclasses import dataclass
from typing import Any

import orjson

from hazard_store.items.form import WireItem


@dataclass(frozen=True, slots=True)
class Put:
    """One item as part of a BatchWriteItem request."""

    hash_key: str
    range_key: str
    digest: bytes
    body: bytes  # {"PutRequest":{"Item":{...}}}

    def item(self) -> WireItem:
        """Return the item as the client library would give it back."""
        item: WireItem = json.loads(self.body)["PutRequest"]["Item"]
        return {name: _decoded(value) for name, value in item.items()}


def put_body(spelled: dict[str, bytes]) -> bytes:
    """Return the part of a request that puts an item, its attributes being spelled already."""
    attributes = b",".join(b'"%s":%s' % (name.encode(), text) for name, text in spelled.items())
    return b'{"PutRequest":{"Item":{%s}}}' % attributes


def spell(value: dict[str, Any]) -> bytes:
    """Return an attribute's value as JSON."""
    return orjson.dumps(value)


def _decoded(value: dict[str, Any]) -> dict[str, Any]:
    return {"B": b64decode(value["B"])} if "B" in value else value
