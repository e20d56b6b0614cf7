"""One pass over a file: its digest, and a check of every curve value, in constant memory."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import closing
from math import prod

import numpy as np

from hazard_store.calcfile.checks import CurveChecks
from hazard_store.calcfile.curves import CURVE, CurveSet
from hazard_store.calcfile.hdf5 import hdf5_file
from hazard_store.calcfile.metadata import Contents, read_contents
from hazard_store.errors import BadCalculation
from hazard_store.files.blocks import BLOCK, Piece, blocks
from hazard_store.files.open import VersionedFile, open_file
from hazard_store.model import FileVersion, Inspection
from hazard_store.settings import Settings


def inspect_file(
    uri: str,
    settings: Settings,
    on_progress: Callable[[int, int], None] | None = None,
    etag: str | None = None,
) -> Inspection:
    """Read a whole calculation file once and check it.

    Args:
        uri: a path, `file:///path` or `s3://bucket/key`.
        settings: region and endpoint of S3.
        on_progress: called after each block with bytes done and bytes in all.
        etag: the version to read; without it the current one is pinned.

    Raises:
        BadCalculation: it cannot be stored; the reason names the first bad value.
        FileChanged, NoSuchInput, Misconfigured, TryAgain: as `open_calc`.
    """
    with closing(open_file(uri, settings, etag)) as file:
        contents = read_contents(file)
        curve_sets = [curves for curves in (contents.stats, contents.rlzs) if curves is not None]
        checks = {curves.name: CurveChecks(contents.calculation, curves) for curves in curve_sets}
        digest = hashlib.sha256()
        for piece, block in blocks(file, _pieces(file.version, curve_sets)):
            digest.update(block)
            if piece.name is not None:
                checks[piece.name].add(np.frombuffer(block, CURVE), piece.values_before)
            if on_progress is not None:
                on_progress(piece.stop, file.version.size)
        for curves in curve_sets:
            if curves.offset is None:
                _check_slices(file, curves, checks[curves.name])
    return Inspection(
        calculation=contents.calculation,
        sha256=digest.hexdigest(),
        negative_zeros=sum(check.negative_zeros for check in checks.values()),
        notes=_notes(contents, all(check.all_zero for check in checks.values())),
    )


def _pieces(version: FileVersion, curve_sets: list[CurveSet]) -> list[Piece]:
    """Cut the file at the borders of the curves, so that no value lies across two blocks."""
    pieces, end = [], 0
    placed = [(curves.offset, curves) for curves in curve_sets if curves.offset is not None]
    for offset, curves in sorted(placed, key=lambda pair: pair[0]):
        if offset < end:
            raise BadCalculation(version.uri, "its curves overlap each other; copy it again")
        pieces += [Piece(end, offset), Piece(offset, offset + curves.size, curves.name)]
        end = offset + curves.size
    return [*pieces, Piece(end, version.size)]


def _check_slices(file: VersionedFile, curves: CurveSet, check: CurveChecks) -> None:
    """Check curves that are not contiguous: HDF5 has to unpack them, a slice at a time."""
    n_sites, n_rows, *curve = curves.shape
    rows = max(1, BLOCK // (prod(curve) * CURVE.itemsize))
    with hdf5_file(file) as h5:
        for sid in range(n_sites):
            for row in range(0, n_rows, rows):
                poes = h5[curves.name][sid, row : row + rows]
                check.add(poes.ravel(), (sid * n_rows + row) * prod(curve))


def _notes(contents: Contents, all_zero: bool) -> tuple[str, ...]:
    notes = []
    if contents.calculation.realisations_from_mean:
        notes.append("The engine never wrote the only realisation: its curves are the mean's.")
    if all_zero:
        notes.append("Every curve is zero at every level: no source is near any site.")
    return tuple(notes)


def file_version(uri: str, settings: Settings) -> FileVersion:
    """Return the current version of a file."""
    with closing(open_file(uri, settings)) as file:
        return file.version


def sha256_of(uri: str, settings: Settings) -> str:
    """Return the SHA-256 of a file in hexadecimal, whatever the file holds."""
    digest = hashlib.sha256()
    with closing(open_file(uri, settings)) as file:
        for _, block in blocks(file, [Piece(0, file.version.size)]):
            digest.update(block)
    return digest.hexdigest()
