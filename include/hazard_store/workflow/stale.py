"""Finds stale calculations: unpublished, and unchanged for days."""

from __future__ import annotations

import datetime as dt

from hazard_store.model import Status
from hazard_store.records import Head
from hazard_store.store import Store


def stale_heads(store: Store, days: float, now: dt.datetime) -> list[Head]:
    """Return what has been unpublished, and unchanged, for some days.

    Args:
        store: where.
        days: how many.
        now: the time.
    """
    return [head for head in store.heads.all() if is_stale(head, days, now)]


def is_stale(head: Head, days: float, now: dt.datetime) -> bool:
    """Tell whether a calculation has been unpublished, and unchanged, for some days."""
    before = now - dt.timedelta(days=days)
    return head.status is not Status.PUBLISHED and dt.datetime.fromisoformat(head.since) < before
