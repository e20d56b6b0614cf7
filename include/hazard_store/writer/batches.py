"""Items -> batches that one BatchWriteItem request may carry."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from hazard_store.items import WireItem, wire_bytes

MAX_ITEMS = 25  # DynamoDB's limit
# DynamoDB takes 16 MB a request; smaller requests bound memory and repeat less after a fault.
MAX_BYTES = 1_200_000


def batches(items: Iterable[WireItem]) -> Iterator[list[WireItem]]:
    """Yield the items in order, as many to a batch as its limits allow."""
    batch: list[WireItem] = []
    size = 0
    for item in items:
        item_size = wire_bytes(item)
        if batch and (len(batch) == MAX_ITEMS or size + item_size > MAX_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(item)
        size += item_size
    if batch:
        yield batch
