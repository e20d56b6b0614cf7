"""A digest per item, over its key and all that it says: what the audit without the file relies on.

Numbers are digested by value, since DynamoDB respells them; everything else by its bytes.
"""

from __future__ import annotations

import hashlib
import struct
from typing import Any

from hazard_store.items.form import WireItem

DIGEST_BYTES = 8  # a chance alteration stays unseen once in 2**64


def item_digest(item: WireItem) -> bytes:
    """Return the digest of an item, the same before writing and after reading it back."""
    out: list[bytes] = []
    for name in sorted(item):
        out.append(_framed(b"a", name.encode()))
        _digest_value(item[name], out)
    return hashlib.blake2b(b"".join(out), digest_size=DIGEST_BYTES).digest()


def _framed(tag: bytes, content: bytes) -> bytes:
    return tag + struct.pack("<I", len(content)) + content


def _digest_value(value: dict[str, Any], out: list[bytes]) -> None:
    ((kind, content),) = value.items()
    if kind == "S":
        out.append(_framed(b"s", content.encode()))
    elif kind == "N":
        out.append(b"n" + struct.pack("<d", float(content)))
    elif kind == "B":
        out.append(_framed(b"b", bytes(content)))
    elif kind == "L":
        out.append(b"l" + struct.pack("<I", len(content)))
        if content and all("N" in entry for entry in content):
            out.append(b"f" + struct.pack(f"<{len(content)}d", *(float(e["N"]) for e in content)))
        else:
            for entry in content:
                _digest_value(entry, out)
    elif kind == "M":
        out.append(b"m" + struct.pack("<I", len(content)))
        for name in sorted(content):
            out.append(_framed(b"a", name.encode()))
            _digest_value(content[name], out)
    else:
        out.append(_framed(b"?", repr(value).encode()))
