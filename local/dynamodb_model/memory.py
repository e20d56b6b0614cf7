"""Tables in memory: what the proxy stores by itself, since a benchmark must not wait for more.

They take the requests that curves need: BatchWriteItem, BatchGetItem, GetItem, PutItem, DeleteItem
and Query on both keys. Everything else goes to the endpoint behind the proxy.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_left, insort
from collections import defaultdict
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from hazard_store.items.size import number_bytes as uncached_number_bytes

Item = dict[str, dict[str, Any]]

HASH_KEY = "haz_sol_id"
RANGE_KEYS = ("loc_agg_rk", "loc_rlz_rk")
PAGE_BYTES = 1_000_000

number_bytes = lru_cache(1 << 16)(uncached_number_bytes)  # levels come again in every item


def keys_of(item: Item) -> tuple[str, str]:
    """Return (hash key, range key) of an item or a key."""
    name = next(name for name in RANGE_KEYS if name in item)
    return item[HASH_KEY]["S"], item[name]["S"]


def value_bytes(value: dict[str, Any]) -> int:
    """Return the size of an attribute's value as DynamoDB counts it."""
    ((kind, content),) = value.items()
    if kind == "B":  # base64 on the wire
        text = str(content)
        return len(text) * 3 // 4 - text[-2:].count("=")
    if kind == "N":
        return number_bytes(str(content))
    if kind == "L":
        return 3 + sum(1 + value_bytes(entry) for entry in content)
    if kind == "M":
        return 3 + sum(1 + len(n) + value_bytes(v) for n, v in content.items())
    return len(str(content).encode())


def item_bytes(item: Item) -> int:
    """Return the size of an item as DynamoDB counts it."""
    return sum(len(name) + value_bytes(value) for name, value in item.items())


def write_units(item: Item) -> int:
    """Return the write units of a put."""
    return max(1, math.ceil(item_bytes(item) / 1024))


@dataclass
class MemoryTable:
    """Items by hash key and range key, each with its size."""

    items: dict[str, dict[str, Item]] = field(default_factory=lambda: defaultdict(dict))
    order: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    sizes: dict[tuple[str, str], int] = field(default_factory=dict)  # of items that were read

    def put(self, item: Item) -> None:
        """Store an item."""
        hash_key, range_key = keys_of(item)
        if range_key not in self.items[hash_key]:
            insort(self.order[hash_key], range_key)
        self.items[hash_key][range_key] = item
        self.sizes.pop((hash_key, range_key), None)

    def delete(self, key: Item) -> None:
        """Remove an item, if it is there."""
        hash_key, range_key = keys_of(key)
        if self.items[hash_key].pop(range_key, None) is not None:
            self.order[hash_key].remove(range_key)
            self.sizes.pop((hash_key, range_key), None)

    def get(self, key: Item) -> Item | None:
        """Return an item."""
        hash_key, range_key = keys_of(key)
        return self.items.get(hash_key, {}).get(range_key)

    def size(self, key: Item) -> int:
        """Return the size of an item in bytes; 0 where there is none."""
        place = keys_of(key)
        if place not in self.sizes:
            item = self.get(key)
            if item is None:
                return 0
            self.sizes[place] = item_bytes(item)
        return self.sizes[place]

    def query(self, request: dict[str, Any]) -> tuple[list[Item], Item | None, float]:
        """Return (items, last key where there are more, read units)."""
        hash_key, low, high, prefix = _condition(request)
        keys = self.order.get(hash_key, [])
        if "ExclusiveStartKey" in request:
            low = keys_of(request["ExclusiveStartKey"])[1] + "\0"
        found: list[Item] = []
        size = 0
        for range_key in keys[bisect_left(keys, low) :]:
            if (high is not None and range_key > high) or not range_key.startswith(prefix):
                break
            item = self.items[hash_key][range_key]
            found.append(item)
            size += self.size(item)
            if size >= PAGE_BYTES:
                name = next(n for n in RANGE_KEYS if n in item)
                last = {HASH_KEY: item[HASH_KEY], name: item[name]}
                return found, last, read_units(size, request)
        return found, None, read_units(size, request)


def read_units(size: int, request: dict[str, Any]) -> float:
    """Return the units of reading so many bytes at once: the 4 KB begun, half if not consistent.

    Finding nothing costs as much as finding 4 KB.
    """
    units = max(1, math.ceil(size / 4096))
    return float(units) if request.get("ConsistentRead") else units / 2


def _condition(request: dict[str, Any]) -> tuple[str, str, str | None, str]:
    """Return (hash key, lowest range key, highest, prefix) of a query."""
    names = request.get("ExpressionAttributeNames", {})
    values = {n: v["S"] for n, v in request["ExpressionAttributeValues"].items()}
    text = re.sub(r"#\w+", lambda m: names[m[0]], request["KeyConditionExpression"])
    hash_part, _, rest = text.partition(" AND ")
    hash_key = values[hash_part.split("=")[1].strip()]
    wanted = re.findall(r":\w+", rest)
    if not wanted:
        return hash_key, "", None, ""
    if "begins_with" in rest:
        return hash_key, values[wanted[0]], None, values[wanted[0]]
    if "BETWEEN" in rest:
        return hash_key, values[wanted[0]], values[wanted[1]], ""
    if ">=" in rest:
        return hash_key, values[wanted[0]], None, ""
    if "<" in rest and "<=" not in rest:
        upper = values[wanted[0]]
        return hash_key, "", upper[:-1] + chr(ord(upper[-1]) - 1) + "\U0010ffff", ""
    raise ValueError(f"this model knows no such condition: {text}")
