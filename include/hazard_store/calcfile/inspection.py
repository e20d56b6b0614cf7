"""One pass over a file: its digest, and a check of every curve value, in constant memory."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import closing

import numpy as np
from numpy.typing import NDArray

from hazard_store.amounts import count
from hazard_store.calcfile.checks import RISE, Block, CurveChecks
from hazard_store.calcfile.chunked import Box, boxes
from hazard_store.calcfile.content import ContentPass
from hazard_store.calcfile.curves import CURVE, CurveSet
from hazard_store.calcfile.engine_objects import read_engine_objects
from hazard_store.calcfile.metadata import Contents, read_contents
from hazard_store.calcfile.sampler import Sampler
from hazard_store.calcfile.witnesses import Witnesses
from hazard_store.errors import BadCalculation
from hazard_store.files.blocks import Piece, blocks
from hazard_store.files.open import VersionedFile, open_file
from hazard_store.files.verified import Checksums, VerifiedFile
from hazard_store.model import Calculation, FileVersion, Inspection, ParentFile
from hazard_store.settings import Settings
from hazard_store.shown import cut

SLAB_BYTES = 8 << 20  # of a chunk's curves that are checked at once


def inspect_file(
    uri: str,
    settings: Settings,
    on_progress: Callable[[int, int], None] | None = None,
    etag: str | None = None,
    *,
    parent: str | None = None,
) -> Inspection:
    """Read a whole calculation file once and check it.

    Args:
        uri: a path, `file:///path` or `s3://bucket/key`.
        settings: region and endpoint of S3.
        on_progress: called after each block with bytes done and bytes in all, the parent's too.
        etag: the version to read; without it the current one is pinned.
        parent: URI of the calculation that it continues, as `open_calc` takes it.

    Raises:
        BadCalculation: it cannot be stored; the reason names the first bad value.
        FileChanged, NoSuchInput, Misconfigured, TryAgain: as `open_calc`.
    """
    with closing(open_file(uri, settings, etag)) as file:
        contents = read_contents(file, settings, parent)
        version = contents.calculation.parent
        total = file.version.size + (0 if version is None else version.size)
        one_pass = _Pass(contents)
        digest, checksums = hashlib.sha256(), Checksums()
        for piece, block in blocks(file, _pieces(file.version, one_pass.curve_sets)):
            digest.update(block)
            checksums.add(block)
            if piece.name is not None:
                one_pass.add_bytes(piece, block)
            if on_progress is not None:
                on_progress(piece.stop, total)
        all_checksums = checksums.all()
        verified = VerifiedFile(file, all_checksums)
        for curves in one_pass.curve_sets:
            one_pass.add_packed(verified, curves)
        for_engine = read_engine_objects(verified, version, settings)
    return Inspection(
        calculation=contents.calculation,
        sha256=digest.hexdigest(),
        checksums=all_checksums,
        sample=one_pass.sampler.sample(contents.calculation),
        negative_zeros=sum(check.negative_zeros for check in one_pass.checks.values()),
        notes=(*one_pass.notes(), *for_engine.notes),
        parent=None if version is None else _parent_file(version, settings, total, on_progress),
        engine_objects=for_engine.content,
        content=one_pass.content.digests(),
    )


def _parent_file(
    version: FileVersion,
    settings: Settings,
    total: int,
    on_progress: Callable[[int, int], None] | None,
) -> ParentFile:
    """Return a parent with its digest; it is the last of `total` bytes that are read."""
    before = total - version.size

    def on_bytes(done: int) -> None:
        if on_progress is not None:
            on_progress(before + done, total)

    with closing(open_file(version.uri, settings, version.etag)) as file:
        sha256 = _digest(file, on_bytes)
    return ParentFile(version.uri, version.size, version.etag, sha256)


class _Pass:
    """What is asked of the curves as they go by, in whatever order the file has them."""

    def __init__(self, contents: Contents) -> None:
        self._calculation = contents.calculation
        self.curve_sets = [c for c in (contents.stats, contents.rlzs) if c is not None]
        self._by_name = {curves.name: curves for curves in self.curve_sets}
        self.checks = {
            curves.name: CurveChecks(contents.calculation, curves) for curves in self.curve_sets
        }
        self._witnesses = Witnesses(contents.calculation, contents.stats, contents.rlzs)
        self.sampler = Sampler(self.curve_sets)
        self.content = ContentPass(contents)

    def add_bytes(self, piece: Piece, content: bytes) -> None:
        """Take whole curves that follow each other in the file."""
        curves = self._by_name[piece.name or ""]
        self.content.add_bytes(curves, content)
        n_levels = curves.shape[3]
        poes = np.frombuffer(content, CURVE).reshape(-1, n_levels)
        first = piece.values_before // n_levels
        self._add(curves, Block(poes, np.arange(first, first + len(poes))))

    def add_packed(self, file: VersionedFile, curves: CurveSet) -> None:
        """Take the curves that are not contiguous, each chunk unpacked once."""
        if curves.inline:
            self.add_bytes(Piece(0, 0, curves.name), curves.inline)
        if curves.chunks is None:
            return
        last: NDArray[np.float32] | None = None  # the level before the next chunk's first
        for box in boxes(file, curves.chunks):
            self.content.add_box(curves, curves.chunks, box)
            poes = np.ascontiguousarray(box.poes).reshape(-1, box.poes.shape[3])
            level = box.origin[3]
            at_once = max(1, SLAB_BYTES // poes[0].nbytes)
            for start in range(0, len(poes), at_once):
                slab = slice(start, min(start + at_once, len(poes)))
                before = last[slab] if level and last is not None else None
                self._add(curves, Block(poes[slab], _numbers(box, curves, slab), level, before))
            last = poes[:, -1].copy()

    def notes(self) -> tuple[str, ...]:
        """Return what the user should know, when all has gone by.

        Raises:
            BadCalculation: statistics and realisations do not bear each other out.
        """
        notes = list(odd_notes(self._calculation))
        if self._calculation.realisations_from_mean:
            notes.append("The engine never wrote the only realisation: its curves are the mean's.")
        rises = sum(check.rises for check in self.checks.values())
        if rises:
            notes.append(
                f"{count(rises, 'curve')} with a rise from one level to the next, of less than "
                f"{RISE:g} of the value: rounding."
            )
        return (*notes, *self._witnesses.check())

    def _add(self, curves: CurveSet, block: Block) -> None:
        self.checks[curves.name].add(block)
        self._witnesses.add(curves, block)
        self.sampler.add(curves, block)


def _numbers(box: Box, curves: CurveSet, slab: slice) -> NDArray[np.intp]:
    """Return the numbers, in the dataset, of some of a chunk's curves."""
    here = np.unravel_index(np.arange(slab.start, slab.stop), box.poes.shape[:3])
    sids, rows, imts = (place + first for place, first in zip(here, box.origin[:3], strict=True))
    numbers: NDArray[np.intp] = (sids * curves.shape[1] + rows) * curves.shape[2] + imts
    return numbers


