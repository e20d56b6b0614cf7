"""HDF5 objects as plain values: read from one file within a budget, written into another.

Nothing is copied by HDF5 itself: it would copy links, and how much is told only afterwards. Written
is what was read (types as the file has them, shapes, values, attributes), contiguous and without
times, so that the same values give the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import h5py
import numpy as np
from h5py import h5a, h5d, h5f, h5p, h5s, h5t
from numpy.typing import NDArray

from hazard_store.shown import cut

OBJECT_BYTES = 1024  # what an object or an attribute takes at least
ELEMENT_BYTES = 40  # what a value of variable length takes beside its content
LIBVER = (h5f.LIBVER_V18, h5f.LIBVER_LATEST)  # from 1.8 on: attributes over 64 KB


class NotCopied(Exception):
    """An object is too large, or of a kind that is not copied."""


class Budget:
    """How many bytes may still be read."""

    def __init__(self, size: int) -> None:
        self._size = self.left = size

    def take(self, size: int, name: str) -> None:
        """Take some bytes for an object.

        Raises:
            NotCopied: so many are not left.
        """
        if size > self.left:
            raise NotCopied(f"{cut(name)} is beyond the {self._size:,} bytes that are kept")
        self.left -= size


@dataclass(frozen=True)
class Array:
    """Values with the type that the file has for them."""

    type: h5t.TypeID
    space: h5s.SpaceID
    values: NDArray[Any] | None  # None: a null dataspace


@dataclass(frozen=True)
class Object:
    """A group, or a dataset."""

    path: str
    array: Array | None  # None: a group
    attributes: dict[bytes, Array]


def read_objects(path: str, found: Any, budget: Budget) -> Iterator[Object]:
    """Yield a dataset, or a group and all within, each before what is in it.

    Raises:
        NotCopied: too large, or a link, a reference or something in another file is among it.
    """
    array = None
    budget.take(OBJECT_BYTES, path)
    if isinstance(found, h5py.Dataset):
        if found.is_virtual or found.external:
            raise NotCopied(f"{cut(path)} lies in another file")
        array = _read(found.id, path, budget)
    elif not isinstance(found, h5py.Group):
        raise NotCopied(f"{cut(path)} is neither a dataset nor a group")
    yield Object(path, array, read_attributes(path, found, budget))
    if isinstance(found, h5py.Group):
        for name in found:
            if not isinstance(found.get(name, getlink=True), h5py.HardLink):
                raise NotCopied(f"{cut(path)}/{cut(name)} is a link")
            yield from read_objects(f"{path}/{name}", found[name], budget)


def read_attributes(path: str, found: Any, budget: Budget) -> dict[bytes, Array]:
    """Return all attributes of an object, by name.

    Raises:
        NotCopied: too large, or a reference is among them.
    """
    attributes = {}
    for number in range(h5a.get_num_attrs(found.id)):
        attribute = h5a.open(found.id, index=number, index_type=h5py.h5.INDEX_NAME)
        name = f"the attribute {attribute.name.decode(errors='replace')} of {path or 'the file'}"
        budget.take(OBJECT_BYTES, name)
        attributes[attribute.name] = _read(attribute, name, budget)
    return attributes


def copy_attributes(found: Any, made: Any, budget: Budget) -> None:
    """Copy all attributes of an object to another one, as they are."""
    _write_attributes(made.id, read_attributes(found.name, found, budget))


def _read(found: h5d.DatasetID | h5a.AttrID, name: str, budget: Budget) -> Array:
    kind, space = found.get_type(), found.get_space()
    if _has_references(kind):
        raise NotCopied(f"{cut(name)} is a reference")
    if space.get_simple_extent_type() == h5s.NULL:
        return Array(kind, space, None)
    budget.take(space.get_simple_extent_npoints() * kind.get_size(), name)
    values = np.zeros(found.shape, found.dtype)
    memory = h5t.py_create(found.dtype)
    if isinstance(found, h5d.DatasetID):
        found.read(h5s.ALL, h5s.ALL, values, memory)
    else:
        found.read(values, memory)
    budget.take(_variable_bytes(values), name)
    return Array(kind, space, values)


def _has_references(kind: h5t.TypeID) -> bool:
    if isinstance(kind, h5t.TypeCompoundID):
        return any(_has_references(kind.get_member_type(i)) for i in range(kind.get_nmembers()))
    if isinstance(kind, h5t.TypeArrayID | h5t.TypeVlenID):
        return _has_references(kind.get_super())
    return bool(kind.get_class() == h5t.REFERENCE)


def _variable_bytes(values: NDArray[Any]) -> int:
    """Return the bytes of all values of variable length."""
    if not values.dtype.hasobject:
        return 0
    if values.dtype.names:
        return sum(_variable_bytes(values[name]) for name in values.dtype.names)
    sizes = (getattr(each, "nbytes", None) or len(each) for each in values.flat)
    return ELEMENT_BYTES * values.size + sum(sizes)


def write_file(attributes: dict[bytes, Array], objects: Iterable[Object]) -> bytes:
    """Return an HDF5 file with these objects, and these attributes of its root."""
    created, access = h5p.create(h5p.FILE_CREATE), h5p.create(h5p.FILE_ACCESS)
    created.set_obj_track_times(False)
    access.set_fapl_core(backing_store=False)
    access.set_libver_bounds(*LIBVER)
    with h5py.File(h5f.create(b"in-memory", h5f.ACC_TRUNC, created, access)) as h5:
        _write_attributes(h5.id, attributes)
        for each in objects:
            _write_attributes(_made(h5.id, each), each.attributes)
        h5.flush()
        return bytes(h5.id.get_file_image())


def _made(root: h5f.FileID, each: Object) -> Any:
    """Make a group or a dataset, and what it stands in."""
    link, path = h5p.create(h5p.LINK_CREATE), each.path.encode(errors="surrogateescape")
    link.set_create_intermediate_group(True)
    link.set_char_encoding(h5t.CSET_UTF8)
    if each.array is None:
        of_group = h5p.create(h5p.GROUP_CREATE)
        of_group.set_obj_track_times(False)
        return h5py.h5g.create(root, path, link, of_group)
    of_dataset = h5p.create(h5p.DATASET_CREATE)
    of_dataset.set_obj_track_times(False)
    array = each.array
    made = h5d.create(root, path, array.type.copy(), _fixed(array.space), of_dataset, link)
    if array.values is not None:
        made.write(h5s.ALL, h5s.ALL, array.values, h5t.py_create(array.values.dtype))
    return made


def _write_attributes(target: Any, attributes: dict[bytes, Array]) -> None:
    for name, array in attributes.items():
        made = h5a.create(target, name, array.type.copy(), array.space)
        if array.values is not None:
            made.write(array.values, h5t.py_create(array.values.dtype))


def _fixed(space: h5s.SpaceID) -> h5s.SpaceID:
    """Return a dataspace that cannot grow: only that can be contiguous."""
    if space.get_simple_extent_type() != h5s.SIMPLE:
        return space
    return h5s.create_simple(space.shape)
