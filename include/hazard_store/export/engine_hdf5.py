"""A calculation file rebuilt from the store, which the engine opens, exports and plots from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from hazard_store.calcfile.engine_job import EngineJob
from hazard_store.calcfile.rebuilt import OF_PARENT, RebuiltFile
from hazard_store.derive import levels_of_measures
from hazard_store.export.wanted import Wanted
from hazard_store.model import Kind
from hazard_store.records.documents import StoredCalculation
from hazard_store.workflow.progress import Progress

DATASETS = {Kind.STATS: "stats", Kind.REALISATIONS: "rlzs"}


def write_hdf5(
    path: Path, wanted: Wanted, job: EngineJob, content: bytes, progress: Progress
) -> None:
    """Write the file.

    Args:
        path: of the new file; the engine takes only `calc_N.hdf5`.
        wanted: all of a calculation.
        job: of the calculation.
        content: what is kept of it for the engine.
        progress: told of the sites.

    Raises:
        DamagedCalculation: something of the calculation is missing or altered.
    """
    stored, poes = wanted.head.calculation, list(job.parameters.get("poes") or ())
    shapes: dict[str, tuple[int, ...]] = {}
    for kind, ending in DATASETS.items():
        n_rows = len(wanted.rows(kind))
        if n_rows:
            shape = (stored.n_sites, n_rows, len(stored.imts))
            shapes[f"hcurves-{ending}"] = (*shape, len(stored.levels[0]))
            if f"hmaps-{ending}" in job.maps:
                shapes[f"hmaps-{ending}"] = (*shape, len(poes))
    rebuilt = RebuiltFile(path, content, shapes)
    try:
        changes = _changes(stored, job)
        if changes:
            rebuilt.set_parameters(changes)
        for kind, ending in DATASETS.items():
            # One that the engine never wrote stays so: its tools go by the mean.
            if f"hcurves-{ending}" not in shapes or _was_not_written(stored, kind):
                continue
            for block in wanted.blocks(kind, progress):
                rebuilt.write(f"hcurves-{ending}", block.sids, block.curves)
                if f"hmaps-{ending}" in shapes:
                    imls = levels_of_measures(block.curves, wanted.levels, poes)[0]
                    rebuilt.write(f"hmaps-{ending}", block.sids, imls.astype(np.float32))
    finally:
        rebuilt.close()


def _changes(stored: StoredCalculation, job: EngineJob) -> dict[str, Any]:
    """Return the parameters that must be others than those of the job."""
    changes: dict[str, Any] = {OF_PARENT: None}
    had_them = stored.realisations_in_file or job.parameters.get("individual_rlzs")
    if had_them and not stored.realisations and stored.aggs:
        changes["individual_rlzs"] = False
    return {name: value for name, value in changes.items() if job.parameters.get(name) != value}


def _was_not_written(stored: StoredCalculation, kind: Kind) -> bool:
    return kind is Kind.REALISATIONS and stored.realisations_from_mean
