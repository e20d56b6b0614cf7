# Copyright (C) 2026 the makers of Hazard Store
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The engine's final file, sent into the folder of its stream once the engine has ended."""

from __future__ import annotations

import hashlib
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py

from hazard_store_stream.destination import Destination

FILE = "calculation.hdf5"
EX_NOT_SHIPPED = 3  # of the process that hands over: all but this file is in the inbox
PIECE = 8 << 20  # bytes that are read at once
SAID_EVERY_S = 10.0


class NotShipped(Exception):
    """The file stays where it is; the reason is a sentence."""


def ship(
    calc_file: Path, destination: Destination, retried: Callable[[str, Callable[[], None]], None]
) -> list[Any]:
    """Send a calculation file; return its name in the stream, its size and its SHA-256.

    Args:
        calc_file: that the engine has closed.
        destination: of the stream.
        retried: does something with a file of that name until it succeeds, or raises.

    Raises:
        NotShipped: the file is not there, or the engine has not closed it.
    """
    size, sha256 = _closed(calc_file), _sha256(calc_file)

    def send() -> None:
        destination.put_file(FILE, calc_file, Progress(calc_file.name, size).advance)

    retried(FILE, send)
    return [FILE, size, sha256]


class Progress:
    """Says in a line, now and then, how much of a file is sent."""

    def __init__(self, name: str, size: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._name, self._size, self._clock = name, size, clock
        self._done, self._next = 0, 0.0
        self._lock = threading.Lock()

    def advance(self, n_bytes: int) -> None:
        """Take note of more bytes; threads may."""
        with self._lock:
            self._done += n_bytes
            if self._clock() < self._next and self._done < self._size:
                return
            self._next = self._clock() + SAID_EVERY_S
            done, size = self._done / 1e6, self._size / 1e6
        print(
            f"hazard-store-stream: {self._name}: {done:,.1f} of {size:,.1f} MB are sent",
            file=sys.stderr,
        )


def _closed(calc_file: Path) -> int:
    """Return the size of a file that nobody is writing."""
    try:
        with h5py.File(calc_file, "r"):
            return calc_file.stat().st_size
    except OSError as error:
        raise NotShipped(f"the engine has not closed it, or it is damaged ({error})") from error


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            digest.update(piece)
    return digest.hexdigest()
