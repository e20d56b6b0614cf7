"""What an item costs: its size as DynamoDB counts it.

Source: AWS, "DynamoDB item sizes and formats": names and strings in UTF-8, binaries as they are,
a number a byte per two significant digits plus one, a list or map 3 bytes plus 1 an entry.
"""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any

from hazard_store.items.spec import WireItem


def item_bytes(item: WireItem) -> int:
    """Return an item's size in bytes as DynamoDB counts it (numbers: within a byte or two)."""
    return sum(len(name.encode()) + _value_bytes(value) for name, value in item.items())


def write_units(item: WireItem) -> int:
    """Return the write units of putting an item: one for each KB begun."""
    return math.ceil(item_bytes(item) / 1024)


def number_bytes(text: str) -> int:
    """Return the size of a number: its significant digits in pairs, aligned on the point, and one.

    >>> number_bytes("0.5"), number_bytes("0.05"), number_bytes("-12.5"), number_bytes("100")
    (2, 2, 4, 2)
    """
    negative, digits, exponent = Decimal(text).normalize().as_tuple()
    if digits == (0,):
        return 1
    odd = int(exponent) % 2  # a pair is begun before the last digit
    return 1 + (len(digits) + odd + 1) // 2 + negative


def _value_bytes(value: dict[str, Any]) -> int:
    kind, content = next(iter(value.items()))
    if kind == "S":
        return len(content.encode())
    if kind == "B":
        return len(bytes(content))
    if kind == "N":
        return number_bytes(str(content))
    if kind == "L":
        return 3 + sum(1 + _value_bytes(entry) for entry in content)
    if kind == "M":
        return 3 + sum(1 + len(n.encode()) + _value_bytes(v) for n, v in content.items())
    return 1
