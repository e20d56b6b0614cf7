# Copyright (C) 2026 the makers of Hazard Store
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Holds curves that the engine has made until they are handed over: in memory, then on disk.

Memory is a folder of files in shared memory, which another process reads without the engine's help.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path

import numpy as np

PREFIX = "hazard-store-stream-"
SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - whole folders of our own are made in it
KEPT_FREE = 64 << 20  # bytes of the disk that are left to the engine and everybody else


class DiskFull(Exception):
    """Neither memory nor disk can hold what the engine has made."""


class Buffer:
    """Files of raw float32 curves, in memory up to a limit and on disk beyond it."""

    def __init__(self, memory_bytes: int, spool: Path) -> None:
        """Make the folders.

        Args:
            memory_bytes: the most that is held in memory.
            spool: folder of the disk, for what is beyond.
        """
        self._memory_bytes = memory_bytes
        for folder in (SHARED_MEMORY, spool):
            _remove_leftovers(folder)
        prefix = f"{PREFIX}{os.getpid()}-"
        self.disk = Path(tempfile.mkdtemp(prefix=prefix, dir=spool))
        self.memory = None
        if memory_bytes and os.access(SHARED_MEMORY, os.W_OK):
            self.memory = Path(tempfile.mkdtemp(prefix=prefix, dir=SHARED_MEMORY))

    def put(self, name: str, arrays: Iterable[np.ndarray], size: int) -> Path:
        """Write arrays one behind the other; return the file.

        Args:
            name: of the file.
            arrays: float32, contiguous or not.
            size: bytes of all of them.

        Raises:
            DiskFull: there is no room for them.
        """
        arrays = list(arrays)
        if self.memory is not None and _bytes_in(self.memory) + size <= self._memory_bytes:
            try:
                return _write(self.memory / name, arrays)
            except OSError:  # shared memory of a container may be smaller than our limit
                pass
        if shutil.disk_usage(self.disk).free < size + KEPT_FREE:
            raise DiskFull(f"{self.disk} has no room for {size:,} bytes more")
        try:
            return _write(self.disk / name, arrays)
        except OSError as error:
            raise DiskFull(f"{self.disk} takes no more: {error.strerror}") from error

    def remove(self) -> None:
        """Remove the folders with all that is in them."""
        for folder in (self.memory, self.disk):
            if folder is not None:
                shutil.rmtree(folder, ignore_errors=True)


def _write(path: Path, arrays: list[np.ndarray]) -> Path:
    try:
        with path.open("wb", buffering=0) as file:
            for array in arrays:
                left = memoryview(np.ascontiguousarray(array, "<f4")).cast("B")
                while left:
                    left = left[file.write(left) :]
    except OSError:
        path.unlink(missing_ok=True)
        raise
    return path


def _bytes_in(folder: Path) -> int:
    total = 0
    for entry in os.scandir(folder):
        try:
            total += entry.stat().st_size
        except FileNotFoundError:  # handed over in this moment
            continue
    return total


def _remove_leftovers(folder: Path) -> None:
    """Remove what processes that were killed have left."""
    for path in folder.glob(f"{PREFIX}*"):
        pid = path.name.removeprefix(PREFIX).partition("-")[0]
        if pid.isdigit() and not Path(f"/proc/{pid}").exists():
            shutil.rmtree(path, ignore_errors=True)
