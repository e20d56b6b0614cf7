"""Small files that ask for all memory or all time; each takes a moment to make."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from tests.support.calc_factory import make_calc

TEXT = h5py.string_dtype()


def fixed_strings(path: Path) -> None:
    """An oqparam of 2 GB that was never written."""
    _replace(path, "oqparam", shape=(), dtype="S2000000000")


def ids_of_a_thousand_characters(path: Path) -> None:
    """20,000,000 of them."""
    _replace(path, "sitecol/custom_site_id", shape=(20_000_000,), dtype="S1000", chunks=(1000,))


def ids_that_share_a_string(path: Path) -> None:
    """200,000 ids: the same megabyte in the heap for each."""
    n = 200_000
    with h5py.File(path, "r+") as h5:
        one = h5.create_dataset("one", data=["x" * (1 << 20)], dtype=TEXT)
        place = one.id.get_offset()
        h5.create_dataset("many", shape=(n,), dtype=TEXT)
        h5["many"][0] = "y"
        many = h5["many"].id.get_offset()
    content = bytearray(path.read_bytes())
    content[many : many + 16 * n] = bytes(content[place : place + 16]) * n
    path.write_bytes(content)
    with h5py.File(path, "r+") as h5:
        if "sitecol/custom_site_id" in h5:
            del h5["sitecol/custom_site_id"]
        h5.move("many", "sitecol/custom_site_id")


def rows_of_a_logic_tree(path: Path) -> None:
    """20,000,000 of them, packed."""
    names = [("trt", TEXT), ("branch", TEXT), ("uncertainty", TEXT), ("weight", "f8")]
    shape = (20_000_000,)
    _replace(path, "full_lt/gsim_lt", shape, np.dtype(names), chunks=shape, compression="gzip")


def a_chunk_of_3_gb(path: Path) -> None:
    """Of statistics, as its shape says."""
    _replace_curves(path, (750_000_000, 1, 1, 1), b"x" * 200)


def filters_twice(path: Path) -> None:
    """A few KB, deflated twice, of half a gigabyte."""
    once = zlib.compressobj(9)
    inner = b"".join(once.compress(bytes(1 << 20)) for _ in range(512)) + once.flush()
    _replace_curves(path, (3, 3, 2, 5), zlib.compress(inner, 9), filters=(1, 1))


def a_deflated_bomb(path: Path) -> None:
    """One filter, and 512 MB in the place of a chunk of 360 bytes."""
    packer = zlib.compressobj(9)
    bomb = b"".join(packer.compress(bytes(1 << 20)) for _ in range(512)) + packer.flush()
    _replace_curves(path, (3, 3, 2, 5), bomb, filters=(1,))


def a_long_attribute(path: Path) -> None:
    """The axes of the curves, as JSON with a long name."""
    with h5py.File(path, "r+", libver="latest") as h5:
        axes = json.loads(h5["hcurves-stats"].attrs["json"])
        h5["hcurves-stats"].attrs["json"] = json.dumps({**axes, "x": "y" * 30_000_000})


def deep_json(path: Path) -> None:
    """A job whose parameters are lists in lists."""
    with h5py.File(path, "r+") as h5:
        del h5["oqparam"]
        h5["oqparam"] = b'{"calculation_mode": ' + b"[" * 5_000_000 + b"]" * 5_000_000 + b"}"


def many_parameters(path: Path) -> None:
    """Twenty million numbers for one intensity measure."""
    with h5py.File(path, "r+") as h5:
        stored = json.loads(h5["oqparam"][()])
        del h5["oqparam"]
        text = json.dumps({**stored, "hazard_imtls": {"PGA": "@"}}).replace(
            '"@"', "[" + "1," * 20_000_000 + "1]"
        )
        h5["oqparam"] = text.encode()


HOSTILE: dict[str, Callable[[Path], None]] = {
    each.__name__: each
    for each in (
        fixed_strings,
        ids_of_a_thousand_characters,
        ids_that_share_a_string,
        rows_of_a_logic_tree,
        a_chunk_of_3_gb,
        filters_twice,
        a_deflated_bomb,
        a_long_attribute,
        deep_json,
        many_parameters,
    )
}


def hostile(path: Path, name: str) -> Path:
    """Make one of them."""
    make_calc(path, 3, 2)
    HOSTILE[name](path)
    return path


def _replace(path: Path, name: str, shape: tuple[int, ...], dtype: Any, **options: Any) -> None:
    with h5py.File(path, "r+") as h5:
        if name in h5:
            del h5[name]
        h5.create_dataset(name, shape=shape, dtype=dtype, **options)


def _replace_curves(
    path: Path, chunk: tuple[int, ...], packed: bytes, filters: tuple[int, ...] = (1,)
) -> None:
    with h5py.File(path, "r+") as h5:
        dataset = h5["hcurves-stats"]
        attrs, shape = dict(dataset.attrs), dataset.shape
        del h5["hcurves-stats"]
        created = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        created.set_chunk(chunk)
        for number in filters:
            created.set_filter(number, 0, (9,))
        space = h5py.h5s.create_simple(shape, (h5py.h5s.UNLIMITED,) * 4)
        made = h5py.h5d.create(h5.id, b"hcurves-stats", h5py.h5t.IEEE_F32LE, space, created)
        made.write_direct_chunk((0, 0, 0, 0), packed)
        h5["hcurves-stats"].attrs.update(attrs)
