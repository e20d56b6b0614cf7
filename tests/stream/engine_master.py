"""Stands in for the engine's master: gives a stream the curves of a file, task by task, as told.

    python engine_master.py CALC_FILE INBOX CALC_ID N_TASKS MEMORY_BYTES SPOOL SHIPPED

Each line of the standard input is a command: `take N`, `complete`, `fail REASON`, `ship`, `close`,
`free N` (the disk then has so many bytes left). A line of JSON answers each. SHIPPED is the file to
ship, or empty. It is a program that tests start, since it uses the package in `stream/`, which is
under another licence.
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from types import SimpleNamespace

import h5py
import numpy as np
from hazard_store_stream.stream import Stream

KINDS = ("hcurves-rlzs", "hcurves-stats")


def main(
    calc_file: str,
    inbox: str,
    calc_id: str,
    n_tasks: str,
    memory: str,
    spool: str,
    shipped: str,
) -> None:
    """Do what the lines say."""
    unwritten = Path(spool) / "engine.hdf5"
    with h5py.File(calc_file) as source:
        curves = {
            k: source[k][()] for k in KINDS if k in source and source[k].id.get_storage_size()
        }
        with h5py.File(unwritten, "w") as made:
            made.attrs.update(source.attrs)
            for name in source:
                if name.startswith("hcurves-"):
                    dataset = made.create_dataset(name, source[name].shape, "f4")
                    dataset.attrs.update(source[name].attrs)
                else:
                    source.copy(name, made)
    n_sites = len(next(iter(curves.values())))
    stream = Stream(inbox, calc_id, {}, "3.26.2", int(memory), Path(spool), bool(shipped))
    with h5py.File(unwritten) as h5:
        calculator = SimpleNamespace(
            oqparam=SimpleNamespace(calculation_mode="classical"),
            datastore=SimpleNamespace(hdf5=h5, filename=shipped),
        )
        for line in sys.stdin:
            command, _, rest = line.strip().partition(" ")
            if command == "take":
                sids = np.arange(n_sites, dtype="u4")[int(rest) :: int(n_tasks)]
                maps = {
                    kind: [
                        SimpleNamespace(sids=sids, array=of_kind[sids, row])
                        for row in range(of_kind.shape[1])
                    ]
                    for kind, of_kind in curves.items()
                }
                stream.take(calculator, maps)
            elif command == "fail":
                stream.fail(rest)
            elif command == "free":
                left = SimpleNamespace(free=int(rest))
                shutil.disk_usage = lambda _, left=left: left  # type: ignore[assignment]
            else:
                getattr(stream, command)()
            process = stream._process
            print(
                json.dumps(
                    {
                        "uri": stream.uri,
                        "reason": stream.reason,
                        "hand_over": process.pid if process else None,
                        "completed": stream.completed,
                        "shipped": stream.shipped,
                    }
                ),
                flush=True,
            )


if __name__ == "__main__":
    main(*sys.argv[1:])
