"""Sends batches from several threads and counts what DynamoDB acknowledged."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import tenacity

from hazard_store.errors import Stopped, TryAgain
from hazard_store.items import Put
from hazard_store.writer.batches import batches
from hazard_store.writer.body import send_puts
from hazard_store.writer.rate import RateLimiter
from hazard_store.writer.retry import RetryPolicy, Unprocessed, is_temporary

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


@dataclass
class WriteCounts:
    """What was sent and what came back, counted over all threads."""

    sent: int = 0  # items put into requests, repeats included
    acknowledged: int = 0  # items that DynamoDB said it has
    wcu: float = 0  # as DynamoDB counts them
    retries: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def add(self, **amounts: float) -> None:
        """Add to the counts, from any thread."""
        with self._lock:
            for name, amount in amounts.items():
                setattr(self, name, getattr(self, name) + amount)


@dataclass
class BatchWriter:
    """Writes items into one table.

    Attributes:
        client: a DynamoDB client that does not retry by itself.
        table: the table's name.
        fence: called before each request; raises when this run may not write any more.
        stop: set by whoever wants the writing to end after what is in flight.
    """

    client: DynamoDBClient
    table: str
    fence: Callable[[], None]
    limiter: RateLimiter
    policy: RetryPolicy = field(default_factory=RetryPolicy)
    threads: int = 8
    stop: threading.Event = field(default_factory=threading.Event)
    counts: WriteCounts = field(default_factory=WriteCounts)
    _given_up: threading.Event = field(default_factory=threading.Event, repr=False)

    def write(self, puts: Iterable[Put]) -> WriteCounts:
        """Write all items; return when every one of them was acknowledged.

        Raises:
            TryAgain: the retry limit was reached; `counts` tells how far it came.
            LostOwnership: the fence says that another run took over.
            Stopped: `stop` was set.
        """
        in_flight: set[Future[None]] = set()
        with ThreadPoolExecutor(self.threads, thread_name_prefix="put") as pool:
            try:
                for batch in batches(puts):
                    self._check_stop()
                    in_flight.add(pool.submit(self._send, batch))
                    # One batch waits for each that is being sent: memory stays bounded.
                    while len(in_flight) >= 2 * self.threads:
                        done, in_flight = wait(in_flight, return_when=FIRST_COMPLETED)
                        _raise_first(done)
                done, in_flight = wait(in_flight)
                _raise_first(done)
            except BaseException:
                self._given_up.set()  # the other threads end after the request they are in
                for future in in_flight:
                    future.cancel()
                raise
        return self.counts

    def _send(self, batch: list[Put]) -> None:
        puts = batch

        def count_retry(_: tenacity.RetryCallState) -> None:
            self.counts.add(retries=1)
            self._check_stop()

        try:
            for attempt in self.policy.retrying(count_retry):
                with attempt:
                    puts = self._put(puts)
                    if puts:
                        raise Unprocessed(f"{len(puts)} of {len(batch)} items")
        except Exception as error:
            if is_temporary(error):
                reason = f"gave up after the retry limit: {error}"
                raise TryAgain(self.table, reason) from error
            raise

    def _put(self, puts: list[Put]) -> list[Put]:
        """Make one request; return what of it is still to be done."""
        self.limiter.wait()
        self.fence()
        self.counts.add(sent=len(puts))
        answer = send_puts(self.client, self.table, puts)
        self.limiter.charge(answer.wcu)
        self.counts.add(wcu=answer.wcu, acknowledged=len(puts) - len(answer.left))
        return answer.left

    def _check_stop(self) -> None:
        if self.stop.is_set() or self._given_up.is_set():
            raise Stopped(self.table, "told to stop; what is missing can be written by a resume")


def _raise_first(done: Iterable[Future[None]]) -> None:
    for future in done:
        future.result()
