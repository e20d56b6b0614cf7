"""Ways to read some sites of a calculation in S3: seconds, requests and bytes, side by side.

    python -m benchmarks.read_s3 [CALC_FILE] [--sites 20] [--latency-ms 20] [--json FILE]

Each way opens the file, finds its curves and reads the realisations of sites, first in a run, then
spread over the file. S3 is the embedded one; a proxy in front counts and adds the time that a
request takes in a real one. Ways whose package is not installed are left out.
"""

from __future__ import annotations

import importlib.util
import io
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import boto3
import click
import h5py
import numpy as np
from numpy.typing import NDArray

from benchmarks.support.embedded import embedded_aws
from benchmarks.support.tables import JSON_OPTION, Table
from benchmarks.writer import SAMPLE
from hazard_store.calcfile import open_calc
from hazard_store.files.fileobj import FileObject
from hazard_store.files.s3 import S3File
from hazard_store.model import Kind
from hazard_store.settings import Settings

BUCKET, KEY = "calculations", "calc.hdf5"
URI = f"s3://{BUCKET}/{KEY}"
BUFFER = 1 << 20
RLZS = "hcurves-rlzs"
Curves = NDArray[np.float32]


class CountingProxy(ThreadingHTTPServer):
    """Forwards to S3, counts requests and body bytes, and waits before each answer."""

    def __init__(self, target: str, latency_s: float) -> None:
        super().__init__(("127.0.0.1", 0), _Forward)
        self.target, self.latency_s = target.removeprefix("http://"), latency_s
        self.requests = self.sent = 0


class _Forward(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: CountingProxy

    def log_message(self, *args: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        """Forward."""
        upstream = HTTPConnection(self.server.target)
        upstream.request(self.command, self.path, headers=dict(self.headers))
        answer = upstream.getresponse()
        body = answer.read()
        upstream.close()
        time.sleep(self.server.latency_s)
        self.server.requests += 1
        self.server.sent += len(body)
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in ("transfer-encoding", "connection", "content-length"):
                self.send_header(name, value)
        length = str(len(body)) if self.command == "GET" else answer.getheader("Content-Length")
        self.send_header("Content-Length", length or "0")
        self.end_headers()
        self.wfile.write(body)

    do_HEAD = do_GET  # noqa: N815


@contextmanager
def counted(target: str, latency_s: float) -> Iterator[CountingProxy]:
    """Run the proxy for the time of a block."""
    proxy = CountingProxy(target, latency_s)
    thread = threading.Thread(target=proxy.serve_forever, daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        proxy.shutdown()
        proxy.server_close()


def from_h5py(file: Any, sids: NDArray[np.intp]) -> Curves:
    """Read through HDF5 from any file object, a site at a time."""
    with h5py.File(file, "r") as h5:
        h5["oqparam"][()], h5["sitecol/lat"][()], h5["sitecol/lon"][()], h5["weights"][()]
        return np.stack([h5[RLZS][sid] for sid in sids])


def ways(settings: Settings) -> dict[str, Callable[[NDArray[np.intp]], Curves]]:
    """Return all ways to read that this environment has."""

    def ours(sids: NDArray[np.intp]) -> Curves:
        with open_calc(URI, settings) as calc:
            return calc.curves(Kind.REALISATIONS, sids)

    def buffered(sids: NDArray[np.intp]) -> Curves:
        raw = Unpaged(S3File(URI, settings))
        return from_h5py(io.BufferedReader(raw, BUFFER), sids)

    def obstore_fsspec(sids: NDArray[np.intp]) -> Curves:
        from obstore.fsspec import FsspecStore

        store = FsspecStore(
            "s3",
            config={"region": settings.region, "endpoint": settings.endpoint_s3},
            client_options={"allow_http": True},
        )
        with store.open(f"{BUCKET}/{KEY}") as file:
            return from_h5py(file, sids)

    def with_s3fs(sids: NDArray[np.intp]) -> Curves:
        from s3fs import S3FileSystem

        S3FileSystem.clear_instance_cache()
        system = S3FileSystem(
            endpoint_url=settings.endpoint_s3, client_kwargs={"region_name": settings.region}
        )
        with system.open(f"{BUCKET}/{KEY}") as file:
            return from_h5py(file, sids)

    found = {
        "open_calc: boto3, 256 KB pages, curves by offset": ours,
        "boto3, 256 KB pages, curves through h5py": lambda sids: from_h5py(
            FileObject(S3File(URI, settings)), sids
        ),
        "boto3, BufferedReader of 1 MB, through h5py": buffered,
    }
    if importlib.util.find_spec("obstore") and importlib.util.find_spec("fsspec"):
        found["obstore.fsspec, through h5py"] = obstore_fsspec
    if importlib.util.find_spec("s3fs"):
        found["s3fs, through h5py"] = with_s3fs
    return found


class Unpaged(FileObject):
    """Asks for what it is asked for, and keeps nothing."""

    def readinto(self, buffer: Any) -> int:
        """Fill a buffer from the place on."""
        stop = min(self._position + len(buffer), self._size)
        part = self._file.read(self._position, stop) if stop > self._position else b""
        buffer[: len(part)] = part
        self._position += len(part)
        return len(part)


def measure(read: Callable[[], Curves], proxy: CountingProxy) -> tuple[float, int, int, Curves]:
    """Return seconds, requests and bytes of the better of two runs, and what was read."""
    runs = []
    for _ in range(2):  # the first one imports
        proxy.requests = proxy.sent = 0
        start = time.perf_counter()
        curves = read()
        runs.append((time.perf_counter() - start, proxy.requests, proxy.sent, curves))
    return min(runs, key=lambda run: run[0])


@click.command()
@click.argument("calc_file", type=click.Path(exists=True, path_type=Path), default=SAMPLE)
@click.option("--sites", default=20, help="How many to read.")
@click.option("--latency-ms", default=20.0, help="Added to each request.")
@JSON_OPTION
def main(calc_file: Path, sites: int, latency_ms: float, json_path: Path | None) -> None:
    """Compare ways to read some sites from S3."""
    with h5py.File(calc_file) as h5:
        expected = h5[RLZS][()]
    patterns = {
        "run": np.arange(min(sites, len(expected))),
        "spread": np.unique(np.linspace(0, len(expected) - 1, sites).astype(np.intp)),
    }
    with embedded_aws() as environment:
        target = environment["AWS_ENDPOINT_URL"]
        put = boto3.client("s3", region_name="us-east-1", endpoint_url=target)
        put.create_bucket(Bucket=BUCKET)
        put.upload_file(str(calc_file), BUCKET, KEY)
        with counted(target, latency_ms / 1000) as proxy:
            endpoint = f"http://127.0.0.1:{proxy.server_port}"
            settings = Settings(region="us-east-1", endpoint_s3=endpoint)
            rows = []
            for name, way in ways(settings).items():
                row = [name]
                for sids in patterns.values():
                    seconds, requests, sent, curves = measure(lambda: way(sids), proxy)  # noqa: B023
                    if curves.tobytes() != expected[sids].tobytes():
                        raise click.ClickException(f"{name} read something else")
                    row.append(f"{seconds:.2f} s, {requests} requests, {sent / 1e6:.1f} MB")
                rows.append(row)
    size = calc_file.stat().st_size / 1e6
    title = (
        f"{sites} sites of {expected[0].nbytes / 1e3:.0f} KB from {calc_file.name} of "
        f"{size:.1f} MB, {latency_ms:g} ms added to each request."
    )
    Table(title, ("way", "sites in a run", "sites spread"), rows).show(json_path)


if __name__ == "__main__":
    main()
