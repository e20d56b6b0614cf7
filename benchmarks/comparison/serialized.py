"""Saves packed curves as `ours` does, but through the client library's own serializer.

What the prebuilt bodies (`writer/prebuilt_body.py`) gain is the difference between the two.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

import numpy as np
from numpy.typing import NDArray

from benchmarks.comparison import ours
from benchmarks.comparison.work import Work
from hazard_store import codec
from hazard_store.items import Place, WireItem, item_bytes
from hazard_store.items.digest import canonical_value, digest_of
from hazard_store.items.packed import Packed
from hazard_store.writer.prebuilt_body import Answer


@dataclass(frozen=True, slots=True)
class PlainWrite:
    """A put that carries its item; the client library serializes it at each try."""

    hash_key: str
    range_key: str
    digest: bytes
    item: WireItem
    body: range  # only its length counts: the size that batches are filled by
    is_map: bool = False


def save(work: Work, url: str) -> float:
    """Return the CPU seconds of saving all rows, the reading of the file included."""
    with ExitStack() as stack:
        for place, instead in (
            ("hazard_store.items.packed.Packed.writes", writes),
            ("hazard_store.writer.batch_writer.send_requests", send),
        ):
            stack.enter_context(patch(place, instead))
        return ours.save(work, url)


def writes(self: Packed, place: Place, curves: NDArray[np.float32]) -> Iterator[PlainWrite]:
    """Yield the items of a site as `Packed.writes` does, without their JSON."""
    attributes = self._spec.attributes(place, 0)
    canonical = {name: canonical_value(value) for name, value in attributes.items()}
    range_name = self._spec.range_name
    for rows, range_key in zip(self._spec.groups, self._spec.range_keys(place), strict=True):
        blob, key = codec.encode(curves[rows]), {"S": range_key}
        canonical |= {range_name: canonical_value(key), "curves": canonical_value({"B": blob})}
        item = attributes | {range_name: key, "curves": {"B": blob}}
        size = range(item_bytes(item) * 4 // 3)
        yield PlainWrite(place.hash_key, range_key, digest_of(canonical), item, size)


def send(client: Any, table: str, batch: list[PlainWrite]) -> Answer:
    """Make one BatchWriteItem request as the library's documentation shows it."""
    answer = client.batch_write_item(
        RequestItems={table: [{"PutRequest": {"Item": write.item}} for write in batch]},
        ReturnConsumedCapacity="TOTAL",
    )
    if answer["UnprocessedItems"]:
        raise RuntimeError("the endpoint does not answer as it should")
    return Answer([], sum(used["CapacityUnits"] for used in answer["ConsumedCapacity"]))
