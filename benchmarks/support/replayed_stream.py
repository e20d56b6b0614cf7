"""Gives the curves of a calculation file to a stream, at a rate, as an engine's master would.

    python replayed_stream.py CALC_FILE INBOX CALC_ID TASKS MB_PER_S

Prints a line when the stream is complete, and one when every byte is gone. A program, run by
`benchmarks.streams`: the package that it uses is under another licence.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path
from types import SimpleNamespace

import h5py
import numpy as np
from hazard_store_stream.stream import MEMORY_BYTES, Stream

KINDS = ("hcurves-rlzs", "hcurves-stats")


def main(calc_file: str, inbox: str, calc_id: str, tasks: str, mb_per_s: str) -> None:
    """Replay it."""
    with tempfile.TemporaryDirectory() as spool, h5py.File(calc_file) as source:
        unwritten = h5py.File(Path(spool) / "engine.hdf5", "w")
        unwritten.attrs.update(source.attrs)
        for name in source:
            if name.startswith("hcurves-"):
                made = unwritten.create_dataset(name, source[name].shape, "f4")
                made.attrs.update(source[name].attrs)
            else:
                source.copy(name, unwritten)
        calculator = SimpleNamespace(
            oqparam=SimpleNamespace(calculation_mode="classical"),
            datastore=SimpleNamespace(hdf5=unwritten),
        )
        stream = Stream(inbox, calc_id, {}, "3.26.2", MEMORY_BYTES, Path(spool))
        n_sites, due = len(source["sitecol/sids"]), time.monotonic()
        kinds = [kind for kind in KINDS if kind in source]
        for task in range(int(tasks)):
            sids = np.arange(n_sites, dtype="u4")[task :: int(tasks)]
            curves = {kind: source[kind][task :: int(tasks)] for kind in kinds}
            maps = {
                kind: [SimpleNamespace(sids=sids, array=of[:, row]) for row in range(of.shape[1])]
                for kind, of in curves.items()
            }
            due += sum(of.nbytes for of in curves.values()) / 1e6 / float(mb_per_s)
            time.sleep(max(0.0, due - time.monotonic()))
            began = time.process_time()
            stream.take(calculator, maps)
            cpu_s = time.process_time() - began
            print(json.dumps({"task": task, "cpu_s": cpu_s, "uri": stream.uri}), flush=True)
        stream.complete()
        print(json.dumps({"complete": time.time()}), flush=True)
        stream.close()
        print(json.dumps({"gone": time.time(), "reason": stream.reason}), flush=True)
        unwritten.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
