"""The history of a calculation's audits, one small record each."""

from __future__ import annotations

import datetime as dt
from typing import Any

from hazard_store.records.documents import AuditReport
from hazard_store.records.parts import Parts

_PREFIX = "history#"


def put_audit(parts: Parts, report: AuditReport, at: dt.datetime) -> None:
    """Keep what an audit of the whole calculation found."""
    kept = report.model_dump(mode="json", exclude={"differences", "calc_id"})
    parts.put_json(f"{_PREFIX}{at.isoformat(timespec='milliseconds')}", kept)


def audits(parts: Parts) -> list[dict[str, Any]]:
    """Return the audits of a calculation, the first one first, each with its time as `at`."""
    names = sorted(name for name in parts.names() if name.startswith(_PREFIX))
    return [{"at": name.removeprefix(_PREFIX), **parts.get_json(name)} for name in names]
