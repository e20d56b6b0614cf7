"""Compares HDF5 objects: types as the file has them, shapes, values bit for bit, attributes."""

from __future__ import annotations

import io
from typing import Any

import h5py
import numpy as np


def opened(content: bytes) -> h5py.File:
    """Open an HDF5 file that is in memory."""
    return h5py.File(io.BytesIO(content), "r")


def assert_same_objects(one: Any, other: Any) -> None:
    """Compare two groups with all that is in them, or two datasets."""
    assert_same_attributes(one, other)
    if isinstance(one, h5py.Dataset):
        assert_same_values(one.id, other.id, one.name)
        return
    assert isinstance(other, h5py.Group), one.name
    assert list(one) == list(other), one.name
    for name in one:
        assert_same_objects(one[name], other[name])


def assert_same_attributes(one: Any, other: Any) -> None:
    """Compare all attributes of two objects."""
    assert sorted(one.attrs) == sorted(other.attrs), one.name
    for name in one.attrs:
        assert_same_values(one.attrs.get_id(name), other.attrs.get_id(name), (one.name, name))


def assert_same_values(one: Any, other: Any, what: Any) -> None:
    """Compare two datasets or attributes."""
    assert one.get_type().equal(other.get_type()), what
    assert one.shape == other.shape, what
    if one.shape is not None:
        assert bits(read(one)) == bits(read(other)), what


def bits(values: Any) -> Any:
    """Return what two arrays have in common only if every bit and every text is the same."""
    if values.dtype.names:
        return {name: bits(values[name]) for name in values.dtype.names}
    if values.dtype.hasobject:
        return [bits(each) if isinstance(each, np.ndarray) else each for each in values.flat]
    return values.tobytes()


def read(found: Any) -> Any:
    """Return the values of a dataset or an attribute, texts as bytes."""
    values = np.zeros(found.shape, found.dtype)
    memory = h5py.h5t.py_create(found.dtype)
    if isinstance(found, h5py.h5d.DatasetID):
        found.read(h5py.h5s.ALL, h5py.h5s.ALL, values, memory)
    else:
        found.read(values, memory)
    return values
