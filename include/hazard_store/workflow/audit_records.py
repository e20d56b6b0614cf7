"""The audit of a calculation's large records, sites aside: those are read with the items."""

from __future__ import annotations

import json
from typing import Any

from hazard_store.calcfile import CalcFile
from hazard_store.errors import CorruptItem
from hazard_store.files.verified import BLOCK
from hazard_store.model import LogicTree
from hazard_store.records import AuditReport, Difference, Head, RecordDigest
from hazard_store.records.documents import MAX_DIFFERENCES
from hazard_store.records.parts import CHECKSUMS, ENGINE_OBJECTS, LOGIC_TREE, REALISATIONS
from hazard_store.store import Store
from hazard_store.workflow.put_plan import tree_records

RECORDS = (LOGIC_TREE, REALISATIONS, CHECKSUMS, ENGINE_OBJECTS)
CRC_BYTES = 4
_NAMES = {  # of what a record must have, whatever the file
    LOGIC_TREE: {"source_branches", "gsim_branches", "num_samples"},
    REALISATIONS: {"weights", "paths"},
}


def audit_records(store: Store, head: Head, calc_file: CalcFile | None) -> tuple[Difference, ...]:
    """Return what is missing or altered of the records that follow from the file alone.

    Args:
        store: where.
        head: the calculation.
        calc_file: its file, to compare the logic tree with; None: records must be whole, and of
            the size and digest that the head has of them.
    """
    # Without its parent, a file that continues another one does not tell its tree and weights.
    told = calc_file is not None and head.calculation.parent is None
    tree = calc_file.calculation.logic_tree if calc_file is not None and told else None
    table, hash_key = store.settings.meta_table, head.storage_id
    return tuple(
        Difference(table=table, hash_key=hash_key, range_key=name, kind=kind)
        for name in RECORDS
        if (kind := _difference(store, head, name, tree)) is not None
    )


def with_records(report: AuditReport, found: tuple[Difference, ...]) -> AuditReport:
    """Return the report of a chunk with the records' differences, each once, before its items'."""
    known = {(each.table, each.hash_key, each.range_key) for each in report.differences}
    new = [each for each in found if (each.table, each.hash_key, each.range_key) not in known]
    return report.model_copy(
        update={
            "missing": report.missing + sum(each.kind == "missing" for each in new),
            "altered": report.altered + sum(each.kind == "altered" for each in new),
            "differences": (*new, *report.differences)[:MAX_DIFFERENCES],
        }
    )


def damaged_records(report: AuditReport, head: Head) -> set[str]:
    """Return the names of these records that an audit found missing or altered."""
    return {
        each.range_key
        for each in report.differences
        if each.hash_key == head.storage_id and each.range_key in RECORDS
    }


def _difference(store: Store, head: Head, name: str, tree: LogicTree | None) -> str | None:
    """Return what is wrong with a record: "missing", "altered" or None."""
    if not _is_expected(head, name):
        return None
    try:
        content = store.parts(head.storage_id).get(name)
        if content is None:
            return "missing"
        return None if _is_right(head, name, content, tree) else "altered"
    except (CorruptItem, ValueError):
        return "altered"


def _is_expected(head: Head, name: str) -> bool:
    """Tell whether a calculation has a record: those of before have no checksums, and so on."""
    if name == ENGINE_OBJECTS:
        return head.calculation.engine_objects is not None
    return name != CHECKSUMS or head.calculation.forecast.records > 0


def _is_right(head: Head, name: str, content: bytes, tree: LogicTree | None) -> bool:
    stored = head.calculation
    if name == ENGINE_OBJECTS:
        return RecordDigest.of(content) == stored.engine_objects
    if name == CHECKSUMS:
        return len(content) == CRC_BYTES * -(-stored.file.size // BLOCK)
    value: Any = json.loads(content)
    if tree is not None:
        return bool(value == json.loads(tree_records(tree)[name]))
    if not isinstance(value, dict) or not _NAMES[name] <= value.keys():
        return False
    return name != REALISATIONS or len(value["weights"]) == stored.n_realisations
