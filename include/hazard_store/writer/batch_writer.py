"""Sends writes in batches from several threads, and counts what DynamoDB acknowledged."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hazard_store.aws.rate import RateLimiter
from hazard_store.aws.retry import RetryPolicy, is_temporary, is_throttling
from hazard_store.items import WriteRequest
from hazard_store.signals import allowed, deferred
from hazard_store.writer.batches import Batches
from hazard_store.writer.lanes import Lanes, Pending
from hazard_store.writer.prebuilt_body import send_requests

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

STEP_S = 0.5  # the longest sleep before looking again at what may be sent
# Puts that are made and cannot be sent now; a writer's memory follows from it. The more, the surer
# that some of them belong to the partition which has most to take, so that it never idles.
HELD_BYTES = 32_000_000
WCU_PER_BYTE = 0.75 / 1024  # of a request: binaries are in base64


@dataclass
class WriteCounts:
    """What was sent and what came back, counted over all threads."""

    sent: int = 0  # items put into requests, repeats included
    acknowledged: int = 0  # items that DynamoDB said it has
    wcu: float = 0  # as DynamoDB counts them
    retries: int = 0  # requests that were refused, failed or left something undone
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def add(self, **amounts: float) -> None:
        """Add to the counts, from any thread."""
        with self._lock:
            for name, amount in amounts.items():
                setattr(self, name, getattr(self, name) + amount)


@dataclass(frozen=True)
class Outcome:
    """How a request ended."""

    batch: list[Pending]
    left: list[Pending] = field(default_factory=list)  # not taken; may be tried again
    why: BaseException | str = ""
    throttled: bool = False  # too much was asked for


@dataclass
class BatchWriter:
    """Writes writes into one table.

    Attributes:
        client: a DynamoDB client that takes bodies (`accept_prebuilt_bodies`) and does not retry.
        table: the table's name.
        fence: called before each request; raises when this run may not write any more.
        limiter: the rate to hold to.
        policy: how often, how long and after what pauses a write is tried again.
        threads: requests under way at once.
        held_bytes: writes that may be made before they can be sent.
        wcu_per_byte: what a byte of the first requests is taken to cost.
        counts: of all writes but those of maps, which are in `map_counts`.
        clock: seconds.
        pause: waits for a number of seconds.
    """

    client: DynamoDBClient
    table: str
    fence: Callable[[], None]
    limiter: RateLimiter
    policy: RetryPolicy = field(default_factory=RetryPolicy)
    threads: int = 8
    held_bytes: int = HELD_BYTES
    counts: WriteCounts = field(default_factory=WriteCounts)
    map_counts: WriteCounts = field(default_factory=WriteCounts)
    clock: Callable[[], float] = time.monotonic
    pause: Callable[[float], None] = time.sleep
    wcu_per_byte: float = WCU_PER_BYTE  # learned from answers

    def write(self, writes: Iterable[WriteRequest]) -> WriteCounts:
        """Write all writes; return when every one of them was acknowledged.

        Raises:
            TryAgain: the retry limit was reached; `counts` tells how far it came.
            LostOwnership: the fence says that another run took over.
        """
        lanes = Lanes(self.table, self.policy)
        batches = Batches(writes, lanes, self.held_bytes)
        in_flight: set[Future[Outcome]] = set()
        # A signal that came while the pool starts a thread would leave it, and what it sends,
        # uncounted.
        with deferred(), ThreadPoolExecutor(self.threads, thread_name_prefix="put") as pool:
            while True:
                now = self.clock()
                may_send = len(in_flight) < self.threads and not self._in_debt()
                with allowed():
                    batch = batches.next(now) if may_send else None
                if batch:
                    # Charged before it is known, or the first requests would all start free.
                    guess = self.wcu_per_byte * _bytes(batch)
                    self.limiter.charge(guess)
                    in_flight.add(pool.submit(self._send, batch, guess))
                elif in_flight:
                    longest_s = STEP_S
                    if may_send:
                        pause_s = lanes.next_in_s(now)
                        longest_s = STEP_S if pause_s is None else min(STEP_S, pause_s + 0.001)
                        longest_s = 0.0 if batches.may_make else longest_s
                    with allowed():
                        done, in_flight = wait(in_flight, longest_s, FIRST_COMPLETED)
                    for end in (future.result() for future in done):
                        lanes.record_answer(
                            end.batch, end.left, self.clock(), end.why, end.throttled
                        )
                elif lanes:
                    with allowed():
                        self.pause(min(STEP_S, lanes.next_in_s(now) or 0.0))
                elif not batches.may_make:
                    return self.counts

    def _in_debt(self) -> bool:
        debt_s = self.limiter.debt_s()
        if debt_s:
            with allowed():
                self.pause(min(debt_s, STEP_S))
        return debt_s > STEP_S

    def _send(self, batch: list[Pending], guess: float) -> Outcome:
        """Make one request that was charged a guess; the answer's charge replaces it."""
        self.fence()
        counts = self.map_counts if batch[0].write.is_map else self.counts
        counts.add(sent=len(batch))
        try:
            answer = send_requests(self.client, self.table, [pending.write for pending in batch])
        except Exception as error:
            if not is_temporary(error):
                raise
            counts.add(retries=1)
            self.limiter.charge(-guess)
            if is_throttling(error):
                self.limiter.refused()
            return Outcome(batch, batch, error, is_throttling(error))
        left = set(map(id, answer.left))
        self.limiter.charge(answer.wcu - guess)
        if not left:
            self.wcu_per_byte = answer.wcu / _bytes(batch)
        counts.add(wcu=answer.wcu, acknowledged=len(batch) - len(left), retries=1 if left else 0)
        undone = [pending for pending in batch if id(pending.write) in left]
        why = f"{len(undone)} of {len(batch)} items came back unprocessed"
        return Outcome(batch, undone, why, throttled=bool(undone))


def _bytes(batch: list[Pending]) -> int:
    return sum(len(pending.write.body) for pending in batch)
