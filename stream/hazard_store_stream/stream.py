# Copyright (C) 2026 the makers of Hazard Store
# SPDX-License-Identifier: AGPL-3.0-or-later
"""One stream, as the engine's master sees it: arrays into a buffer, lines to another process."""

from __future__ import annotations

import datetime as dt
import json
import logging
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from functools import wraps
from pathlib import Path
from typing import Any

import numpy as np

from hazard_store_stream.buffer import Buffer
from hazard_store_stream.destination import destination_of
from hazard_store_stream.head_file import head_bytes
from hazard_store_stream.shipment import EX_NOT_SHIPPED

MEMORY_BYTES = 1 << 30
PIECE_BYTES = 16 << 20  # of raw curves in one chunk file
CURVES = "hcurves-"
MODE = "classical"
ADVICE = "the engine goes on; when it has ended, `hazard-store submit` its calculation file instead"

log = logging.getLogger("hazard_store_stream")


class Stopped(Exception):
    """The stream cannot go on; the reason is a sentence."""


def _never_raising(method: Callable[..., None]) -> Callable[..., None]:
    """Make a method that ends the stream where it fails, and leaves the engine alone."""

    @wraps(method)
    def guarded(self: Stream, *args: Any) -> None:
        if self.reason is not None or self.completed:
            return
        try:
            method(self, *args)
        except Exception as error:
            self.fail(str(error) or type(error).__name__)

    return guarded


