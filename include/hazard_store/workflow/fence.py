"""The fence: who may write a calculation, checked when a writer begins and before its batches."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from hazard_store.aws.rate import RateLimiter
from hazard_store.aws.retry import RetryPolicy
from hazard_store.errors import LostOwnership, Refused, TryAgain
from hazard_store.model import Kind, Status
from hazard_store.records import Head
from hazard_store.store import Store
from hazard_store.writer import WCU_PER_BYTE, BatchWriter

HOLDS_S = 0.05  # about as long as a batch is under way, which no check can call back


class CachedCheck:
    """A check whose answer holds for `HOLDS_S`, for all threads of a writer."""

    def __init__(
        self, check: Callable[[], None], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._check, self._clock = check, clock
        self._lock = threading.Lock()  # who comes while the check is under way shares its answer
        self._until = -float("inf")

    def __call__(self) -> None:
        """Check, unless that was done a moment ago; raise what the check raises."""
        with self._lock:
            now = self._clock()
            if now >= self._until:
                self._check()
                self._until = now + HOLDS_S  # counted from before the check


def writable(store: Store, calc_id: str) -> Head:
    """Return the head of a calculation that this process may write.

    Raises:
        Refused: in this state nothing is written.
        LostOwnership: the settings name an owner and attempt that are no longer current.
    """
    head = store.head(calc_id, working=True)
    check_owner(store, head)  # before its state, which may be that of the run that took over
    if head.status not in (Status.WRITING, Status.AUDITING, Status.FAILED):
        raise Refused(calc_id, f"it is {head.status}: nothing is written to it any more")
    return head


def published_by_this_run(store: Store, calc_id: str) -> Head | None:
    """Return the head of a calculation that the run of these settings has published; None: not so.

    Whoever clears a writer of such a run asks for what is done.

    Args:
        store: whose settings name the run and its attempt.
        calc_id: the calculation.
    """
    head, settings = store.head(calc_id, working=True), store.settings
    own = (settings.owner, settings.attempt) == (head.owner, head.attempt)
    return head if own and head.status is Status.PUBLISHED else None


def check_owner(store: Store, head: Head) -> None:
    """Check that the run which the settings name, if they name one, still owns the calculation.

    Raises:
        LostOwnership: it does not.
    """
    settings = store.settings
    mine = (settings.owner or head.owner, settings.attempt or head.attempt)
    if mine != (head.owner, head.attempt):
        raise LostOwnership(
            head.calc_id,
            f"the run {mine[0]} (attempt {mine[1]}) was taken over by {head.owner} "
            f"(attempt {head.attempt})",
        )


def held_by_another(head: Head, advice: str) -> TryAgain:
    """Return the error that names the run which holds a calculation.

    Args:
        head: the calculation, as that run owns it.
        advice: what to do if that run is dead.
    """
    return TryAgain(
        head.calc_id,
        f"it is held by the run {head.owner} (attempt {head.attempt}, {head.status} since "
        f"{head.since}). If that run is dead, {advice}",
    )


def fence(store: Store, head: Head) -> None:
    """Check that the attempt of `head` still owns the calculation.

    Raises:
        LostOwnership: it does not.
    """
    now = store.heads.owner_of(head.storage_id)
    if now != (head.owner, head.attempt):
        by = f"{now[0]} (attempt {now[1]})" if now else "its removal"
        raise LostOwnership(head.calc_id, f"attempt {head.attempt} was taken over by {by}")


def fenced_writer(
    store: Store,
    head: Head,
    kind: Kind,
    wcu_per_s: float | None = None,
    wcu_per_byte: float = WCU_PER_BYTE,
) -> BatchWriter:
    """Return a writer for a kind's table that stops when the attempt of `head` was taken over.

    Args:
        store: where.
        head: the calculation, as this attempt owns it.
        kind: statistics or realisations.
        wcu_per_s: the writer's share of the budget; None: no limit.
        wcu_per_byte: what a byte of the first requests is taken to cost.
    """
    return BatchWriter(
        client=store.bulk_client,
        table=store.table(kind),
        fence=CachedCheck(lambda: fence(store, head)),
        limiter=RateLimiter(wcu_per_s),
        policy=RetryPolicy.of(store.settings),
        threads=store.settings.request_threads,
        wcu_per_byte=wcu_per_byte,
    )