def _pieces(version: FileVersion, curve_sets: list[CurveSet]) -> list[Piece]:
    """Cut the file at the borders of the curves, so that no curve lies across two blocks."""
    pieces, end = [], 0
    placed = [(curves.offset, curves) for curves in curve_sets if curves.offset is not None]
    for offset, curves in sorted(placed, key=lambda pair: pair[0]):
        if offset < end:
            raise BadCalculation(version.uri, "its curves overlap each other; copy it again")
        unit = curves.shape[3] * CURVE.itemsize
        pieces += [Piece(end, offset), Piece(offset, offset + curves.size, curves.name, unit=unit)]
        end = offset + curves.size
    return [*pieces, Piece(end, version.size)]


def odd_notes(calculation: Calculation) -> tuple[str, ...]:
    """Return what is odd about a calculation and can be stored all the same."""
    notes = []
    if not (calculation.logic_tree.source_branches or calculation.logic_tree.gsim_branches):
        notes.append(
            "There is no logic tree, so its branches are not stored. Of a calculation that "
            "continues another one (--hc) it is in that one's file: --parent."
        )
    levels, vs30 = calculation.levels, calculation.sites.vs30
    for imt, row in zip(calculation.imts, levels, strict=True):
        if (row < 0).any() or (np.diff(row) <= 0).any():
            notes.append(
                f"The levels of {cut(imt)} are negative or do not ascend; they are stored as they "
                "are."
            )
            break
    if vs30 is not None and (vs30 <= 0).any():
        sid = int(np.flatnonzero(vs30 <= 0)[0])
        notes.append(f"Site {sid} has the vs30 {vs30[sid]:g} m/s; it is stored as it is.")
    return tuple(notes)


def file_version(uri: str, settings: Settings) -> FileVersion:
    """Return the current version of a file."""
    with closing(open_file(uri, settings)) as file:
        return file.version


def sha256_of(uri: str, settings: Settings) -> str:
    """Return the SHA-256 of a file in hexadecimal, whatever the file holds."""
    with closing(open_file(uri, settings)) as file:
        return _digest(file)


def _digest(file: VersionedFile, on_bytes: Callable[[int], None] = lambda _: None) -> str:
    """Return the SHA-256 of a file; `on_bytes` is told of the bytes done."""
    digest = hashlib.sha256()
    for piece, block in blocks(file, [Piece(0, file.version.size)]):
        digest.update(block)
        on_bytes(piece.stop)
    return digest.hexdigest()
