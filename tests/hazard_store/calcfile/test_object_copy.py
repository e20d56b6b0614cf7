"""Objects of every kind come back as they were; what cannot be copied is refused by a reason."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from hazard_store.calcfile.object_copy import (
    Budget,
    NotCopied,
    read_attributes,
    read_objects,
    write_file,
)
from tests.support.same_objects import assert_same_attributes, assert_same_objects, opened

TEXT, ASCII = h5py.string_dtype(), h5py.string_dtype("ascii")
SIZE = 1 << 20
COPY = """
import sys, h5py
from hazard_store.calcfile.object_copy import *
with h5py.File(sys.argv[1]) as h5:
    budget = Budget(1 << 20)
    attributes = read_attributes("", h5, budget)
    content = write_file(attributes, read_objects("some", h5["some"], budget))
sys.stdout.buffer.write(content)
"""
ROW = np.dtype(
    [("trt", TEXT), ("branch", "S4"), ("weight", "<f8"), ("in_use", "?"), ("xyz", "3f4")]
)
BOTH = [("Crust", b"g0", 0.5, True, (1, 2, 3)), ("Slab \u014d", b"g1", -0.0, False, (4, 5, np.nan))]
VALUES: dict[str, Any] = {
    "a text": np.array("a\u014d", TEXT),
    "an empty text": np.array("", TEXT),
    "texts": np.array(["a", "", "\u014d" * 1000], TEXT),
    "ASCII": np.array([b"a", b"b"], ASCII),
    "no UTF-8": np.array([b"\xff\xfe"], TEXT),
    "fixed texts": np.array([b"ab", b"c"], "S8"),
    "fixed UTF-8": np.array([b"ab", b"c"], h5py.string_dtype("utf-8", 8)),
    "a table": np.array(BOTH, ROW),
    "booleans": np.array([True, False]),
    "names of numbers": np.array([0, 7], h5py.enum_dtype({"NO": 0, "YES": 7}, "u1")),
    "big-endian": np.arange(4, dtype=">f8"),
    "small numbers": np.array([5e-324, -0.0, np.nan, np.inf]),
    "half floats": np.arange(3, dtype="<f2"),
    "four axes": np.arange(24, dtype="<u2").reshape(1, 2, 3, 4),
    "no rows": np.zeros((0, 3)),
    "opaque": np.void(bytes(range(256)) * 300),  # as an attribute, over 64 KB
}


def fill(path: Path, mode: str = "w") -> None:
    """Write each value as a dataset, in a group in a group, and as an attribute of all kinds."""
    with h5py.File(path, mode, libver="latest") as h5:
        group = h5.create_group("some/inner \u014d")
        for name, values in VALUES.items():
            group.create_dataset(name, data=values)
            group[name].attrs["unit"] = "g"
            for target in (h5, group):
                target.attrs.create(name, values)
        group.create_dataset("null", data=h5py.Empty("f4"))
        group.attrs["null"] = h5py.Empty(TEXT)
        group.create_dataset("packed", data=np.arange(1000), chunks=(10,), compression="gzip")
        group.create_dataset("resizable", data=np.arange(10), maxshape=(None,))
        group.create_dataset("unwritten", (3,), TEXT)
        ragged = group.create_dataset("ragged", (2,), h5py.vlen_dtype("<f4"))
        ragged[0] = np.arange(3, dtype="<f4")
        named = h5.create_group("types")
        named["kind"] = np.dtype("<f8")
        group.create_dataset("of a named type", (2,), named["kind"])


def copied(path: Path, name: str = "some", size: int = SIZE) -> bytes:
    with h5py.File(path) as h5:
        budget = Budget(size)
        attributes = read_attributes("", h5, budget)
        return write_file(attributes, list(read_objects(name, h5[name], budget)))


def test_every_kind_of_object_comes_back_with_its_attributes(tmp_path: Path):
    path = tmp_path / "a.hdf5"
    fill(path)
    with h5py.File(path) as h5, opened(copied(path)) as copy:
        assert ["some"] == list(copy)
        assert_same_objects(h5["some"], copy["some"])
        assert_same_attributes(h5, copy)
        inner = copy["some/inner \u014d"]
        assert len(VALUES) + 6 == len(inner)
        assert VALUES["a table"]["xyz"].tobytes() == inner["a table"]["xyz"].tobytes()
        assert inner["packed"].chunks is None


def test_the_same_objects_give_the_same_bytes(tmp_path: Path):
    """Whenever they were written, wherever in the file, and whatever stands in free memory."""
    one, other = tmp_path / "a.hdf5", tmp_path / "b.hdf5"
    fill(one)
    with h5py.File(other, "w", libver="latest") as h5:
        h5["before"] = np.arange(1000)
    fill(other, mode="r+")
    in_child = subprocess.run(
        [sys.executable, "-c", COPY, str(one)],
        env=os.environ | {"MALLOC_PERTURB_": "85", "PYTHONHASHSEED": "7"},
        capture_output=True,
        check=True,
    )
    assert copied(one) == copied(other) == in_child.stdout


def reference(h5: h5py.File) -> None:
    h5["some/thing"] = np.array([h5["some"].ref], h5py.ref_dtype)


def reference_in_a_table(h5: h5py.File) -> None:
    h5.create_dataset("some/thing", (2,), np.dtype([("a", "f4"), ("r", h5py.ref_dtype)]))


def reference_in_an_attribute(h5: h5py.File) -> None:
    h5["some"].attrs["thing"] = h5["some"].ref


def soft_link(h5: h5py.File) -> None:
    h5["some/thing"] = h5py.SoftLink("/other")


def external_link(h5: h5py.File) -> None:
    h5["some/thing"] = h5py.ExternalLink("/etc/hosts", "/")


def external(h5: h5py.File) -> None:
    h5.create_dataset("some/thing", (4,), "u1", external=[("/etc/hosts", 0, 4)])


def virtual(h5: h5py.File) -> None:
    layout = h5py.VirtualLayout((4,), "u1")
    layout[:] = h5py.VirtualSource("/etc/hosts", "x", (4,))
    h5.create_virtual_dataset("some/thing", layout)


def named_type(h5: h5py.File) -> None:
    h5["some/thing"] = np.dtype("f4")


def large(h5: h5py.File) -> None:
    h5.create_dataset("some/thing", (1 << 40,), "f8", chunks=(1024,))


def large_texts(h5: h5py.File) -> None:
    h5["some/thing"] = np.array(["x" * SIZE], TEXT)


def large_texts_in_a_table(h5: h5py.File) -> None:
    h5["some/thing"] = np.array([("x" * SIZE,)], [("a", TEXT)])


def many_texts(h5: h5py.File) -> None:
    h5["some/thing"] = np.full(SIZE // 30, "", TEXT)


def many_objects(h5: h5py.File) -> None:
    for number in range(SIZE // 1000):
        h5.create_group(f"some/{number}")


def a_circle(h5: h5py.File) -> None:
    h5["some/thing"] = h5["some"]


REFUSED: dict[Callable[[h5py.File], None], str] = {
    reference: "some/thing is a reference",
    reference_in_a_table: "some/thing is a reference",
    reference_in_an_attribute: "the attribute thing of some is a reference",
    soft_link: "some/thing is a link",
    external_link: "some/thing is a link",
    external: "some/thing lies in another file",
    virtual: "some/thing lies in another file",
    named_type: "some/thing is neither a dataset nor a group",
    large: "some/thing is beyond the 1,048,576 bytes that are kept",
    large_texts: "some/thing is beyond the 1,048,576 bytes",
    large_texts_in_a_table: "some/thing is beyond the 1,048,576 bytes",
    many_texts: "some/thing is beyond the 1,048,576 bytes",
    many_objects: "is beyond the 1,048,576 bytes",
    a_circle: "is beyond the 1,048,576 bytes|recursion",
}


@pytest.mark.parametrize("edit", REFUSED, ids=lambda edit: edit.__name__)
def test_what_is_not_copied(tmp_path: Path, edit: Callable[[h5py.File], None]):
    path = tmp_path / "a.hdf5"
    with h5py.File(path, "w", libver="latest") as h5:
        h5.create_group("some")
        edit(h5)
    with pytest.raises((NotCopied, RecursionError), match=REFUSED[edit]):
        copied(path)


def test_what_fits_exactly_is_copied(tmp_path: Path):
    path = tmp_path / "a.hdf5"
    with h5py.File(path, "w") as h5:
        h5["some"] = np.zeros(1000, "u1")
    assert copied(path, size=2024)
    with pytest.raises(NotCopied):
        copied(path, size=2023)
