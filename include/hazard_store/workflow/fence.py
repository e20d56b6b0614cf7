"""Who may write a calculation: checked when a writer begins and before its batches."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from hazard_store.errors import LostOwnership, Refused
from hazard_store.model import Status
from hazard_store.records import Head
from hazard_store.store import Store

HOLDS_S = 0.05  # about as long as a batch is under way, which no check can call back


class Shared:
    """A check whose answer holds for a moment, for all threads of a writer."""

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
    if head.status not in (Status.WRITING, Status.AUDITING, Status.FAILED):
        raise Refused(calc_id, f"it is {head.status}: nothing is written to it any more")
    check_owner(store, head)
    return head


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


def fence(store: Store, head: Head) -> None:
    """Check that the attempt of `head` still owns the calculation.

    Raises:
        LostOwnership: it does not.
    """
    now = store.heads.owner_of(head.storage_id)
    if now != (head.owner, head.attempt):
        by = f"{now[0]} (attempt {now[1]})" if now else "its removal"
        raise LostOwnership(head.calc_id, f"attempt {head.attempt} was taken over by {by}")
