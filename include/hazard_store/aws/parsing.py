"""Items out of an answer's JSON, in place, where the client library would build them anew.

The library walks every dict of an answer by its shapes, which is half of what reading a page costs.
But of an item only the binaries change: they come as base64. So the items are taken here, and the
library parses the answer without them. What is not exactly as DynamoDB spells an item is left to
the library, which makes of it what it always did.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import orjson
from pybase64 import b64decode

# The member of an answer that holds its items.
_MEMBERS = {"Query": "Items", "Scan": "Items", "BatchGetItem": "Responses", "GetItem": "Item"}
_AS_THEY_ARE = frozenset({"S", "N", "BOOL", "NULL"})
MAX_DEPTH = 32  # of an attribute; DynamoDB stores no deeper one


def json_object(body: bytes) -> dict[str, Any] | None:
    """Return the JSON object that a body is; None where it is none.

    What only Python's own parser takes, such as NaN, is none; integers above 64 bits are floats.
    """
    try:
        content = orjson.loads(body)
    except ValueError:
        return None
    return content if isinstance(content, dict) else None


def take_items(operation: str, content: dict[str, Any]) -> dict[str, Any]:
    """Take the items out of an answer.

    Args:
        operation: what was asked for.
        content: the answer; where items are taken, without them afterwards.

    Returns:
        the member that holds them, as the library would return it. Empty where there are none, and
        where only the library knows what to make of them; the content is then of no more use.
    """
    member = _MEMBERS.get(operation)
    if member is None or member not in content:
        return {}
    try:
        for item in _items(operation, content[member]):
            _decode(item.values())
    except (AttributeError, TypeError, ValueError):
        return {}
    return {member: content.pop(member)}


def _items(operation: str, found: Any) -> Iterable[dict[str, Any]]:
    if operation == "GetItem":
        return (found,)
    if operation == "BatchGetItem":
        return [item for of_table in found.values() for item in _list(of_table)]
    return _list(found)


def _decode(attributes: Iterable[dict[str, Any]], depth: int = 1) -> None:
    """Decode the binaries of attributes in place.

    Raises:
        AttributeError, TypeError, ValueError: an attribute is not one value of a known type.
    """
    for attribute in attributes:
        ((kind, value),) = attribute.items()
        if kind == "B":
            attribute["B"] = b64decode(value, validate=True)
        elif kind not in _AS_THEY_ARE or value is None:
            _decode_compound(attribute, kind, value, depth)


def _decode_compound(attribute: dict[str, Any], kind: str, value: Any, depth: int) -> None:
    if depth > MAX_DEPTH:
        raise ValueError("too deep")
    if kind == "M":
        _decode(value.values(), depth + 1)
    elif kind == "L":
        _decode(_list(value), depth + 1)
    elif kind == "BS":
        attribute["BS"] = [b64decode(binary, validate=True) for binary in _list(value)]
    elif kind in ("SS", "NS"):
        _list(value)
    else:
        raise ValueError(f"no type {kind}")


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError("no list")
    return value
