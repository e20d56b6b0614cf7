"""Calculation records: the metadata table, and the only code that reads and writes it."""

from hazard_store.records.entry import Entry
from hazard_store.records.head import Conflict, Head
from hazard_store.records.heads import Heads
from hazard_store.records.parts import Parts
from hazard_store.records.stored import (
    AuditReport,
    Difference,
    Forecast,
    KindCounts,
    SitePart,
    StoredCalculation,
    WriteReport,
)

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
