"""Streams as engines hand them over, made of calculation files by docs/reference/stream-format.md.

Not by the package in `stream/`, which is under another licence: what it sends is read in the tests
that run the engine.
"""

from __future__ import annotations

import hashlib
import json
import struct
import zlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

KINDS = ("hcurves-rlzs", "hcurves-stats")
PREAMBLE = struct.Struct("<8sII")


class MadeStream:
    """A stream that is under way: `give` and `end` do what the engine's machine does.

    Attributes:
        manifest: its path, by which it is known.
        chunks: the sites of each chunk, strided as the engine has them.
    """

    def __init__(
        self,
        calc_file: Path,
        inbox: Path,
        calc_id: str = "A",
        n_chunks: int = 3,
        run: str = "20261126T101500-0a1b2c3d",
        options: Mapping[str, Any] | None = None,
        kinds: Sequence[str] = KINDS,
    ) -> None:
        self.folder = inbox / "streams" / calc_id / run
        self.folder.mkdir(parents=True)
        self.manifest = self.folder / "manifest.json"
        self._calc_id, self._run = calc_id, run
        head = self.folder / "calculation.head"
        with h5py.File(calc_file) as source, h5py.File(head, "w") as made:
            written = {k for k in kinds if k in source and source[k].id.get_storage_size()}
            self.curves = {kind: source[kind][()] for kind in sorted(written)}
            made.attrs.update(source.attrs)
            for name in source:
                if name.startswith(("hcurves-", "hmaps-")):
                    described = made.create_dataset(name, source[name].shape, source[name].dtype)
                    described.attrs.update(source[name].attrs)
                else:
                    source.copy(name, made)
        n_sites = len(next(iter(self.curves.values())))
        self.chunks = [
            np.arange(n_sites)[start::n_chunks] for start in range(min(n_chunks, n_sites))
        ]
        content = head.read_bytes()
        self.put(
            "manifest.json",
            {
                "format": 1,
                "calc_id": calc_id,
                "run": run,
                "engine_version": "3.26.2",
                "began": "2026-11-26T10:15:00+00:00",
                "n_sites": n_sites,
                "kinds": {kind: each.shape[1:] for kind, each in self.curves.items()},
                "options": dict(options or {}),
                "head": sent("calculation.head", content),
            },
        )
        self._sent: dict[int, dict[str, Any]] = {}

    def give(self, *numbers: int) -> None:
        """Send some chunks."""
        for number in numbers:
            sids = self.chunks[number]
            curves = {kind: each[sids] for kind, each in self.curves.items()}
            content = chunk_bytes(self._calc_id, self._run, number, sids.tolist(), curves)
            name = f"chunk-{number:05d}.hsc"
            (self.folder / name).write_bytes(content)
            self._sent[number] = sent(name, content)

    def ship(self, calc_file: Path) -> dict[str, Any]:
        """Send the engine's final file; return how the end has to name it."""
        content = calc_file.read_bytes()
        (self.folder / "calculation.hdf5").write_bytes(content)
        return sent("calculation.hdf5", content)

    def end(self, reason: str | None = None, shipped: Mapping[str, Any] | None = None) -> None:
        """Send the end, which names the engine's final file if there is one."""
        chunks = [self._sent[number] for number in sorted(self._sent)] if reason is None else []
        ended = "complete" if reason is None else "failed"
        document = {"format": 1, "at": "", "ended": ended, "reason": reason, "chunks": chunks}
        self.put("end.json", document | ({} if shipped is None else {"file": shipped}))

    def put(self, name: str, document: Mapping[str, Any]) -> None:
        """Send a document, in the place of one of its name."""
        (self.folder / name).write_text(json.dumps(document))


def whole_stream(
    calc_file: Path, inbox: Path, shipped: Path | None = None, **arguments: Any
) -> MadeStream:
    """Return a stream that has ended well, with the engine's final file or without."""
    made = MadeStream(calc_file, inbox, **arguments)
    made.give(*range(len(made.chunks)))
    made.end(shipped=None if shipped is None else made.ship(shipped))
    return made


def sent(name: str, content: bytes) -> dict[str, Any]:
    """Return how a document names a file."""
    return {"name": name, "size": len(content), "sha256": hashlib.sha256(content).hexdigest()}


def chunk_bytes(
    calc_id: str,
    run: str,
    number: int,
    sids: Iterable[int],
    curves: Mapping[str, NDArray[np.float32]],
) -> bytes:
    """Return a chunk file."""
    frames: list[bytes] = []
    kinds = {}
    for kind, of_kind in curves.items():
        places = []
        for of_site in of_kind:
            frame = frame_bytes(of_site)
            places.append([sum(map(len, frames)), len(frame), zlib.crc32(frame)])
            frames.append(frame)
        kinds[kind] = {"shape": of_kind.shape[1:], "frames": places}
    header = json.dumps(
        {
            "format": 1,
            "calc_id": calc_id,
            "run": run,
            "number": number,
            "sids": list(sids),
            "kinds": kinds,
        }
    ).encode()
    preamble = PREAMBLE.pack(b"HSCHUNK1", len(header), zlib.crc32(header))
    return preamble + header + b"".join(frames)


def frame_bytes(curves: NDArray[np.float32]) -> bytes:
    """Return the frame of one site, value by value."""
    raw, zero = np.ascontiguousarray(curves, "<f4").tobytes(), bytes(4)
    values = [raw[start : start + 4] for start in range(0, len(raw), 4)]
    kept = [value for value in values if value != zero]
    bits = "".join("01"[value != zero] for value in values)
    mask = bytes(int(bits[start : start + 8].ljust(8, "0"), 2) for start in range(0, len(bits), 8))
    packed = zlib.compress(mask + bytes(value[3] for value in kept))
    return struct.pack("<I", len(packed)) + packed + b"".join(value[:3] for value in kept)
