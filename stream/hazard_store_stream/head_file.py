# Copyright (C) 2026 the makers of Hazard Store
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The head of a stream: a calculation file that has everything but the values of curves.

Values are read and written one by one: HDF5's own copy of objects may crash on a file that is open
for SWMR, as the engine's is, and the engine with it.
"""

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
        _put_attributes(root, head)
        for name in NEEDED:
            _put(root[name], head, name)
        for name in DESCRIBED:
            if name in root:  # of the same shape; HDF5 takes no room for it
                made = head.create_dataset(name, root[name].shape, root[name].dtype)
                _put_attributes(root[name], made)
    return content.getvalue()


def _put(source: Any, into: h5py.Group, name: str) -> None:
    """Write an object under a name, with all that is in it."""
    if isinstance(source, h5py.Group):
        made = into.create_group(name)
        for each in source:
            _put(source[each], made, each)
    elif source.shape is None:
        made = into.create_dataset(name, data=h5py.Empty(source.dtype))
    else:
        made = into.create_dataset(name, data=source[()], dtype=source.dtype)
    _put_attributes(source, made)


def _put_attributes(source: Any, made: Any) -> None:
    for name, value in source.attrs.items():
        made.attrs[name] = value
