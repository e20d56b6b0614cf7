"""Finds the ids under which the content of a file is published already."""

from __future__ import annotations

from contextlib import suppress

from hazard_store.errors import NewerRelease
from hazard_store.identity import Identity, same_content
from hazard_store.model import Status
from hazard_store.store import Store

MAX_NAMED = 3  # ids in the note


def same_content_note(store: Store, found: Identity, calc_id: str) -> str | None:
    """Return a sentence where a file's content is published under other ids; None where it is not.

    Args:
        store: where.
        found: of the file.
        calc_id: the id that it is to have, which does not count.
    """
    ids = []
    with suppress(NewerRelease):  # told at the end of the others: no reason to say nothing
        for head in store.heads.many(e for e in store.heads.entries() if e.calc_id != calc_id):
            stored = head.calculation.identity
            if head.status is Status.PUBLISHED and same_content(stored, found):
                ids.append(head.calc_id)
    if not ids:
        return None
    more = f" and {len(ids) - MAX_NAMED} more" if len(ids) > MAX_NAMED else ""
    return f"The same content is published as {', '.join(ids[:MAX_NAMED])}{more} too."
