"""Calculation records: the metadata table, and the only code that reads and writes it."""

from hazard_store.records.documents import (
    AuditReport,
    Difference,
    Forecast,
    KindCounts,
    SitePart,
    StoredCalculation,
    WriteReport,
)
from hazard_store.records.head import Conflict, Head
from hazard_store.records.heads import Heads
from hazard_store.records.index import Entry
from hazard_store.records.parts import Parts

__all__ = [
    "AuditReport",
    "Conflict",
    "Difference",
    "Entry",
    "Forecast",
    "Head",
    "Heads",
    "KindCounts",
    "Parts",
    "SitePart",
    "StoredCalculation",
    "WriteReport",
]
