# Copyright (C) 2026 the makers of Hazard Store
# SPDX-License-Identifier: AGPL-3.0-or-later
"""The process beside the engine that makes chunk files and sends them to the inbox.

A process, since the engine's master would pay for compression and uploads in its own CPU time.
It is told what to do in lines of JSON. When they end without an `end`, the engine has died.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import logging
import os
import select
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from hazard_store_stream import airflow
from hazard_store_stream.chunk_file import FORMAT, chunk_bytes
from hazard_store_stream.destination import Destination, destination_of
from hazard_store_stream.shipment import EX_NOT_SHIPPED, ship

HEAD, MANIFEST, ALIVE, END = "calculation.head", "manifest.json", "alive.json", "end.json"
ALIVE_S = 20.0  # between two signs of life
GIVE_UP_S = 600.0  # that one file is tried
THREADS = 2  # each holds one chunk, raw and packed
NICE = 10  # the engine's tasks go first
ENGINE_DIED = "the engine ended before its curves were complete"

log = logging.getLogger("hazard_store_stream")


class HandOver:
    """Sends one stream, file by file.

    Attributes:
        shipped: whether the calculation file, if it was to be sent, is in the inbox.
    """

    def __init__(
        self, uri: str, destination: Destination, calc_id: str, run: str, give_up_s: float
    ) -> None:
        self._uri, self._destination, self._give_up_s = uri, destination, give_up_s
        self._calc_id, self._run = calc_id, run
        self._pool = ThreadPoolExecutor(THREADS)
        self._sent: list[Future[list[Any]]] = []
        self._gave_up = False
        self.shipped = True
        self._over = threading.Event()
        self._beat = threading.Thread(target=self._stay_alive, daemon=True)

    def begin(self, manifest: dict[str, Any], head: Path) -> None:
        """Send the head, then the manifest, by which the stream is known."""
        content = head.read_bytes()
        head.unlink()
        self._put(HEAD, content)
        described = {"name": HEAD, "size": len(content), "sha256": _sha256(content)}
        self._put_json(MANIFEST, {"format": FORMAT, **manifest, "head": described})
        self._beat.start()
        manifest_uri = f"{self._uri}/{MANIFEST}"
        airflow.start_run(self._calc_id, self._run, manifest_uri, manifest["options"])

    def take(self, chunk: dict[str, Any]) -> None:
        """Send a chunk when its turn comes.

        Args:
            chunk: `number`, `sids`, `path` of its raw curves, `kinds` with the shape (K, M, L) of
                each, in the order of the file.
        """
        self._sent.append(self._pool.submit(self._send, chunk))

    def end(self, reason: str | None, calc_file: Path | None = None) -> str | None:
        """Send what is left, then the end; return why the stream failed.

        Args:
            reason: why it failed; None: all chunks were given.
            calc_file: the engine's final file, to be sent too; None: it is not.
        """
        chunks = []
        if reason is None:
            try:
                chunks = [sent.result() for sent in self._sent]
            except Exception as error:
                reason = f"{type(error).__name__}: {error}"
        self._pool.shutdown(wait=True, cancel_futures=True)
        shipped = self._ship(calc_file) if calc_file is not None and reason is None else None
        self._over.set()
        self._put_json(END, end_document(reason, chunks, shipped))
        return reason

    def _ship(self, calc_file: Path) -> list[Any] | None:
        """Send the calculation file; without it the stream is as good as it was."""
        try:
            return ship(calc_file, self._destination, self._retried)
        except Exception as error:
            log.warning("%s was not sent: %s", calc_file, error)
            self.shipped = False
            return None

    def _send(self, chunk: dict[str, Any]) -> list[Any]:
        if self._gave_up:
            raise ConnectionError(f"{self._uri} took no more")
        path, name = Path(chunk["path"]), chunk_name(chunk["number"])
        raw = np.fromfile(path, "<f4")
        curves, at = {}, 0
        for kind, (n_rows, n_imts, n_levels) in chunk["kinds"].items():
            shape = (n_rows, len(chunk["sids"]), n_imts, n_levels)  # as the engine has them
            size = int(np.prod(shape))
            curves[kind] = raw[at : at + size].reshape(shape).transpose(1, 0, 2, 3)
            at += size
        content = chunk_bytes(self._calc_id, self._run, chunk["number"], chunk["sids"], curves)
        self._put(name, content)
        path.unlink()
        return [name, len(content), _sha256(content)]

    def _put(self, name: str, content: bytes) -> None:
        self._retried(name, lambda: self._destination.put(name, content))

    def _retried(self, name: str, send: Callable[[], None]) -> None:
        failing_since, wait_s = None, 1.0
        while True:
            try:
                return send()
            except Exception as error:
                failing_since = failing_since or time.monotonic()
                if time.monotonic() + wait_s > failing_since + self._give_up_s:
                    self._gave_up = True
                    raise
                log.warning("%s/%s is tried again: %s", self._uri, name, error)
            time.sleep(wait_s)
            wait_s = min(2 * wait_s, 30.0)

    def _put_json(self, name: str, content: dict[str, Any]) -> None:
        self._put(name, json.dumps(content, indent=1).encode())

    def _stay_alive(self) -> None:
        while not self._over.is_set():
            try:
                self._destination.put(ALIVE, json.dumps({"at": _now()}).encode())
            except Exception as error:
                log.warning("%s: no sign of life was sent: %s", self._uri, error)
            self._over.wait(ALIVE_S)


def chunk_name(number: int) -> str:
    """Return the name of a chunk file."""
    return f"chunk-{number:05d}.hsc"


def end_document(
    reason: str | None, chunks: list[list[Any]], shipped: list[Any] | None = None
) -> dict[str, Any]:
    """Return what `end.json` says.

    Args:
        reason: why the stream failed; None: it is complete.
        chunks: name, size and SHA-256 of each.
        shipped: those of the calculation file; None: it was not sent.
    """
    described = [dict(zip(("name", "size", "sha256"), each, strict=True)) for each in chunks]
    document: dict[str, Any] = {
        "format": FORMAT,
        "at": _now(),
        "ended": "complete" if reason is None else "failed",
        "reason": reason,
        "chunks": described,
    }
    if shipped is not None:
        document["file"] = dict(zip(("name", "size", "sha256"), shipped, strict=True))
    return document


def lines(stream: BinaryIO, is_alive: Callable[[], bool]) -> Iterator[dict[str, Any]]:
    """Yield the messages of a pipe, until it ends or its writer is dead."""
    left, descriptor = b"", stream.fileno()
    while True:
        ready, _, _ = select.select([descriptor], [], [], 1.0)
        if not ready:
            if not is_alive():  # a fork of the writer may hold the pipe open
                return
            continue
        piece = os.read(descriptor, 1 << 20)
        if not piece:
            return
        *whole, left = (left + piece).split(b"\n")
        yield from map(json.loads, whole)


def follow(hand_over: HandOver, messages: Iterator[dict[str, Any]]) -> str | None:
    """Do what the messages say; return why the stream failed."""
    complete = False
    for message in messages:
        if "manifest" in message:
            hand_over.begin(message["manifest"], Path(message["head"]))
        elif "chunk" in message:
            hand_over.take(message["chunk"])
        elif "complete" in message:
            complete = True
        elif "ship" in message:
            return hand_over.end(None, Path(message["ship"]))
        else:
            return hand_over.end(message["end"])
    return hand_over.end(None if complete else ENGINE_DIED)


def main() -> int:
    """Hand over one stream: URI, calculation id and run are the arguments."""
    uri, calc_id, run = sys.argv[1:]
    logging.basicConfig(level=logging.WARNING, format="%(name)s: %(message)s")
    os.nice(NICE)
    parent = os.getppid()
    hand_over = HandOver(uri, destination_of(uri), calc_id, run, GIVE_UP_S)
    messages = lines(sys.stdin.buffer, lambda: os.getppid() == parent)
    reason = follow(hand_over, messages)
    if reason is not None:
        return 1
    return 0 if hand_over.shipped else EX_NOT_SHIPPED


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _now() -> str:
    return dt.datetime.now(dt.UTC).isoformat(timespec="seconds")


if __name__ == "__main__":
    sys.exit(main())
