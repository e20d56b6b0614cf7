"""Calculation records: the metadata table, and the only code that reads and writes it."""

from hazard_store.records.heads import Head, Heads
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
    "Difference",
    "Forecast",
    "Head",
    "Heads",
    "KindCounts",
    "Parts",
    "SitePart",
    "StoredCalculation",
    "WriteReport",
]
