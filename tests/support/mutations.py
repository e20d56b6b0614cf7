"""Seeded changes of calculation files: of their bytes, and of what HDF5 makes of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np

NAMES = (
    "oqparam",
    "weights",
    "sitecol/lat",
    "sitecol/lon",
    "sitecol/vs30",
    "sitecol/sids",
    "full_lt/gsim_lt",
    "full_lt/sm_data",
    "hcurves-stats",
    "hcurves-rlzs",
)
ODD = (np.nan, np.inf, -1.0, -0.0, 0.0, 1e-320, 1e308, 2.0, 91.0, 181.0)


def mutate_bytes(path: Path, rng: np.random.Generator) -> str:
    """Change bytes anywhere, more often near the beginning; return what was done."""
    content = bytearray(path.read_bytes())
    size = len(content)
    end = size if rng.random() < 0.5 else min(size, 16_384)
    kind = rng.choice(["flip", "random", "zeros", "cut", "copy"])
    for _ in range(int(rng.integers(1, 9))):
        start = int(rng.integers(0, end))
        length = int(rng.integers(1, 257))
        if kind == "flip":
            content[start] ^= 1 << int(rng.integers(0, 8))
        elif kind == "random":
            content[start : start + 8] = rng.bytes(min(8, size - start))
        elif kind == "zeros":
            content[start : start + length] = bytes(min(length, size - start))
        elif kind == "copy":
            other = int(rng.integers(0, size - 1))
            piece = content[other : other + length]
            content[start : start + len(piece)] = piece
    del content[size:]
    if kind == "cut":
        del content[int(rng.integers(0, size)) :]
    path.write_bytes(content)
    return str(kind)


def mutate_structure(path: Path, rng: np.random.Generator) -> str:
    """Change one dataset or attribute by HDF5's own means; return what was done."""
    change = _CHANGES[int(rng.integers(0, len(_CHANGES)))]
    with h5py.File(path, "r+") as h5:
        name = str(rng.choice([name for name in NAMES if name in h5]))
        change(h5, name, rng)
    return f"{change.__name__} {name}"


def _value(h5: h5py.File, name: str, rng: np.random.Generator) -> None:
    dataset = h5[name]
    if dataset.dtype.kind == "f" and dataset.size:
        values = dataset[()]
        values.reshape(-1)[int(rng.integers(0, values.size))] = rng.choice(ODD)
        dataset[...] = values


def _remove(h5: h5py.File, name: str, _: np.random.Generator) -> None:
    del h5[name]


def _again(h5: h5py.File, name: str, data: Any, **options: Any) -> None:
    attrs = dict(h5[name].attrs)
    del h5[name]
    h5.create_dataset(name, data=data, **options)
    h5[name].attrs.update(attrs)


def _dtype(h5: h5py.File, name: str, rng: np.random.Generator) -> None:
    dataset = h5[name]
    if dataset.dtype.kind in "fiu":
        _again(h5, name, dataset[()].astype(str(rng.choice(["f8", "f4", "i4", "c8", "S8", ">f4"]))))


def _shape(h5: h5py.File, name: str, rng: np.random.Generator) -> None:
    dataset = h5[name]
    if dataset.shape:
        data = dataset[()]
        shortened = data[: int(rng.integers(0, len(data) + 1))]
        _again(h5, name, shortened if rng.random() < 0.5 else np.concatenate([data, data]))


def _chunked(h5: h5py.File, name: str, rng: np.random.Generator) -> None:
    dataset = h5[name]
    if dataset.shape and dataset.size:
        chunks = tuple(int(rng.integers(1, length + 1)) for length in dataset.shape)
        _again(h5, name, dataset[()], chunks=chunks, compression=rng.choice(["gzip", "lzf"]))


def _attribute(h5: h5py.File, name: str, rng: np.random.Generator) -> None:
    if "json" in h5[name].attrs:
        axes = json.loads(h5[name].attrs["json"])
        key = str(rng.choice(list(axes)))
        axes[key] = [None, [], "x", 7, ["a", "a"], {"b": 1}][int(rng.integers(0, 6))]
        h5[name].attrs["json"] = json.dumps(axes)


def _parameter(h5: h5py.File, _: str, rng: np.random.Generator) -> None:
    stored = json.loads(h5["oqparam"][()]) if h5["oqparam"].shape == () else {}
    if stored:
        key = str(rng.choice(list(stored)))
        stored[key] = [None, [], "x", -1, 1e400, {"PGA": "y"}][int(rng.integers(0, 6))]
        del h5["oqparam"]
        h5["oqparam"] = json.dumps(stored).encode()


def _turned(h5: h5py.File, name: str, rng: np.random.Generator) -> None:
    dataset = h5[name]
    if dataset.ndim == 4:
        dataset[int(rng.integers(0, len(dataset)))] = dataset[0][..., ::-1]


_CHANGES: list[Callable[[h5py.File, str, np.random.Generator], None]] = [
    _value,
    _remove,
    _dtype,
    _shape,
    _chunked,
    _attribute,
    _parameter,
    _turned,
]
