"""Damaged files: whatever is missing or changed, the answer is one of ours."""

from __future__ import annotations

import json
import random
import struct
from pathlib import Path

import h5py
import numpy as np
import pytest

from hazard_store.calcfile import inspect_file, open_calc
from hazard_store.errors import BadCalculation
from hazard_store.files.fileobj import HEAP, FileObject
from hazard_store.files.local import LocalFile
from hazard_store.model import Kind
from hazard_store.settings import Settings
from tests.support.calc_factory import make_calc


def read_all(path: Path, settings: Settings) -> None:
    inspection = inspect_file(str(path), settings)
    found = inspection.calculation
    json.dumps(found.logic_tree.gsim_branches)
    with open_calc(str(path), settings, found.file.etag, inspection.checksums) as calc:
        for kind in Kind:
            if found.n_rows(kind):
                calc.curves(kind, np.arange(len(found.sites)))


def refused(path: Path, settings: Settings) -> bool:
    """Whether a file is refused; anything but BadCalculation fails the test."""
    try:
        read_all(path, settings)
    except BadCalculation:
        return True
    return False


@pytest.mark.parametrize("options", [{}, {"engine_version": "3.11.5"}, {"libver": "earliest"}])
def test_a_file_that_ends_too_early(tmp_path: Path, settings: Settings, options: dict):
    whole, path = tmp_path / "whole.hdf5", tmp_path / "c.hdf5"
    make_calc(whole, custom_ids=["a", "b", "c"], **options)
    content = whole.read_bytes()
    for length in [*range(0, len(content), 97), len(content) - 1]:
        path.write_bytes(content[:length])
        with pytest.raises(BadCalculation) as caught:
            read_all(path, settings)
        if length > 100:
            expected = f"it is truncated: {length} of {len(content)} bytes are there; copy it again"
            assert caught.value.reason == expected


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"engine_version": "3.11.5", "custom_ids": [4, 5, 6]},
        {"libver": "earliest"},
        {"curve_options": {"chunks": (1, 1, 2, 5), "compression": "gzip"}},
    ],
)
def test_a_file_with_other_bits(tmp_path: Path, settings: Settings, options: dict):
    """Two hundred times some bits; most of them are noticed, none ends in an error of Python."""
    whole, path = tmp_path / "whole.hdf5", tmp_path / "c.hdf5"
    make_calc(whole, **options)
    content = whole.read_bytes()
    count = 0
    for seed in range(200):
        chance = random.Random(seed)
        damaged = bytearray(content)
        for _ in range(chance.choice((1, 1, 5, 20))):
            damaged[chance.randrange(len(damaged))] ^= 1 << chance.randrange(8)
        path.write_bytes(damaged)
        count += refused(path, settings)
    assert count > 20


@pytest.mark.parametrize("length", [64, 512, 4096])
def test_a_file_with_holes(tmp_path: Path, settings: Settings, length: int):
    """A copy that lost some blocks has zeros there. HDF5 alone would turn round for ever."""
    whole, path = tmp_path / "whole.hdf5", tmp_path / "c.hdf5"
    make_calc(whole, custom_ids=["a", "b", "c"])
    content = whole.read_bytes()
    count = 0
    for start in range(0, len(content), length // 2):
        path.write_bytes(
            (content[:start] + bytes(length) + content[start + length :])[: len(content)]
        )
        count += refused(path, settings)
    assert count > 0


def heap_file(tmp_path: Path, objects: bytes) -> FileObject:
    body = HEAP + struct.pack("<Q", 16 + len(objects)) + objects
    (tmp_path / "heap").write_bytes(body)
    return FileObject(LocalFile(str(tmp_path / "heap"), str(tmp_path / "heap")))


def entry(index: int, size: int, content: bytes = b"") -> bytes:
    return struct.pack("<HHIQ", index, 1, 0, size) + content


@pytest.mark.parametrize(
    "objects",
    [
        entry(1, 3, b"abc".ljust(8, b"\0")) + entry(0, 0),  # free space of no length: no step
        entry(0, 4096),  # beyond the end
        entry(1, 2**64 - 16),  # a step back to itself
    ],
)
def test_a_heap_that_has_no_end_is_refused(tmp_path: Path, objects: bytes):
    with pytest.raises(OSError, match="damaged at byte"):
        heap_file(tmp_path, objects).read(16)


def test_a_heap_that_is_good_is_read(tmp_path: Path):
    objects = entry(1, 3, b"abc".ljust(8, b"\0")) + entry(0, 24).ljust(24, b"\0")
    assert heap_file(tmp_path, objects).read(8) == HEAP


def test_the_heaps_of_h5py_are_good(tmp_path: Path, settings: Settings):
    """Many strings, so that collections are full, extended and partly free."""
    strings = [f"{'x' * (i % 5000)}{i}" for i in range(3000)]

    def add_many(h5: h5py.File) -> None:
        h5["full_lt/source_model_lt"].attrs["more"] = strings[:100]
        del h5["full_lt/sm_data"]
        kind = [("path", h5py.string_dtype()), ("weight", "<f8")]
        h5["full_lt/sm_data"] = np.array([(text, 1.0) for text in strings], kind)

    make_calc(tmp_path / "c.hdf5", edit=add_many)
    open_calc(str(tmp_path / "c.hdf5"), settings).close()
    path = str(tmp_path / "c.hdf5")
    with h5py.File(FileObject(LocalFile(path, path)), "r") as h5:
        assert [row["path"].decode() for row in h5["full_lt/sm_data"][()]] == strings
