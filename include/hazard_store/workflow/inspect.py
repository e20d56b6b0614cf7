"""Inspects a calculation file: one pass tells whether it can be stored."""

from __future__ import annotations

import datetime as dt
import time
from dataclasses import asdict
from typing import Any

import numpy as np

from hazard_store.calcfile import CalcFile, file_version, inspect_file, open_calc, sha256_of
from hazard_store.errors import FileChanged, Misconfigured, Refused
from hazard_store.model import Inspection, Kind, StoreOptions
from hazard_store.records import Chunk, Head
from hazard_store.records.parts import CHECKSUMS
from hazard_store.settings import Settings
from hazard_store.store import Store
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

    Args:
        uri: the calculation file.
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


def open_same(
    store: Store, uri: str, head: Head, chunk: Chunk, parent: str | None = None
) -> CalcFile:
    """Open the file that the calculation was planned from, or a copy of it, to read a chunk.

    Every byte that is read is held against the checksums that the inspection kept, if it did.
    The weights are recorded, so the file of the calculation that it continues is not read for them.

    Args:
        store: where the calculation is stored.
        uri: the calculation file.
        head: the calculation.
        chunk: one of the plan.
        parent: the file of the calculation that it continues: held against the one that was read
            when it was planned. None: nothing is asked of it.

    Raises:
        Refused: it is another file, or another parent.
        FileChanged: it is the same place, and other content.
    """
    stored, parts = head.calculation, store.parts(head.storage_id)
    etag: str | None = stored.file.etag
    if file_version(uri, store.settings).uri != stored.file.uri:
        etag = None
        if sha256_of(uri, store.settings) != stored.sha256:
            raise Refused(head.calc_id, f"{uri} is not the file that is stored, {stored.file.uri}")
    if parent is not None:
        _require_same_parent(store, parent, head)
    kept = parts.get(CHECKSUMS)
    checksums = None if kept is None else np.frombuffer(kept, "<u4")
    calc_file = open_calc(
        uri,
        store.settings,
        etag,
        checksums,
        parent=None if stored.parent is None else stored.parent.uri,
        realisations=stored.n_realisations,
    )
    if calc_file.is_packed:
        sites = parts.places(head.calculation.key_maker, chunk.start, chunk.stop)
        calc_file.will_read(np.array([sid for sid, _ in sites]))
    return calc_file


def _require_same_parent(store: Store, uri: str, head: Head) -> None:
    """Refuse a file that is not the parent that was read when the calculation was planned."""
    recorded = head.calculation.parent
    if recorded is None:
        raise Refused(head.calc_id, f"it was stored without a parent: leave {uri} out")
    found = file_version(uri, store.settings)
    if found.uri != recorded.uri:
        if sha256_of(uri, store.settings) != recorded.sha256:
            raise Refused(head.calc_id, f"{uri} is not the parent that was read, {recorded.uri}")
    elif found.etag != recorded.etag:
        raise FileChanged(uri, recorded.etag, found.etag)


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
