"""The index entry of a calculation: which of its versions readers see.

A calculation that is replaced has its versions side by side, each with keys of its own. A switch
from one to the next is a change of this entry.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

INDEX = "#calculations"  # hash key of the index; no calculation id begins with #


@dataclass(frozen=True)
class IndexEntry:
    """Where the versions of a calculation are."""

    calc_id: str
    storage_id: str  # of the version that readers see
    next: str | None = None  # of the version that is to replace it
    old: tuple[str, ...] = ()  # superseded versions, to be deleted
    versions: int = 1  # begun so far: a number is not used twice

    @property
    def working(self) -> str:
        """The version that a run may write."""
        return self.next or self.storage_id


def index_entry_of(item: dict[str, Any]) -> IndexEntry:
    """Return the entry that an item holds."""
    return IndexEntry(
        calc_id=item["record"]["S"],
        storage_id=item["storage_id"]["S"],
        next=item["next"]["S"] if "next" in item else None,
        old=tuple(sorted(item["old"]["SS"])) if "old" in item else (),
        versions=int(item["versions"]["N"]) if "versions" in item else 1,
    )
