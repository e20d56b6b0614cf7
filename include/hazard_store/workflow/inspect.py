"""Inspects a calculation file: one pass tells whether it can be stored."""

from __future__ import annotations

import datetime as dt
import time
from dataclasses import asdict
from typing import Any

from hazard_store.calcfile import inspect_file
from hazard_store.errors import BadParameter, Misconfigured
from hazard_store.model import Inspection, Kind, StoreOptions
from hazard_store.settings import Settings
from hazard_store.store import Store
from hazard_store.streamed import inspect_stream, is_stream
from hazard_store.workflow.arrived_content import known_if_published
from hazard_store.workflow.plan import make_plan
from hazard_store.workflow.progress import Progress
from hazard_store.workflow.storable import check_storable


def inspect(
    uri: str,
    settings: Settings,
    progress: Progress,
    force_normalised_sites: bool = False,
    parent: str | None = None,
) -> Inspection:
    """Stream the file once: readable, of the right mode, values in range, codes of its own.

    Of a stream, named by its manifest, only the head is read: its curves are checked as they come.

    Args:
        uri: the calculation file, or the manifest of a stream.
        settings: region and endpoint of S3.
        progress: told of progress.
        force_normalised_sites: codes from coordinates, whatever ids the file has.
        parent: the file of the calculation that it continues, where its weights are; None: beside
            it, if it needs one.

    Raises:
        BadCalculation: it cannot be stored.
        NoSuchInput: there is no such file, or parent.
    """
    began, seen = time.monotonic(), 0
    if is_stream(uri):
        if parent is not None:
            raise BadParameter("--parent", "a stream has the weights of its own: leave it out")
        inspection = inspect_stream(uri, settings)
        check_storable(inspection, force_normalised_sites)
        return inspection

    def on_progress(done: int, total: int) -> None:
        nonlocal seen
        if not seen:
            progress.phase("inspect", total, "byte")
        progress.advance(done - seen)
        seen = done

    progress.phase("inspect", None, "byte")
    inspection = inspect_file(uri, settings, on_progress, parent=parent)
    check_storable(inspection, force_normalised_sites)
    progress.done(time.monotonic() - began)
    return inspection


def leave_for_run(
    store: Store, inspection: Inspection, calc_id: str, options: StoreOptions
) -> None:
    """Leave an inspection with the records, for the run that this process works for.

    Raises:
        Refused: storing it would take more than this installation allows.
        Misconfigured: this process works for no run.
    """
    owner = store.settings.owner
    if not owner:
        raise Misconfigured("HAZARD_STORE_OWNER", "it is not set: there is no run to leave it for")
    inspection = known_if_published(store, inspection, calc_id)
    plan = make_plan(inspection, calc_id, options, store.settings)
    store.inspections.put(owner, inspection, plan.units, dt.datetime.now(dt.UTC))


def inspection_json(found: Inspection) -> dict[str, Any]:
    """Return what `inspect --json` prints; it also is what the DAG's plan is given."""
    calculation = found.calculation
    return {
        "uri": calculation.file.uri,
        "size": calculation.file.size,
        "etag": calculation.file.etag,
        "sha256": found.sha256,
        "content": None if found.content is None else asdict(found.content),
        "original": None if calculation.original is None else asdict(calculation.original),
        "parent": None if found.parent is None else asdict(found.parent),
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
