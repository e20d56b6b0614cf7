"""Exports as a caller asks for them, and what is in their files."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from hazard_store.derive import Target
from hazard_store.export.api import export_calculation
from hazard_store.export.formats import Exported
from hazard_store.export.request import ExportRequest
from hazard_store.export.wanted import Wanted
from hazard_store.store import Store


def exported(
    store: Store,
    as_format: str,
    out: Path | str,
    calc_id: str = "A",
    target: Target | None = None,
    **request: Any,
) -> Exported:
    """Export a calculation."""
    asked = ExportRequest(calc_id, **request)
    return export_calculation(asked, as_format, str(out), target, store=store)


def wanted(store: Store, calc_id: str = "A", by_sid: bool = False, **request: Any) -> Wanted:
    """Return what a request means."""
    return Wanted.of(ExportRequest(calc_id, **request), store, by_sid=by_sid)


def digests(folder: Path) -> dict[str, str]:
    """Return the sha256 of each file, by its name."""
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in folder.iterdir()}


def left_in(folder: Path) -> list[str]:
    """Return the names of all that is in a folder, hidden files included."""
    return sorted(path.name for path in folder.iterdir())
