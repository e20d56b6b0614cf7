"""Where the curves lie in the file, and how some sites of them are read."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from hazard_store.calcfile.chunked import Chunks, boxes, find_chunks
from hazard_store.calcfile.hdf5 import member
from hazard_store.errors import BadCalculation
from hazard_store.files.open import VersionedFile
from hazard_store.model import Kind
from hazard_store.shown import cut, is_text, quoted

CURVE = np.dtype("<f4")
DATASETS = {Kind.STATS: "hcurves-stats", Kind.REALISATIONS: "hcurves-rlzs"}
MAX_GAP = 1 << 20  # bytes between two sites that cost less to read than another request
MAX_SPAN = 8 << 20  # bytes of one span, unless a single site has more
MAX_SITE_BYTES = 256 << 20  # of all curves of a site: writers hold them
MAX_NAME = 200  # characters of an intensity measure or a statistic


@dataclass(frozen=True)
class CurveSet:
    """One dataset of curves: float32 (N, K, M, L), K realisations or statistics."""

    name: str
    shape: tuple[int, int, int, int]
    offset: int | None  # the first byte in the file; None: not contiguous
    chunks: Chunks | None  # where they are not contiguous
    inline: bytes  # the curves themselves, where they lie in the header; else nothing
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


def find_dataset(
    uri: str, h5: h5py.File, name: str, file_size: int, given: Collection[str] = ()
) -> CurveSet | None:
    """Return where a dataset of curves lies; None if the file has none of this name.

    Args:
        uri: of the file.
        h5: its content.
        name: of the dataset.
        file_size: bytes of the file.
        given: datasets whose values are elsewhere: the file only has their shapes.

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
    imts = _names(uri, name, "imt", axes)
    labels = _names(uri, name, "stat", axes) if name == "hcurves-stats" else ()
    site_bytes = n_rows * n_imts * n_levels * CURVE.itemsize
    if site_bytes > MAX_SITE_BYTES:
        raise BadCalculation(
            uri,
            f"its {name} has {site_bytes:,} bytes a site, and at most {MAX_SITE_BYTES:,} can be "
            "stored",
        )
    stored = dataset.id.get_storage_size()
    layout = dataset.id.get_create_plist().get_layout()
    found = CurveSet(
        name=name,
        shape=(n_sites, n_rows, n_imts, n_levels),
        offset=dataset.id.get_offset() if layout == h5py.h5d.CONTIGUOUS else None,
        chunks=(
            find_chunks(uri, dataset, file_size) if layout == h5py.h5d.CHUNKED and stored else None
        ),
        inline=dataset[()].tobytes() if layout == h5py.h5d.COMPACT else b"",
        imts=imts,
        labels=labels,
        written=stored > 0 or name in given,
    )
    if found.offset is not None and not stored == found.size <= file_size - found.offset:
        raise BadCalculation(uri, f"its {name} goes beyond the end of the file; copy it again")
    _check_names(uri, name, "IMTs", found.imts, n_imts)
    if name == "hcurves-stats":
        _check_names(uri, name, "statistics", found.labels, n_rows)
    return found


def _names(uri: str, name: str, axis: str, axes: dict[str, Any]) -> tuple[str, ...]:
    """Return the names along an axis, as the engine describes it."""
    found = axes.get(axis, [])
    if not isinstance(found, list) or not all(isinstance(each, str) for each in found):
        raise BadCalculation(
            uri, f"its {name} has {quoted(found)} as its axis {axis}, not a list of names"
        )
    return tuple(found)


def _check_names(uri: str, name: str, axis: str, found: tuple[str, ...], length: int) -> None:
    if len(found) != length or len(set(found)) != length or not all(found):
        raise BadCalculation(
            uri, f"its {name} has {length} {axis}, but their names are {cut(list(found))}"
        )
    for each in found:
        if len(each) > MAX_NAME or not is_text(each):
            raise BadCalculation(
                uri,
                f"its {name} has {quoted(each)} among its {axis}: a name has at most {MAX_NAME} "
                "characters of text",
            )


def read_curves(
    file: VersionedFile, curves: CurveSet, sids: NDArray[np.intp]
) -> NDArray[np.float32]:
    """Return the curves of some sites.

    Returns:
        float32 (n, K, M, L), in the order of `sids`, bit for bit as in the file.
    """
    if curves.chunks is not None:
        return _read_chunks(file, curves.chunks, sids)
    if curves.inline:
        inline: NDArray[np.float32] = np.frombuffer(curves.inline, CURVE).reshape(curves.shape)
        return inline[sids]
    if curves.offset is None:
        raise ValueError(f"{curves.name} has no place in {file.version.uri}")
    found = np.empty((len(sids), *curves.shape[1:]), CURVE)
    order = np.argsort(sids, kind="stable")
    for first, last in _spans(sids[order], curves.site_bytes):
        places = order[first:last]
        start, stop = int(sids[places[0]]), int(sids[places[-1]]) + 1
        begin = curves.offset + start * curves.site_bytes
        span = file.read(begin, begin + (stop - start) * curves.site_bytes)
        of_sites = np.frombuffer(span, CURVE).reshape(stop - start, *curves.shape[1:])
        found[places] = of_sites[sids[places] - start]
    return found


def _read_chunks(
    file: VersionedFile, chunks: Chunks, sids: NDArray[np.intp]
) -> NDArray[np.float32]:
    """Return the curves of some sites out of chunks: for a few; `Unpacked` is for many."""
    found = np.empty((len(sids), *chunks.shape[1:]), CURVE)
    for box in boxes(file, chunks, sids):
        start, k, m, levels = box.origin
        n, n_k, n_m, n_levels = box.poes.shape
        here = np.flatnonzero((sids >= start) & (sids < start + n))
        found[here, k : k + n_k, m : m + n_m, levels : levels + n_levels] = box.poes[
            sids[here] - start
        ]
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
