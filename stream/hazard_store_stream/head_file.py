# Copyright (C) 2026 the makers of Hazard Store
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The head of a stream: a calculation file that has everything but the values of curves."""

from __future__ import annotations

import io
from typing import Any

import h5py

NEEDED = ("oqparam", "sitecol", "weights", "full_lt")
DESCRIBED = ("hcurves-rlzs", "hcurves-stats", "hmaps-rlzs", "hmaps-stats")


class NoHead(Exception):
    """The calculation cannot be described without another one."""


def head_bytes(h5: h5py.File) -> bytes:
    """Return the head of the calculation that a running engine has open.

    Args:
        h5: the engine's own file; its datasets of curves are made, and not written yet.

    Raises:
        NoHead: it continues another calculation, whose file would be needed.
    """
    root = h5py.Group(h5py.h5g.open(h5.id, b"/"))  # the engine's own class decodes what it gives
    missing = [name for name in NEEDED if name not in root]
    if missing:
        raise NoHead(
            f"it continues another calculation, which has its {', '.join(missing)}: such a one "
            "cannot be streamed"
        )
    content = io.BytesIO()
    with h5py.File(content, "w") as head:
        for name, value in root.attrs.items():
            head.attrs[name] = value
        for name in NEEDED:
            root.copy(name, head, name)
        for name in DESCRIBED:
            if name in root:
                _describe(root[name], head, name)
    return content.getvalue()


def _describe(dataset: Any, head: h5py.File, name: str) -> None:
    """Make a dataset of the same shape and attributes, for which HDF5 takes no room."""
    made = head.create_dataset(name, dataset.shape, dataset.dtype)
    for key, value in dataset.attrs.items():
        made.attrs[key] = value
