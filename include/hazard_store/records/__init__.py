"""Calculation records: the metadata table, and the only code that reads and writes it."""

from hazard_store.records.documents import (
    ArrivedKind,
    ArrivedReport,
    AuditReport,
    Chunk,
    Difference,
    Forecast,
    KindCounts,
    LastAudit,
    RecordDigest,
    SitePart,
    StoredCalculation,
    WriteReport,
)
from hazard_store.records.head import Conflict, Head
from hazard_store.records.heads import Heads
from hazard_store.records.index import IndexEntry
from hazard_store.records.parts import Parts
from hazard_store.records.reports import Reports

__all__ = [
    "ArrivedKind",
    "ArrivedReport",
    "AuditReport",
    "Chunk",
    "Conflict",
    "Difference",
    "Forecast",
    "Head",
    "Heads",
    "IndexEntry",
    "KindCounts",
    "LastAudit",
    "Parts",
    "RecordDigest",
    "Reports",
    "SitePart",
    "StoredCalculation",
    "WriteReport",
]
