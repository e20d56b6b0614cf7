"""The same calculation in another file: other bytes, and curves that are kept otherwise."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import h5py

NAMES = ("hcurves-stats", "hcurves-rlzs")


def resaved(source: Path, path: Path, drop: tuple[str, ...] = (), **options: Any) -> Path:
    """Write a copy whose datasets of curves are made anew.

    Args:
        source: the calculation file.
        path: of the copy.
        drop: datasets that the copy is to be without.
        options: of `create_dataset`, such as `chunks` and `compression`.
    """
    shutil.copy(source, path)
    with h5py.File(path, "r+") as h5:
        for name in NAMES:
            if name not in h5:
                continue
            curves, attributes = h5[name][()], dict(h5[name].attrs)
            written = h5[name].id.get_storage_size()
            del h5[name]
            if name in drop:
                continue
            chosen = options if written else {}
            made = h5.create_dataset(name, curves.shape, curves.dtype, **chosen)
            if written:
                made[...] = curves
            made.attrs.update(attributes)
    return path
