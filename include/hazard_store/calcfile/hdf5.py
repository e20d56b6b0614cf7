"""HDF5 over the bytes of a file; the one place where its errors become ours.

One way for local and remote files: no file locks, which read-only mounts refuse, and one behaviour.
h5py is only open while metadata is read: left open at exit, its file-object driver crashes Python.
What a header may ask for is bounded twice: here, by what is asked before anything is read, and by
the kernel, since files are opened in a child (`confined`).
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import h5py
import numpy as np

from hazard_store.calcfile.confined import GREEDY
from hazard_store.errors import BadCalculation, HazardStoreError
from hazard_store.files.fileobj import FileObject
from hazard_store.files.local import BEING_WRITTEN
from hazard_store.files.open import VersionedFile
from hazard_store.shown import cut

# In every process that opens a calculation file; readers of the store do not.
for _ in range(h5py.h5pl.size()):
    h5py.h5pl.remove(0)  # HDF5 looks nowhere for libraries that a file asks for

SIGNATURE = b"\x89HDF\r\n\x1a\n"
USER_BLOCKS = tuple(512 << power for power in range(16))  # bytes before which HDF5 may begin
MAX_BYTES = 64 << 20  # of one metadata array: more is a damaged header, not a calculation
UNREADABLE = (
    OSError,
    KeyError,
    ValueError,
    TypeError,
    RuntimeError,
    AttributeError,
    IndexError,
    OverflowError,
    MemoryError,
    SyntaxError,
    struct.error,
)


@contextmanager
def hdf5_file(file: VersionedFile) -> Iterator[h5py.File]:
    """Open a file as HDF5; within the block whatever h5py raises becomes BadCalculation.

    Raises:
        BadCalculation: not HDF5, truncated, being written or damaged.
    """
    raw = FileObject(file)
    try:
        _check_superblock(file.version.uri, raw)
        with h5py.File(raw, "r") as h5:
            yield h5
    except HazardStoreError:
        if raw.error is not None:
            raise raw.error from None
        raise
    except UNREADABLE as error:
        if raw.error is not None:
            raise raw.error from None
        raise BadCalculation(file.version.uri, _reason(error)) from error
    if raw.error is not None:
        raise raw.error


def _check_superblock(uri: str, raw: FileObject) -> None:
    """Look at the first bytes: HDF5 leaves out its own check of these flags for file objects."""
    start = raw.peek_at(0, 12)
    if not start:
        raise BadCalculation(uri, "it is empty; copy it again")
    if not start.startswith(SIGNATURE) or len(start) < 12:
        for size in USER_BLOCKS:
            if raw.peek_at(size, size + len(SIGNATURE)) == SIGNATURE:
                raise BadCalculation(
                    uri,
                    f"it begins with {size:,} bytes that are not HDF5 (a user block), which the "
                    "engine never writes: take them off with `h5unjam --delete -i IN.hdf5 -o "
                    "OUT.hdf5`",
                )
        raise BadCalculation(uri, "it is not an HDF5 file; name a calc_N.hdf5 of the engine")
    version, flags = start[8], start[11]
    if version >= 3 and flags:
        raise BadCalculation(uri, BEING_WRITTEN)


def _reason(error: BaseException) -> str:
    text = " ".join(str(error).split())
    short = re.search(r"truncated file: eof = (\d+).* stored_eof = (\d+)", text)
    if short:
        return f"it is truncated: {short[1]} of {short[2]} bytes are there; copy it again"
    if isinstance(error, MemoryError):
        return GREEDY
    return f"its HDF5 structure is damaged ({type(error).__name__}: {text[:200]}); copy it again"


def member(uri: str, group: h5py.Group, name: str) -> Any:
    """Return a dataset or group by name, or None; a link into another file is refused."""
    link = group.get(name, getlink=True)
    if link is None:
        return None
    if not isinstance(link, h5py.HardLink):
        raise BadCalculation(uri, f"its {name} is a link, which the engine never writes")
    return group[name]


def values(uri: str, dataset: Any, name: str) -> Any:
    """Return a metadata dataset as an array, if it has a plausible size and is in this file."""
    if not isinstance(dataset, h5py.Dataset):
        raise BadCalculation(uri, f"its {name} is not a dataset, so the engine did not write it")
    if dataset.is_virtual or dataset.external:
        raise BadCalculation(uri, f"its {name} lies in another file, which the engine never does")
    if dataset.shape is None:
        raise BadCalculation(uri, f"its {name} holds nothing (a null dataspace); copy it again")
    if dataset.size * max(1, dataset.dtype.itemsize) > MAX_BYTES:
        raise BadCalculation(
            uri,
            f"its {name} has the shape {dataset.shape} of {cut(dataset.dtype)}, over {MAX_BYTES:,} "
            "bytes, which no calculation has; copy it again",
        )
    return dataset[()]


def text(value: Any) -> str:
    """Return a string of the file, which h5py gives as bytes or str."""
    return value.decode() if isinstance(value, bytes) else str(value)


def plain(value: Any) -> Any:
    """Return a value of the file as str, float, int or bool."""
    if isinstance(value, bytes):
        return value.decode()
    return value.item() if isinstance(value, np.generic) else value
