"""A calculation of any size in S3 that no disk holds: a block of real curves, repeated.

HDF5 lays the file out as the engine does and makes room for the curves without writing them; their
offsets are known then, and where a reader asks for those bytes it gets a block of some sites of
benchmarks/support/synthetic.py over and over. Everything else comes from the (sparse) file itself.
The server knows what the package asks of S3: HEAD, and GET of a range with If-Match.
"""

from __future__ import annotations

import multiprocessing
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing.connection import Connection
from pathlib import Path

import h5py
import numpy as np
from numpy.typing import NDArray

from benchmarks.support.synthetic import BLOCK, blocks, lay_out, statistics

URI = "s3://virtual/calc.hdf5"
FORK = multiprocessing.get_context("fork")


@dataclass(frozen=True)
class Shape:
    """What a site has, and how many of them are repeated."""

    rlzs: int = 12
    imts: int = 27
    levels: int = 44
    block: int = BLOCK


@dataclass(frozen=True)
class Repeated:
    """A dataset of the file whose bytes are a block, over and over."""

    start: int  # first byte in the file
    stop: int
    block: memoryview

    def pieces(self, start: int, stop: int) -> Iterator[memoryview]:
        """Yield the bytes `start` to `stop` of the file."""
        while start < stop:
            place = (start - self.start) % len(self.block)
            piece = self.block[place : place + stop - start]
            yield piece
            start += len(piece)


class VirtualFile:
    """A calculation file of many sites; `folder` keeps its sparse part."""

    def __init__(self, folder: Path, sites: int, shape: Shape = Shape()) -> None:
        self._path = folder / f"{sites}.hdf5"
        curves = next(blocks(shape.block, shape.rlzs, shape.imts, shape.levels))
        contents = {"hcurves-rlzs": curves, "hcurves-stats": statistics(curves)}
        with h5py.File(self._path, "w") as file:
            lay_out(file, sites, shape.rlzs, shape.imts, shape.levels, room_unwritten())
            self._repeated = sorted(
                (_repeated(file[name], block) for name, block in contents.items()),
                key=lambda each: each.start,
            )
        self.size = self._path.stat().st_size
        self.etag = f'"{sites}-sites"'

    def pieces(self, start: int, stop: int) -> Iterator[memoryview]:
        """Yield the bytes `start` to `stop`."""
        for each in self._repeated:
            yield from self._metadata(start, min(stop, each.start))
            yield from each.pieces(max(start, each.start), min(stop, each.stop))
            start = max(start, each.stop)
        yield from self._metadata(start, stop)

    def _metadata(self, start: int, stop: int) -> Iterator[memoryview]:
        if start < stop:
            with self._path.open("rb") as file:
                file.seek(start)
                yield memoryview(file.read(stop - start))


def room_unwritten() -> h5py.h5p.PropDCID:
    """Return the properties of datasets that get their place at once and are never filled."""
    properties = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    properties.set_layout(h5py.h5d.CONTIGUOUS)
    properties.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
    properties.set_fill_time(h5py.h5d.FILL_TIME_NEVER)
    return properties


def _repeated(dataset: h5py.Dataset, curves: NDArray[np.float64]) -> Repeated:
    offset = dataset.id.get_offset()
    block = memoryview(curves.astype(dataset.dtype).tobytes())
    return Repeated(offset, offset + dataset.id.get_storage_size(), block)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, file: VirtualFile) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.file = file


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def log_message(self, *args: object) -> None:
        """Say nothing."""

    def do_HEAD(self) -> None:
        """Tell size and version."""
        self._head(200, self.server.file.size)

    def do_GET(self) -> None:
        """Send a range, the whole file without one."""
        file, wanted = self.server.file, self.headers.get("Range")
        if self.headers.get("If-Match", file.etag) != file.etag:
            self._head(412, 0)
            return
        start, stop = 0, file.size
        if wanted is not None:
            first, _, last = wanted.removeprefix("bytes=").partition("-")
            start, stop = int(first), min(int(last) + 1, file.size)
        told = {} if wanted is None else {"Content-Range": f"bytes {start}-{stop - 1}/{file.size}"}
        self._head(200 if wanted is None else 206, stop - start, **told)
        for piece in file.pieces(start, stop):
            self.wfile.write(piece)

    def _head(self, status: int, length: int, **headers: str) -> None:
        self.send_response(status)
        self.send_header("ETag", self.server.file.etag)
        self.send_header("Last-Modified", "Thu, 01 Jan 2026 00:00:00 GMT")
        self.send_header("Content-Length", str(length))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()


def _serve(file: VirtualFile, told: Connection) -> None:
    server = _Server(file)
    told.send(server.server_port)
    server.serve_forever()


@contextmanager
def virtual_s3(sites: int, shape: Shape = Shape()) -> Iterator[str]:
    """Serve a calculation as `URI` from a process of its own; yield the address of its S3."""
    with tempfile.TemporaryDirectory(prefix="hazard-store-") as folder:
        ours, theirs = FORK.Pipe()
        file = VirtualFile(Path(folder), sites, shape)
        process = FORK.Process(target=_serve, args=(file, theirs), daemon=True)
        process.start()
        try:
            yield f"http://127.0.0.1:{ours.recv()}"
        finally:
            process.terminate()
            process.join()
