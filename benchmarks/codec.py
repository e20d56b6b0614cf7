"""Transforms and compressors for curves: write units a row and speed, side by side in one run.

    python -m benchmarks.codec [CALC_FILE] [--json FILE]

Every candidate is lossless. Sizes include 100 bytes an item for keys and attributes.
"""

from __future__ import annotations

import math
import time
import zlib
from collections.abc import Callable
from pathlib import Path

import click
import numpy as np
from numpy.typing import NDArray
from pcodec import ChunkConfig, DeltaSpec, ModeSpec, standalone

from benchmarks.support.tables import JSON_OPTION, Table
from benchmarks.writer import SAMPLE
from hazard_store import codec
from hazard_store.calcfile import open_calc
from hazard_store.model import Kind
from hazard_store.settings import Settings

ITEM_BYTES = 100
Bits = NDArray[np.uint32]


def delta(bits: Bits, axis: int) -> Bits:
    """Differences along an axis, modulo 2**32."""
    out = bits.copy()
    after = [slice(None)] * bits.ndim
    before = list(after)
    after[axis], before[axis] = slice(1, None), slice(None, -1)
    out[tuple(after)] -= bits[tuple(before)]
    return out


def pco(level: int) -> Callable[[Bits], bytes]:
    """Compress with pcodec at a level."""
    config = ChunkConfig(
        compression_level=level, delta_spec=DeltaSpec.no_op(), mode_spec=ModeSpec.classic()
    )
    return lambda bits: standalone.simple_compress(np.ascontiguousarray(bits).ravel(), config)


def shuffled_zlib(bits: Bits) -> bytes:
    """Compress the first bytes of all values, then the second ones ... with zlib."""
    return zlib.compress(bits.view("u1").reshape(-1, 4).T.tobytes(), 6)


TRANSFORMS: dict[str, Callable[[Bits], Bits]] = {
    "delta along levels": lambda b: delta(b, -1),
    "delta along levels, IMTs": lambda b: delta(delta(b, -1), -2),
    "delta along realisations, levels": lambda b: delta(delta(b, -1), 0),
}
CANDIDATES: dict[str, Callable[[Bits], bytes]] = {
    "raw": lambda bits: bits.tobytes(),
    **{
        f"{name}; zlib 6": lambda bits, t=transform: shuffled_zlib(t(bits))
        for name, transform in TRANSFORMS.items()
    },
    **{
        f"{name}; pcodec {level}": lambda bits, t=transform, p=pco(level): p(t(bits))
        for name, transform in TRANSFORMS.items()
        for level in (4, 6, 8)
    },
    "the project's": lambda bits: codec.encode(bits.view(np.float32)),
}


def measure(curves: NDArray[np.float32], group: int, encode: Callable[[Bits], bytes]) -> list[str]:
    """Return [write units a row, rows a second of CPU]."""
    n_rows, units = curves.shape[0] * curves.shape[1], 0
    began = time.process_time()
    for site in curves.view(np.uint32):
        for first in range(0, len(site), group):
            size = len(encode(site[first : first + group])) + ITEM_BYTES
            units += math.ceil(size / 1024)
    cpu = time.process_time() - began
    return [f"{units / n_rows:.3f}", f"{n_rows / cpu:,.0f}"]


@click.command()
@click.argument("calc_file", default=str(SAMPLE))
@click.option("--sites", default=50)
@JSON_OPTION
def main(calc_file: str, sites: int, json_path: Path | None) -> None:
    """Print the table."""
    with open_calc(calc_file, Settings(region="us-east-1")) as opened:
        last = len(opened.calculation.sites) - 1
        sids = np.unique(np.linspace(0, last, sites).round().astype(int))
        curves = {kind: opened.curves(kind, sids) for kind in Kind}
    rlzs, stats = curves[Kind.REALISATIONS], curves[Kind.STATS]
    columns = [(rlzs, 12), (rlzs, 4), (rlzs, 1), (stats, 1)]
    rows = []
    for name, encode in CANDIDATES.items():
        cells = [measure(array, group, encode) for array, group in columns]
        rows.append([name, *(cell for pair in cells for cell in pair)])
    header = ["encoding"]
    for what in ("12 rlzs an item", "4 rlzs", "1 rlz", "a statistic"):
        header += [f"{what}: units a row", "rows/s"]
    n_imts, n_levels = rlzs.shape[2:]
    title = f"{len(sids)} sites of {Path(calc_file).name}, {n_imts} IMTs x {n_levels} levels."
    Table(title, header, rows).show(json_path)


if __name__ == "__main__":
    main(prog_name="python -m benchmarks.codec")
