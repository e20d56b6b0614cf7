"""Items -> batches that one BatchWriteItem request may carry."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from hazard_store.items import Put

MAX_ITEMS = 25  # DynamoDB's limit
# DynamoDB takes 16 MB a request; smaller requests bound memory and repeat less after a fault.
MAX_BYTES = 1_200_000


def batches(puts: Iterable[Put]) -> Iterator[list[Put]]:
    """Yield the puts in order, as many to a batch as its limits allow."""
    batch: list[Put] = []
    size = 0
    for put in puts:
        if batch and (len(batch) == MAX_ITEMS or size + len(put.body) > MAX_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(put)
        size += len(put.body)
    if batch:
        yield batch
