"""Saves curves with the predecessor's own code; run in its environment, not in ours.

    python save.py CURVES_NPZ ENDPOINT WORKERS

What is measured is `toshi_hazard_store.oq_import.export_v3.export_rlzs_v3` as released: the curves
are handed to it in memory, in the place of the engine's extractor, and it makes its
`OpenquakeRealization` models and saves them.

- WORKERS 1 and more: its `multi_batch.save_parallel`, that many worker processes, their starting
  included.
- WORKERS 0: one process. Its `DynamoBatchWorker._batch_save` (pynamodb's `batch_write`) is called
  with batches of the worker's own size, without the queue and the pickling of `save_parallel`.
  The client is made before, with one model saved.

Prints one JSON document: rows, and CPU seconds (user and system, workers included).
"""

from __future__ import annotations

import contextlib
import json
import multiprocessing
import random
import resource
import sys
import time
from types import SimpleNamespace

import numpy as np
import pandas as pd
from toshi_hazard_store.model import OpenquakeRealization
from toshi_hazard_store.multi_batch import DynamoBatchWorker
from toshi_hazard_store.oq_import import export_v3


class InMemory:
    """Answers as the engine's extractor does, as far as `export_rlzs_v3` asks."""

    def __init__(self, path: str, n_sites: int | None = None) -> None:
        with np.load(path) as arrays:
            self._arrays = {name: arrays[name] for name in arrays.files}
        for name in ("lat", "lon", "vs30", "curves"):
            self._arrays[name] = self._arrays[name][:n_sites]
        self.n_rows = int(np.prod(self._arrays["curves"].shape[:2]))

    def get(self, what: str, asdict: bool = False) -> object:
        """Return what the extractor would."""
        del asdict
        if what == "oqparam":
            imts, levels = self._arrays["imts"].tolist(), self._arrays["levels"].tolist()
            return SimpleNamespace(
                json=json.dumps({"hazard_imtls": dict(zip(imts, levels, strict=True))})
            )
        if what == "sitecol":
            columns = {name: self._arrays[name] for name in ("lon", "lat", "vs30")}
            return SimpleNamespace(to_dframe=lambda: pd.DataFrame(columns))
        curves = self._arrays["curves"]
        return {f"rlz-{r:03d}": curves[:, r] for r in range(curves.shape[1])}


def described() -> export_v3.OpenquakeMeta:
    """Return what its export of the metadata hands on to that of the curves."""
    names = {"hazard_solution_id": "CALC", "source_tags": ["tag"], "source_ids": ["source"]}
    model = SimpleNamespace(vs30=0, **names)  # 0: each site has its own
    return export_v3.OpenquakeMeta(None, None, None, model)


def save_in_this_process(toshi_id: str, models: object, model: type, num_workers: int) -> None:
    """Do what one worker of `save_parallel` does, without queue and process."""
    del num_workers
    worker, batch = DynamoBatchWorker(None, toshi_id, model), []
    for each in models:  # type: ignore[attr-defined]
        batch.append(each)
        if len(batch) > worker.batch_size:
            worker._batch_save(batch)
            batch = []
    if batch:
        worker._batch_save(batch)


def cpu_seconds() -> float:
    """Return the CPU time of this process and of its children that ended."""
    times = [resource.getrusage(w) for w in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(t.ru_utime + t.ru_stime for t in times)


def main(path: str, endpoint: str, workers: int) -> None:
    """Save all curves of a file made by the benchmark."""
    random.seed(1)  # its workers draw their batch size
    OpenquakeRealization.Meta.host = endpoint
    meta = described()
    export_v3.NUM_BATCH_WORKERS = workers
    curves = InMemory(path)
    with contextlib.redirect_stdout(sys.stderr):  # it prints its progress
        if not workers:
            export_v3.save_parallel = save_in_this_process
            export_v3.export_rlzs_v3(InMemory(path, 1), meta)
        cpu = cpu_seconds()
        began = time.monotonic()
        export_v3.export_rlzs_v3(curves, meta)
        for worker in multiprocessing.active_children():
            worker.join()
        cpu = cpu_seconds() - cpu
    took = {"rows": curves.n_rows, "cpu_seconds": cpu, "seconds": time.monotonic() - began}
    print(json.dumps(took))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
