"""One export: what each format needs of a calculation, and which files it makes."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial
from pathlib import Path

from hazard_store.calcfile.engine_job import OF_ALL, EngineJob, read_engine_job
from hazard_store.calcfile.engine_objects import NEEDED
from hazard_store.derive import Target
from hazard_store.errors import BadCalculation, BadParameter, Refused
from hazard_store.export.engine_csv import EngineCsv
from hazard_store.export.engine_hdf5 import write_hdf5
from hazard_store.export.engine_names import calc_number
from hazard_store.export.geojson import write_geojson
from hazard_store.export.npz import write_npz
from hazard_store.export.output import staged
from hazard_store.export.parquet import file_names, write_parquet
from hazard_store.export.request import ExportRequest
from hazard_store.export.ths_parquet import check_fits, write_ths_parquet
from hazard_store.export.wanted import Wanted
from hazard_store.model import Kind
from hazard_store.query import hazard_map
from hazard_store.query.opened import opened
from hazard_store.query.replaced import explain_missing
from hazard_store.records.documents import RecordDigest
from hazard_store.records.parts import ENGINE_OBJECTS
from hazard_store.store import Store
from hazard_store.workflow.progress import Progress


class Format(StrEnum):
    """What a calculation can be exported as."""

    CSV = "csv"
    PARQUET = "parquet"
    THS_PARQUET = "ths-parquet"
    HDF5 = "hdf5"
    GEOJSON = "geojson"
    NPZ = "npz"


# Of the formats that are one file; the others are folders.
ENDINGS = {Format.HDF5: ".hdf5", Format.GEOJSON: ".geojson", Format.NPZ: ".npz"}


NO_TARGET = "geojson is a map at a probability, a return period or a rate; no other format is"


@dataclass(frozen=True)
class Exported:
    """Where an export is, and what its reader should know."""

    place: str  # the folder or the file
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Export:
    """One export."""

    request: ExportRequest
    format: Format
    out: str
    target: Target | None
    store: Store
    progress: Progress

    def run(self) -> Exported:
        """Do it."""
        return {
            Format.CSV: self._csv,
            Format.PARQUET: self._parquet,
            Format.THS_PARQUET: self._ths_parquet,
            Format.HDF5: self._hdf5,
            Format.GEOJSON: self._geojson,
            Format.NPZ: self._npz,
        }[self.format]()

    def _csv(self) -> Exported:
        wanted = Wanted.of(self.request, self.store, by_sid=True)
        files = EngineCsv(wanted, self._job(wanted, OF_ALL)[0])
        with staged(self.out, files.names, self.store.settings) as folder:
            files.write(folder, self.progress)
        return Exported(self.out, _notes_of(wanted))

    def _parquet(self) -> Exported:
        wanted = Wanted.of(self.request, self.store)
        with staged(self.out, file_names(wanted), self.store.settings) as folder:
            write_parquet(folder, wanted, self.progress)
        return Exported(self.out, ())

    def _ths_parquet(self) -> Exported:
        wanted = Wanted.of(replace(self.request, kinds=(Kind.STATS,)), self.store)
        check_fits(wanted)
        with staged(self.out, (), self.store.settings) as folder:
            write_ths_parquet(folder, wanted, self.progress)
        return Exported(self.out, ())

    def _hdf5(self) -> Exported:
        wanted = Wanted.of(self.request, self.store, by_sid=True)
        job, content = self._job(wanted, NEEDED)
        name = f"calc_{calc_number(wanted.head.calculation)}.hdf5"
        write = partial(write_hdf5, wanted=wanted, job=job, content=content, progress=self.progress)
        done = self._file(name, write)
        notes = list(_notes_of(wanted))
        if not re.fullmatch(r"calc_\d+\.hdf5", done.place.rpartition("/")[2]):
            notes.append(f"The engine opens it by a name like {name}: rename it for that.")
        return Exported(done.place, tuple(notes))

    def _npz(self) -> Exported:
        wanted = Wanted.of(self.request, self.store)
        write = partial(write_npz, wanted=wanted, progress=self.progress)
        return self._file(f"{wanted.head.calc_id}.npz", write)

    def _geojson(self) -> Exported:
        request, target = self.request, self.target
        if target is None:
            raise BadParameter("as", NO_TARGET)
        (imt,), (agg,) = request.imts or (), request.aggs or ("mean",)
        calculation = opened(request.calculation, request.unpublished, self.store)
        blocks = hazard_map(calculation, imt, target, agg, request.locs)
        self.progress.phase("map", None, "site")
        return self._file(
            f"{calculation.calc_id}-{agg}-{imt}.geojson",
            partial(write_geojson, blocks=blocks, on_advance=self.progress.advance),
        )

    def _file(self, name: str, write: Callable[[Path], None]) -> Exported:
        """Write the one file of an export: `out`, or under this name in it where it is a folder."""
        out = self.out
        if out.endswith("/") or not out.endswith(ENDINGS[self.format]):
            folder, place = out, f"{out.rstrip('/')}/{name}"
        else:
            folder, _, name = out.rpartition("/")
            place, folder = out, folder or ("/" if out.startswith("/") else ".")
        with staged(folder, [name], self.store.settings) as made:
            write(made / name)
        return Exported(place, ())

    def _job(self, wanted: Wanted, needed: Sequence[str]) -> tuple[EngineJob, bytes]:
        """Return what is kept of the calculation for the engine.

        Raises:
            Refused: it was not kept, or not all of it.
            CorruptItem: it is missing or altered.
        """
        stored = wanted.head.calculation
        anew = "load its file again with --if-stored replace, or export it --as parquet or npz"
        if stored.engine_objects is None:
            lacks = (
                "oqparam, weights, full_lt, sitecol and the file's attributes are not kept with it"
            )
            reason = f"{lacks} (it was stored before release 0.2, or they could not be): {anew}"
            raise Refused(stored.calc_id, reason)
        store = wanted.calculation.store
        parts = store.parts(wanted.head.storage_id)
        with explain_missing(store, wanted.head):
            content = parts.get(ENGINE_OBJECTS)
            if content is None:
                raise parts.broken(ENGINE_OBJECTS, "missing record")
            if RecordDigest.of(content) != stored.engine_objects:
                raise parts.broken(ENGINE_OBJECTS, "altered")
        try:
            return read_engine_job(stored.file.uri, content, needed), content
        except BadCalculation as error:
            raise Refused(stored.calc_id, f"{error.reason}: {anew}") from error


def _notes_of(wanted: Wanted) -> tuple[str, ...]:
    """Say what the engine's files would have and ours have not."""
    stored = wanted.head.calculation
    if wanted.request.is_whole and stored.realisations_in_file and not stored.realisations:
        return ("The curves of its realisations are not stored: there are statistics only.",)
    return ()
