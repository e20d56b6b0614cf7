"""Makes in memory what would be written, so that what cannot be stored is told before any write."""

from __future__ import annotations

from typing import Any

from hazard_store.errors import BadCalculation, HazardStoreError
from hazard_store.items.spec import MAX_ITEM_BYTES
from hazard_store.model import Inspection, StoreOptions
from hazard_store.records.head import HEAD_BYTES, put_description
from hazard_store.records.parts import Parts
from hazard_store.settings import Settings
from hazard_store.shown import cut
from hazard_store.workflow.plan import make_plan
from hazard_store.workflow.put_plan import put_plan

ANY_ID = "A"  # the room that items leave for keys takes the longest


def check_storable(inspection: Inspection, force_normalised_sites: bool) -> None:
    """Refuse a calculation of which a record or an item cannot be made.

    Raises:
        BadCalculation: it cannot be stored.
    """
    uri = inspection.calculation.file.uri
    options = StoreOptions(force_normalised_sites=force_normalised_sites)
    unlimited = Settings.model_construct(**_UNLIMITED)
    try:
        plan = make_plan(inspection, ANY_ID, options, unlimited)  # makes items of its sample
        parts = _Unwritten(uri)
        put_plan(parts, plan)
        head = put_description(plan.calculation, parts)["calculation"] or ""
        size = len(head.encode())
    except (ValueError, TypeError, OverflowError) as error:
        if isinstance(error, HazardStoreError):
            raise
        raise BadCalculation(uri, f"it has what cannot be stored: {cut(error)}") from error
    if size > HEAD_BYTES:
        raise BadCalculation(
            uri,
            f"its description takes {size:,} bytes, most of it names of intensity measures and "
            f"statistics, and {HEAD_BYTES:,} fit a record",
        )


class _Unwritten(Parts):
    """Parts that are made and go nowhere."""

    def __init__(self, uri: str) -> None:
        self._uri = uri

    def _put(self, record: str, part: bytes, *_: object) -> None:
        if len(part) + len(record) > MAX_ITEM_BYTES - 1024:
            raise BadCalculation(self._uri, f"its record {record} takes {len(part):,} bytes")


_UNLIMITED: dict[str, Any] = {
    **{name: field.default for name, field in Settings.model_fields.items()},
    "max_items": float("inf"),
    "max_dollars": float("inf"),
}
