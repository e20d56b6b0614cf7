"""What an item costs: its size as DynamoDB counts it.

Source: AWS, "DynamoDB item sizes and formats": names and strings in UTF-8, binaries as they are,
a number about one byte per two significant digits plus one, a list or map 3 bytes plus 1 an entry.
"""

from __future__ import annotations

import math
from typing import Any

from hazard_store.items.form import WireItem


def item_bytes(item: WireItem) -> int:
    """Return an item's size in bytes as DynamoDB counts it (numbers: within a byte or two)."""
    return sum(len(name.encode()) + _value_bytes(value) for name, value in item.items())


def write_units(item: WireItem) -> int:
    """Return the write units of putting an item: one for each KB begun."""
    return math.ceil(item_bytes(item) / 1024)


def _value_bytes(value: dict[str, Any]) -> int:
    kind, content = next(iter(value.items()))
    if kind == "S":
        return len(content.encode())
    if kind == "B":
        return len(bytes(content))
    if kind == "N":
        text = str(content)
        digits = text.lower().partition("e")[0].replace(".", "").lstrip("-").strip("0")
        return (len(digits) + 1) // 2 + 1 + text.startswith("-")
    if kind == "L":
        return 3 + sum(1 + _value_bytes(entry) for entry in content)
    if kind == "M":
        return 3 + sum(1 + len(n.encode()) + _value_bytes(v) for n, v in content.items())
    return 1
