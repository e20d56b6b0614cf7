"""What a submitted file declares of the file that it was made from."""

from __future__ import annotations

import re

import h5py
import numpy as np

from hazard_store.calcfile.hdf5 import member, text
from hazard_store.model import Original

GROUP = "hazard_store"  # beside what the engine writes, whose attributes stay as they are
SHA256, SIZE = "original_sha256", "original_size"
_SHA256 = re.compile(r"[0-9a-f]{64}")


def declare_original(h5: h5py.File, original: Original) -> None:
    """Write into a file what it was made from."""
    attributes = h5.require_group(GROUP).attrs
    attributes[SHA256] = original.sha256
    attributes[SIZE] = np.int64(original.size)


def read_original(uri: str, h5: h5py.File) -> Original | None:
    """Return what a file declares; None where it declares nothing that could be true.

    Anybody can write this into a file: it is for people to read.
    """
    group = member(uri, h5, GROUP)
    if not isinstance(group, h5py.Group):
        return None
    sha256, size = text(group.attrs.get(SHA256, "")), group.attrs.get(SIZE)
    if not _SHA256.fullmatch(sha256) or not isinstance(size, np.integer) or size < 0:
        return None
    return Original(sha256, int(size))