class Stream:
    """The stream of one calculation.

    Attributes:
        uri: its folder in the inbox.
        reason: why it failed; None: it did not.
        completed: whether all curves were given.
        shipped: whether the engine's file is in the inbox too.
    """

    def __init__(
        self,
        inbox: str,
        calc_id: str,
        options: Mapping[str, Any],
        engine_version: str,
        memory_bytes: int,
        spool: Path,
        ships: bool = False,
    ) -> None:
        now = dt.datetime.now(dt.UTC)
        self._run = f"{now:%Y%m%dT%H%M%S}-{uuid.uuid4().hex[:8]}"
        self.uri = f"{inbox.rstrip('/')}/streams/{calc_id}/{self._run}"
        destination_of(self.uri)  # refuses a bad one before the engine has worked for hours
        self._calc_id, self._options = calc_id, options
        self._engine_version = engine_version
        self._buffer = Buffer(memory_bytes, spool)
        self._process: subprocess.Popen[bytes] | None = None
        self._shapes: dict[str, tuple[int, ...]] = {}
        self._left: np.ndarray = np.zeros(0, bool)  # sites that no task has given
        self._number = 0
        self._ships, self._calc_file, self.shipped = ships, "", False
        self.reason: str | None = None
        self.completed = False

    @_never_raising
    def take(self, calculator: Any, pmap_by_kind: Any) -> None:
        """Take the curves of one task.

        Args:
            calculator: the engine's.
            pmap_by_kind: lists of MapArrays, one for each realisation or statistic.
        """
        kinds = {kind: maps for kind, maps in (pmap_by_kind or {}).items() if CURVES in kind}
        if not kinds:
            return
        if self._process is None:
            self._begin(calculator, kinds)
        sids = np.asarray(next(iter(kinds.values()))[0].sids)
        if any(not np.array_equal(each.sids, sids) for maps in kinds.values() for each in maps):
            raise Stopped("a task of the engine gave its curves for several lists of sites")
        if set(kinds) != set(self._shapes):
            raise Stopped("tasks of the engine gave different kinds of curves")
        arrays = {kind: [each.array for each in maps] for kind, maps in kinds.items()}
        self._left[sids] = False
        self._give(sids, arrays)

    @_never_raising
    def complete(self) -> None:
        """End the stream well, when the engine has all curves."""
        if self._process is None:
            raise Stopped("the engine made no curves")
        missing = np.flatnonzero(self._left)
        if missing.size:  # the engine's file has zeros where no source reaches
            zeros = {
                kind: [np.zeros((missing.size, *shape[1:]), "<f4")] * shape[0]
                for kind, shape in self._shapes.items()
            }
            self._give(missing, zeros)
        self._tell({"complete": True} if self._ships else {"end": None})
        self.completed = True

    def ship(self) -> None:
        """Have the engine's file sent before the end, if all went well and this stream ships it.

        The engine has ended and closed it.
        """
        if self._ships and self.completed and self.reason is None:
            self.shipped = True
            self._tell_if_there({"ship": self._calc_file})

    def fail(self, reason: str) -> None:
        """End the stream badly; after its end nothing changes.

        Args:
            reason: a sentence.
        """
        if self.reason is not None or self.completed:
            return
        self.reason = reason
        log.warning("%s: streaming ended: %s; %s", self._calc_id, reason, ADVICE)
        if self._process is not None:
            self._tell_if_there({"end": f"{reason}; {ADVICE}"})

    def close(self) -> None:
        """Wait until every byte is in the inbox, and remove what waited here."""
        process = self._process
        if process is not None:
            if not self.completed:
                self.fail("it was closed before its curves were complete")
            code = _ended(process)
            if code:
                self.shipped = False
            if self.reason is None and code and code != EX_NOT_SHIPPED:
                self.reason = "the process that hands chunks over failed; its log says why"
            if code < 0:
                self._end_for(f"the process that hands chunks over was killed; {ADVICE}")
        self._buffer.remove()

    def _begin(self, calculator: Any, kinds: Mapping[str, Any]) -> None:
        mode = calculator.oqparam.calculation_mode
        if mode != MODE:
            raise Stopped(f"it is a calculation of mode {mode}: only {MODE} ones are streamed")
        h5 = calculator.datastore.hdf5
        if self._ships:
            self._calc_file = str(calculator.datastore.filename)
        head = self._buffer.disk / "head"
        head.write_bytes(head_bytes(h5))
        for kind, maps in kinds.items():
            self._shapes[kind] = (len(maps), *maps[0].array.shape[1:])
            if h5[kind].shape[1:] != self._shapes[kind]:
                raise Stopped(f"its {kind} have the shape {self._shapes[kind]} and another one")
        n_sites = h5[next(iter(kinds))].shape[0]
        self._left = np.ones(n_sites, bool)
        self._process = self._start()
        manifest = {
            "calc_id": self._calc_id,
            "run": self._run,
            "engine_version": self._engine_version,
            "began": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
            "n_sites": n_sites,
            "kinds": self._shapes,
            "options": self._options,
        }
        self._tell({"manifest": manifest, "head": str(head)})

    def _give(self, sids: np.ndarray, arrays: Mapping[str, list[np.ndarray]]) -> None:
        """Put curves into the buffer, in pieces, and say so."""
        site_bytes = 4 * sum(int(np.prod(shape)) for shape in self._shapes.values())
        for piece in _pieces(len(sids), max(1, PIECE_BYTES // site_bytes)):
            of_piece = (each[piece] for of_kind in arrays.values() for each in of_kind)
            here = sids[piece].tolist()
            name, size = f"{self._number:05d}.raw", site_bytes * len(here)
            path = self._buffer.put(name, of_piece, size)
            kinds = {kind: self._shapes[kind] for kind in arrays}
            chunk = {"number": self._number, "sids": here, "path": str(path), "kinds": kinds}
            self._tell({"chunk": chunk})
            self._number += 1

    def _start(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "hazard_store_stream.hand_over"]
        # A session of its own: Ctrl-C ends the engine, and this is to say so.
        return subprocess.Popen(
            [*command, self.uri, self._calc_id, self._run],
            stdin=subprocess.PIPE,
            start_new_session=True,
        )

    def _tell(self, message: dict[str, Any]) -> None:
        pipe = self._process.stdin if self._process else None
        try:
            if pipe is not None:
                pipe.write(json.dumps(message).encode() + b"\n")
                pipe.flush()
        except OSError as error:
            raise Stopped("the process that hands chunks over has ended") from error

    def _tell_if_there(self, message: dict[str, Any]) -> None:
        try:
            self._tell(message)
        except Stopped:
            log.warning("%s: the process that hands chunks over is gone", self._calc_id)

    def _end_for(self, reason: str) -> None:
        """Say for a process that was killed that the stream has ended."""
        self._process = self._start()
        self._tell_if_there({"end": reason})
        _ended(self._process)


def _ended(process: subprocess.Popen[bytes]) -> int:
    """Wait for the end of a process that is told no more; return its exit code."""
    with suppress(OSError):  # it may be dead, with words for it still in the pipe
        if process.stdin is not None:
            process.stdin.close()
    return process.wait()


def _pieces(n: int, size: int) -> Iterator[slice]:
    for start in range(0, n, size):
        yield slice(start, min(start + size, n))
