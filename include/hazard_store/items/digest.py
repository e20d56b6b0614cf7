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
    return digest_of({name: frame(value) for name, value in item.items()})


def digest_of(frames: Mapping[str, bytes]) -> bytes:
    """Return the digest of an item whose attributes are framed already."""
    return hashlib.blake2b(_named(frames), digest_size=DIGEST_BYTES).digest()


def frame(value: dict[str, Any]) -> bytes:
    """Return an attribute's value in one unambiguous spelling."""
    ((kind, content),) = value.items()
    if kind == "S":
        return _framed(b"s", content.encode())
    if kind == "N":
        return b"n" + struct.pack("<d", float(content) + 0.0)  # DynamoDB makes 0 of -0
    if kind == "B":
        return _framed(b"b", bytes(content))
    if kind == "L" and content and all("N" in entry for entry in content):
        return frame_numbers(np.array([entry["N"] for entry in content], "f8"))
    if kind == "L":
        return frame_list([frame(entry) for entry in content])
    if kind == "M":
        return frame_map({name: frame(entry) for name, entry in content.items()})
    return _framed(b"?", repr(value).encode())


def frame_numbers(numbers: NDArray[np.float64]) -> bytes:
    """Return the frame of a list of numbers."""
    return _framed(b"f", (numbers + 0.0).astype("<f8").tobytes())


def frame_list(frames: list[bytes]) -> bytes:
    """Return the frame of any other list."""
    return b"l" + struct.pack("<I", len(frames)) + b"".join(frames)


def frame_map(frames: Mapping[str, bytes]) -> bytes:
    """Return the frame of a map."""
    return b"m" + struct.pack("<I", len(frames)) + _named(frames)


def _named(frames: Mapping[str, bytes]) -> bytes:
    return b"".join([_name(name) + frames[name] for name in sorted(frames)])


@lru_cache(64)  # the same few in every item
def _name(name: str) -> bytes:
    return _framed(b"a", name.encode())


def _framed(tag: bytes, content: bytes) -> bytes:
    return tag + struct.pack("<I", len(content)) + content
