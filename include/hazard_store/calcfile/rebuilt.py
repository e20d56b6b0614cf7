"""A calculation file made anew, which the engine opens: what was kept of it, and its curves."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from hazard_store.calcfile.engine_objects import ATTRIBUTES, NEEDED
from hazard_store.calcfile.hdf5 import MAX_BYTES, text
from hazard_store.calcfile.object_copy import LIBVER, Budget, copy_attributes

OF_PARENT = "hazard_calculation_id"  # the engine would look for that calculation


@contextmanager
def kept_objects(content: bytes) -> Iterator[h5py.File]:
    """Open what is kept for the engine, as `read_engine_objects` made it."""
    with h5py.File(io.BytesIO(content), "r") as kept:
        yield kept


def new_file(path: Path, kept: h5py.File) -> h5py.File:
    """Begin a calculation file with all that is kept for the engine but descriptions of curves."""
    created, access = h5py.h5p.create(h5py.h5p.FILE_CREATE), h5py.h5p.create(h5py.h5p.FILE_ACCESS)
    created.set_obj_track_times(False)
    access.set_libver_bounds(*LIBVER)
    h5 = h5py.File(h5py.h5f.create(bytes(path), fcpl=created, fapl=access))
    for name in NEEDED:
        if name in kept:
            kept.copy(name, h5)
    copy_attributes(kept, h5, Budget(MAX_BYTES))
    return h5


def describe(kept: h5py.File, name: str, dataset: Any) -> None:
    """Give a dataset of curves or maps the attributes that it had in the calculation file."""
    described = kept.get(ATTRIBUTES, {})
    if name in described:
        copy_attributes(described[name], dataset, Budget(MAX_BYTES))


def set_parameters(h5: h5py.File, changes: dict[str, Any]) -> None:
    """Change parameters of the job in a file; None: the job does without it."""
    stored = h5["oqparam"]
    if stored.shape == ():
        parameters = json.loads(text(stored[()])) | changes
        kept = {k: v for k, v in parameters.items() if k not in changes or v is not None}
        new: Any = np.bytes_(json.dumps(kept))
    else:  # engine 3.11: a table
        names = [text(name) for name in stored["par_name"]]
        rows = [row for name, row in zip(names, stored[()], strict=True) if name not in changes]
        added = [(k.encode(), repr(v).encode()) for k, v in changes.items() if v is not None]
        new = np.array([*map(tuple, rows), *added], stored.dtype)
    attributes = dict(stored.attrs)
    del h5["oqparam"]
    made = h5.create_dataset("oqparam", data=new)
    made.attrs.update(attributes)


class RebuiltFile:
    """Writes a calculation file; sites may come in any order."""

    def __init__(self, path: Path, content: bytes, shapes: dict[str, tuple[int, ...]]) -> None:
        """Begin the file.

        Args:
            path: of the new file.
            content: what is kept for the engine, as `read_engine_objects` made it.
            shapes: of the datasets of curves and maps, each (N, K, M, L or P), by their names.
        """
        with kept_objects(content) as kept:
            self._h5 = new_file(path, kept)
            for name, shape in shapes.items():
                describe(kept, name, self._h5.create_dataset(name, shape, np.float32))

    def set_parameters(self, changes: dict[str, Any]) -> None:
        """Change parameters of the job; None: the job does without it."""
        set_parameters(self._h5, changes)

    def write(self, name: str, sids: NDArray[np.int64], values: NDArray[np.float32]) -> None:
        """Write the curves or maps of some sites.

        Args:
            name: of the dataset.
            sids: (n,) rows of the file, each once.
            values: float32 (n, K, M, L or P).
        """
        order = np.argsort(sids)
        rows, values = sids[order], values[order]
        dataset = self._h5[name]
        for run in np.split(np.arange(len(rows)), np.flatnonzero(np.diff(rows) != 1) + 1):
            dataset[rows[run[0]] : rows[run[-1]] + 1] = values[run[0] : run[-1] + 1]

    def close(self) -> None:
        """End the file."""
        self._h5.close()
