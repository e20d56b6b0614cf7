"""Puts -> batches that one BatchWriteItem request may carry."""

from __future__ import annotations

from collections.abc import Iterable

from hazard_store.items import Put
from hazard_store.writer.waiting import Trial, Waiting

MAX_ITEMS = 25  # DynamoDB's limit
# DynamoDB takes 16 MB a request; smaller requests bound memory and repeat less after a fault.
MAX_BYTES = 1_200_000
MAX_WAITING = 1000  # puts that wait for another try before no fresh ones are taken


class Batches:
    """Fills batches with puts that were tried before and with fresh ones."""

    def __init__(self, puts: Iterable[Put], waiting: Waiting) -> None:
        self._puts, self._waiting = iter(puts), waiting
        self._held: Trial | None = None  # taken, and did not fit the batch before
        self._ended = False

    @property
    def exhausted(self) -> bool:
        """Whether all fresh puts were taken."""
        return self._ended and self._held is None

    def next(self, now: float) -> list[Trial]:
        """Return a batch; empty where nothing may be sent now.

        Half of a batch is kept for fresh puts: those that wait are often all of one partition,
        and would only be refused again together.
        """
        fresh = not self.exhausted and len(self._waiting) < MAX_WAITING
        batch = self._waiting.ready(now, MAX_ITEMS // 2 if fresh else MAX_ITEMS)
        size = sum(len(trial.put.body) for trial in batch)
        while fresh and len(batch) < MAX_ITEMS:
            trial = self._held or self._take()
            self._held = None
            if trial is None:
                break
            size += len(trial.put.body)
            if batch and size > MAX_BYTES:
                self._held = trial
                break
            batch.append(trial)
        return batch

    def _take(self) -> Trial | None:
        put = next(self._puts, None)
        if put is None:
            self._ended = True
            return None
        return Trial(put)
