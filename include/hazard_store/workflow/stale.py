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
    before = now - dt.timedelta(days=days)
    return [
        head
        for head in store.heads.all()
        if head.status is not Status.PUBLISHED and dt.datetime.fromisoformat(head.since) < before
    ]
