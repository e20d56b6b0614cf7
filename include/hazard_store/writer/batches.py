"""Puts -> batches that one BatchWriteItem request may carry."""

from __future__ import annotations

from collections.abc import Iterable

from hazard_store.items import WriteRequest
from hazard_store.writer.lanes import Lanes, Pending

MAX_ITEMS = 25  # DynamoDB's limit
# DynamoDB takes 16 MB a request; smaller requests bound memory and repeat less after a fault.
MAX_BYTES = 1_200_000
MAX_MADE = 100  # fresh writes of one call: more would keep answers waiting


class Batches:
    """Fills batches from the lanes, and the lanes with fresh writes."""

    def __init__(self, writes: Iterable[WriteRequest], lanes: Lanes, held_bytes: int) -> None:
        self._writes, self._lanes, self._held_bytes = iter(writes), lanes, held_bytes
        self._ended = False

    @property
    def may_make(self) -> bool:
        """Whether there are fresh writes, and room for them."""
        return not self._ended and self._lanes.size < self._held_bytes

    def next(self, now: float) -> list[Pending]:
        """Return a batch; empty where nothing may be sent now."""
        batch: list[Pending] = []
        size = made = 0
        while len(batch) < MAX_ITEMS:
            pending = self._lanes.first(now)
            if pending is None:
                if not self.may_make or made == MAX_MADE:
                    break
                self._make()
                made += 1
                continue
            size += len(pending.write.body)
            is_map = pending.write.is_map
            if batch and (size > MAX_BYTES or is_map is not batch[0].write.is_map):
                break  # DynamoDB tells the units of a request, and those of maps are told apart
            self._lanes.send_first()
            batch.append(pending)
        return batch

    def _make(self) -> None:
        write = next(self._writes, None)
        if write is None:
            self._ended = True
        else:
            self._lanes.add(write)
