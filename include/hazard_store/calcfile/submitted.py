"""A smaller calculation file: what is stored of one, its curves packed, and nothing else.

Curves are packed by HDF5's own filters, shuffle and deflate, in chunks of whole sites, outside of
HDF5, which would do it in one thread. What describes datasets that are left out is kept, so that
the same is stored of both files. The same file gives the same bytes.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from hazard_store.ahead import map_ahead
from hazard_store.calcfile.calcfile import CalcFile
from hazard_store.calcfile.curves import CURVE, DATASETS
from hazard_store.calcfile.engine_objects import ATTRIBUTES
from hazard_store.calcfile.original import GROUP, declare_original
from hazard_store.calcfile.rebuilt import (
    OF_PARENT,
    describe,
    kept_objects,
    new_file,
    set_parameters,
)
from hazard_store.model import Calculation, Inspection, Kind, Original

CHUNK_BYTES = 1 << 20  # of curves, unless a site has more: a writer unpacks chunks for its sites
LEVEL, RAW = 1, -15  # of deflate; its blocks alone, with the largest window
ZLIB_HEADER = b"\x78\x01"  # which says that window, and that the level was the lowest
THREADS = 8
AHEAD_BYTES = 64 << 20  # of curves that are being packed


def write_submitted(
    path: Path,
    source: CalcFile,
    inspection: Inspection,
    realisations: bool,
    on_bytes: Callable[[int], None],
) -> None:
    """Write a smaller file of the same content; a calculation that continues another has all.

    Args:
        path: of the new file.
        source: the calculation file.
        inspection: of it.
        realisations: whether it is to have the realisations, if the file has them.
        on_bytes: told how many more bytes of curves are in.

    Raises:
        FileChanged, BadCalculation: the file is no longer the one that was inspected.
    """
    calculation = inspection.calculation
    kinds = [Kind.STATS] if calculation.aggs else []
    if realisations and calculation.has_realisations:
        kinds.append(Kind.REALISATIONS)
    with kept_objects(inspection.engine_objects) as kept, new_file(path, kept) as h5:
        changes = _changes(calculation, kinds, kept)
        if changes:
            kept.copy("oqparam", h5.create_group(GROUP))  # as it is kept with the curves
            set_parameters(h5, changes)
        for kind in kinds:
            describe(kept, DATASETS[kind], _write_curves(h5, source, kind, on_bytes))
        for name in kept.get(ATTRIBUTES, ()):
            if name not in h5:
                describe(kept, name, h5.create_group(f"{GROUP}/{ATTRIBUTES}/{name}"))
        declare_original(h5, Original(inspection.sha256, calculation.file.size))


def _changes(calculation: Calculation, kinds: list[Kind], kept: h5py.File) -> dict[str, Any]:
    """Return the parameters of the job that must be others for the engine to read the file."""
    changes: dict[str, Any] = {}
    if calculation.parent is not None:
        changes[OF_PARENT] = None
    if calculation.has_realisations and Kind.REALISATIONS not in kinds:
        changes["individual_rlzs"] = False
    if any(name.startswith("hmaps") for name in kept.get(ATTRIBUTES, ())):
        changes |= {"hazard_maps": False, "uniform_hazard_spectra": False}
    return changes


def _write_curves(
    h5: h5py.File, source: CalcFile, kind: Kind, on_bytes: Callable[[int], None]
) -> h5py.Dataset:
    calculation = source.calculation
    of_site = (calculation.n_rows(kind), *calculation.levels.shape)
    shape = (len(calculation.sites), *of_site)
    if kind is Kind.REALISATIONS and calculation.realisations_from_mean:
        return h5.create_dataset(DATASETS[kind], shape, CURVE)  # room that stays empty, as it was
    site_bytes = int(np.prod(of_site)) * CURVE.itemsize
    chunk = (min(shape[0], max(1, CHUNK_BYTES // site_bytes)), *of_site)
    dataset = h5.create_dataset(
        DATASETS[kind], shape, CURVE, chunks=chunk, shuffle=True, compression=LEVEL
    )
    chunk_bytes = chunk[0] * site_bytes
    threads = min(THREADS, os.cpu_count() or 1)
    packed = map_ahead(
        partial(_packed, chunk),
        _slabs(source, kind, chunk[0]),
        threads=threads,
        ahead=max(1, min(2 * threads, AHEAD_BYTES // chunk_bytes)),
        name="pack",
    )
    for start, content in zip(range(0, shape[0], chunk[0]), packed, strict=True):
        dataset.id.write_direct_chunk((start, 0, 0, 0), content)
        on_bytes(min(chunk[0], shape[0] - start) * site_bytes)
    return dataset


def _slabs(source: CalcFile, kind: Kind, n_sites: int) -> Iterator[NDArray[np.float32]]:
    sids = np.arange(len(source.calculation.sites))
    for start in range(0, len(sids), n_sites):
        yield source.curves(kind, sids[start : start + n_sites])


def _packed(chunk: tuple[int, ...], curves: NDArray[np.float32]) -> bytes:
    """Return a chunk as HDF5's filters shuffle and deflate leave it, full of zeros at the end.

    The mantissas repeat nothing but zeros: runs are all that is looked for in them, which takes
    half the time. The plane of exponents, the last one, is packed as usual.
    """
    if len(curves) < chunk[0]:
        curves = np.concatenate([curves, np.zeros((chunk[0] - len(curves), *chunk[1:]), CURVE)])
    values = np.ascontiguousarray(curves).view(np.uint8).reshape(-1, CURVE.itemsize)
    planes = np.ascontiguousarray(values.T)
    mantissas = zlib.compressobj(LEVEL, wbits=RAW, strategy=zlib.Z_RLE)
    exponents = zlib.compressobj(LEVEL, wbits=RAW)
    return b"".join(
        (
            ZLIB_HEADER,
            mantissas.compress(planes[:-1].data),
            mantissas.flush(zlib.Z_FULL_FLUSH),
            exponents.compress(planes[-1].data),
            exponents.flush(),
            zlib.adler32(planes.data).to_bytes(4, "big"),
        )
    )
