"""Reports that containers left with the calculation's records, where the log is late or gone.

Imported inside tasks only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hazard_store.cli.render import audit_json
from hazard_store.cli.reports import brief
from hazard_store.errors import NoSuchCalculation
from hazard_store.model import Kind
from hazard_store.records import Head
from hazard_store.settings import Settings
from hazard_store.store import Store
from hazard_store.workflow.inspect import inspection_json


def recorded_report(
    arguments: Sequence[str], environment: Mapping[str, str], chunk: Mapping[str, Any] | None
) -> dict[str, Any] | None:
    """Return the report that a container left with the records; None where it has left none.

    Args:
        arguments: of `hazard-store`, as the container got them.
        environment: of the container: its owner and attempt.
        chunk: that it worked on.
    """
    owner = environment.get("HAZARD_STORE_OWNER", "")
    store = Store(Settings.from_environment())
    match arguments:
        case ["inspect", _, *rest] if "--leave-for" in rest:
            left = store.inspections.get(owner)
            return None if left is None else brief(inspection_json(left[0]))
        case ["write", _, calc_id, "--kind", kind, *_] if chunk is not None:
            return _of_writer(store, calc_id, owner, Kind(kind), chunk)
        case ["audit", calc_id, *_] if chunk is not None:
            return _of_audit(store, calc_id, owner, chunk)
    return None


def _of_writer(
    store: Store, calc_id: str, owner: str, kind: Kind, chunk: Mapping[str, Any]
) -> dict[str, Any] | None:
    head = _head(store, calc_id, owner, chunk)
    if head is None:
        return None
    report = store.reports(head).report(kind, head.calculation.chunk(*_range(chunk)))
    if report is None or not report.complete or report.attempt != head.attempt:
        return None
    return report.model_dump(mode="json")


def _of_audit(
    store: Store, calc_id: str, owner: str, chunk: Mapping[str, Any]
) -> dict[str, Any] | None:
    head = _head(store, calc_id, owner, chunk)
    if head is None:
        return None
    report = store.reports(head).audit(head.calculation.chunk(*_range(chunk)))
    return None if report is None else brief(audit_json(report))


def _head(store: Store, calc_id: str, owner: str, chunk: Mapping[str, Any]) -> Head | None:
    """Return the version that a run writes, if it is still the one whose chunk this is."""
    try:
        head = store.head(calc_id, working=True)
    except NoSuchCalculation:
        return None
    return head if (head.owner, head.attempt) == (owner, chunk["attempt"]) else None


def _range(chunk: Mapping[str, Any]) -> tuple[int, int]:
    start, _, stop = str(chunk["sites"]).partition(":")
    return int(start), int(stop)
