"""Where the curves lie in the file, and how some sites of them are read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

import h5py
import numpy as np
from numpy.typing import NDArray

from hazard_store.calcfile.hdf5 import hdf5_file, member
from hazard_store.errors import BadCalculation
from hazard_store.files.open import VersionedFile
from hazard_store.shown import cut

CURVE = np.dtype("<f4")
MAX_GAP = 1 << 20  # bytes between two sites that cost less to read than another request
MAX_SPAN = 8 << 20  # bytes of one span, unless a single site has more


@dataclass(frozen=True)
class CurveSet:
    """One dataset of curves: float32 (N, K, M, L), K realisations or statistics."""

    name: str
    shape: tuple[int, int, int, int]
    offset: int | None  # the first byte in the file; None: not contiguous, read through h5py
    imts: tuple[str, ...]
    labels: tuple[str, ...]  # the statistics as OpenQuake names them; empty for realisations
    written: bool  # False: the engine made room and never wrote

    @property
    def site_bytes(self) -> int:
        """Bytes of one site."""
        return int(np.prod(self.shape[1:], dtype=object)) * CURVE.itemsize

    @property
    def size(self) -> int:
        """Bytes of all sites."""
        return self.shape[0] * self.site_bytes


def find_dataset(uri: str, h5: h5py.File, name: str, file_size: int) -> CurveSet | None:
    """Return where a dataset of curves lies; None if the file has none of this name.

    Raises:
        BadCalculation: its shape, type or names are not those of the engine.
    """
    dataset = member(uri, h5, name)
    if dataset is None:
        return None
    if not isinstance(dataset, h5py.Dataset) or dataset.is_virtual or dataset.external:
        raise BadCalculation(uri, f"its {name} is not a dataset inside the file")
    if dataset.dtype != CURVE:
        raise BadCalculation(uri, f"its {name} is {dataset.dtype}, not float32 (little-endian)")
    if dataset.shape is None or len(dataset.shape) != 4 or 0 in dataset.shape:
        raise BadCalculation(
            uri, f"its {name} has the shape {dataset.shape}, not (sites, curves, IMTs, levels)"
        )
    n_sites, n_rows, n_imts, n_levels = map(int, dataset.shape)
    if "json" not in dataset.attrs:
        raise BadCalculation(uri, f"its {name} does not name its axes (attribute json)")
    axes = json.loads(dataset.attrs["json"])
    labels = axes.get("stat", ()) if name == "hcurves-stats" else ()
    stored = dataset.id.get_storage_size()
    found = CurveSet(
        name=name,
        shape=(n_sites, n_rows, n_imts, n_levels),
        offset=dataset.id.get_offset(),
        imts=tuple(str(imt) for imt in axes["imt"]),
        labels=tuple(str(label) for label in labels),
        written=stored > 0,
    )
    if found.offset is not None and not stored == found.size <= file_size - found.offset:
        raise BadCalculation(uri, f"its {name} goes beyond the end of the file; copy it again")
    _check_names(uri, name, "IMTs", found.imts, n_imts)
    if name == "hcurves-stats":
        _check_names(uri, name, "statistics", found.labels, n_rows)
    return found


def _check_names(uri: str, name: str, axis: str, found: tuple[str, ...], length: int) -> None:
    if len(found) != length or len(set(found)) != length or not all(found):
        raise BadCalculation(
            uri, f"its {name} has {length} {axis}, but their names are {cut(list(found))}"
        )


def read_curves(
    file: VersionedFile, curves: CurveSet, sids: NDArray[np.intp]
) -> NDArray[np.float32]:
    """Return the curves of some sites.

    Returns:
        float32 (n, K, M, L), in the order of `sids`, bit for bit as in the file.
    """
    found = np.empty((len(sids), *curves.shape[1:]), CURVE)
    order = np.argsort(sids, kind="stable")
    for first, last in _spans(sids[order], curves.site_bytes):
        places = order[first:last]
        start, stop = int(sids[places[0]]), int(sids[places[-1]]) + 1
        found[places] = _read_span(file, curves, start, stop)[sids[places] - start]
    return found


def _spans(sids: NDArray[np.intp], site_bytes: int) -> Iterator[tuple[int, int]]:
    """Yield slices of sorted sids; one read each costs least."""
    first = 0
    for last in range(1, len(sids) + 1):
        if (
            last == len(sids)
            or (sids[last] - sids[last - 1] - 1) * site_bytes > MAX_GAP
            or (sids[last] - sids[first] + 1) * site_bytes > MAX_SPAN
        ):
            yield first, last
            first = last


def _read_span(file: VersionedFile, curves: CurveSet, start: int, stop: int) -> NDArray[np.float32]:
    """Return the curves of consecutive sites, float32 (stop - start, K, M, L)."""
    if curves.offset is None:
        with hdf5_file(file) as h5:
            span: NDArray[np.float32] = h5[curves.name][start:stop]
            return span
    first = curves.offset + start * curves.site_bytes
    block = file.read(first, first + (stop - start) * curves.site_bytes)
    return np.frombuffer(block, CURVE).reshape(stop - start, *curves.shape[1:])
