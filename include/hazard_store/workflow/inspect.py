"""Reads a calculation file once and tells whether it can be stored."""

from __future__ import annotations

import time
from typing import Any

from hazard_store.calcfile import inspect_file
from hazard_store.model import Inspection, Kind
from hazard_store.settings import Settings
from hazard_store.workflow.plan import loc_codes
from hazard_store.workflow.progress import Screen


def inspect(
    uri: str, settings: Settings, screen: Screen, force_normalised_sites: bool = False
) -> Inspection:
    """Stream the file once: readable, of the right mode, values in range, codes of its own.

    Raises:
        BadCalculation: it cannot be stored.
        NoSuchInput: there is no such file.
    """
    began, seen = time.monotonic(), 0

    def on_progress(done: int, total: int) -> None:
        nonlocal seen
        if not seen:
            screen.phase("inspect", total, "bytes")
        screen.advance(done - seen)
        seen = done

    screen.phase("inspect", 0, "bytes")
    inspection = inspect_file(uri, settings, on_progress)
    loc_codes(inspection.calculation, force_normalised_sites)
    screen.done(time.monotonic() - began)
    return inspection


def inspection_json(found: Inspection) -> dict[str, Any]:
    """Return what `inspect --json` prints; it also is what the DAG's plan is given."""
    calculation = found.calculation
    return {
        "uri": calculation.file.uri,
        "size": calculation.file.size,
        "etag": calculation.file.etag,
        "sha256": found.sha256,
        "calculation_mode": calculation.calculation_mode,
        "description": calculation.description,
        "engine_version": calculation.engine_version,
        "date": calculation.date,
        "checksum32": calculation.checksum32,
        "investigation_time": calculation.investigation_time,
        "n_sites": len(calculation.sites),
        "n_stats": calculation.n_rows(Kind.STATS),
        "n_realisations": calculation.n_realisations,
        "realisations_in_file": calculation.has_realisations,
        "n_imts": len(calculation.imts),
        "n_levels": int(calculation.levels.shape[1]),
        "custom_site_ids": calculation.sites.custom_ids is not None,
        "negative_zeros": found.negative_zeros,
        "imts": list(calculation.imts),
        "aggs": list(calculation.aggs),
        "notes": list(found.notes),
    }
