"""A digest per item, over its key and all that it says: what the audit without the file relies on.

Numbers are digested by value, since DynamoDB respells them; everything else by its bytes.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hazard_store.items.spec import WireItem

DIGEST_BYTES = 8  # a chance alteration stays unseen once in 2**64


def item_digest(item: WireItem) -> bytes:
    """Return the digest of an item, the same before writing and after reading it back."""
    return digest_of({name: canonical_value(value) for name, value in item.items()})


def digest_of(canonical: Mapping[str, bytes]) -> bytes:
    """Return the digest of an item whose attributes are in canonical form already."""
    return hashlib.blake2b(_named(canonical), digest_size=DIGEST_BYTES).digest()


def canonical_value(value: dict[str, Any]) -> bytes:
    """Return an attribute's value in canonical form: the same bytes before and after storing."""
    ((kind, content),) = value.items()
    if kind == "S":
        return _tagged(b"s", content.encode())
    if kind == "N":
        return b"n" + struct.pack("<d", float(content) + 0.0)  # DynamoDB makes 0 of -0
    if kind == "B":
        return _tagged(b"b", bytes(content))
    if kind == "L" and content and all("N" in entry for entry in content):
        return canonical_numbers(np.array([entry["N"] for entry in content], "f8"))
    if kind == "L":
        return canonical_list([canonical_value(entry) for entry in content])
    if kind == "M":
        return canonical_map({name: canonical_value(entry) for name, entry in content.items()})
    return _tagged(b"?", repr(value).encode())


def canonical_numbers(numbers: NDArray[np.float64]) -> bytes:
    """Return the canonical form of a list of numbers."""
    return _tagged(b"f", (numbers + 0.0).astype("<f8").tobytes())


def canonical_list(canonical: list[bytes]) -> bytes:
    """Return the canonical form of any other list."""
    return b"l" + struct.pack("<I", len(canonical)) + b"".join(canonical)


def canonical_map(canonical: Mapping[str, bytes]) -> bytes:
    """Return the canonical form of a map."""
    return b"m" + struct.pack("<I", len(canonical)) + _named(canonical)


def _named(canonical: Mapping[str, bytes]) -> bytes:
    return b"".join([_name(name) + canonical[name] for name in sorted(canonical)])


@lru_cache(64)  # the same few in every item
def _name(name: str) -> bytes:
    return _tagged(b"a", name.encode())


def _tagged(tag: bytes, content: bytes) -> bytes:
    return tag + struct.pack("<I", len(content)) + content
