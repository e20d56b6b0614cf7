"""Exports a calculation: what is asked for, into a place, in one of some formats."""

from __future__ import annotations

import time
from dataclasses import replace

from hazard_store.derive import Target
from hazard_store.errors import BadParameter
from hazard_store.export.formats import NO_TARGET, Export, Exported, Format
from hazard_store.export.request import ExportRequest
from hazard_store.model import Kind
from hazard_store.query.ask import Asked
from hazard_store.query.recomputed import is_recomputed
from hazard_store.store import Store, store_of_environment
from hazard_store.workflow.progress import NoProgress, Progress


def export_calculation(
    request: ExportRequest,
    as_format: Format | str,
    out: str,
    target: Target | None = None,
    *,
    store: Store | None = None,
    progress: Progress | None = None,
) -> Exported:
    """Export a calculation, each of its items read once; nothing is overwritten.

    Args:
        request: which curves.
        as_format: the format.
        out: a folder, a file (hdf5, geojson, npz), or `s3://bucket/...` of either.
        target: the probability of a map; for geojson, and only for it.
        store: where the calculation is; by default as the environment says.
        progress: told of the sites.

    Raises:
        NoSuchCalculation: it is not stored, or not published.
        NoSuchCurve: it has no such site, measure, statistic or realisation.
        BadParameter: what is asked for does not go together, or is there already.
        Refused: the calculation cannot be exported in this format.
        DamagedCalculation: something of it is missing or altered.
        OutputFailed: the files cannot be written.
    """
    chosen = Format(as_format)
    store = store or store_of_environment()
    _check_goes_together(chosen, request, target)
    work = Export(request, chosen, out, target, store, progress or NoProgress())
    began = time.monotonic()
    done = work.run()
    work.progress.done(time.monotonic() - began)
    return done


def questions_of(request: ExportRequest, as_format: Format | str, store: Store) -> list[Asked]:
    """Return what an export will read, at most.

    Raises:
        NoSuchCalculation: it is not stored, or not published.
        NoSuchCurve: it has no such measure, statistic or realisation.
    """
    if as_format in (Format.GEOJSON, Format.THS_PARQUET):
        aggs = request.aggs or (("mean",) if as_format == Format.GEOJSON else None)
        request = replace(request, aggs=aggs, kinds=(Kind.STATS,))
    return list(request.questions(store).values())


def _check_goes_together(chosen: Format, request: ExportRequest, target: Target | None) -> None:
    if (chosen is Format.GEOJSON) != (target is not None):
        raise BadParameter("as", NO_TARGET)
    if chosen is Format.GEOJSON and (len(request.imts or ()) != 1 or request.rlzs):
        raise BadParameter("imt", "a map (geojson) is of one intensity measure and one statistic")
    if chosen is Format.GEOJSON and len(request.aggs or ("mean",)) != 1:
        raise BadParameter("agg", "a map (geojson) is of one statistic: name one")
    if chosen is Format.HDF5 and not request.is_whole:
        raise BadParameter("as", "hdf5 is a whole calculation file: leave sites, IMTs and rows out")
    others = (Format.CSV, Format.THS_PARQUET)  # whose readers take a statistic for a stored one
    if chosen in others and any(is_recomputed(str(agg)) for agg in request.aggs or ()):
        raise BadParameter("agg", f"{chosen} has statistics that are stored: no recomputed ones")
    if chosen is Format.THS_PARQUET and request.rlzs:
        raise BadParameter("rlz", "ths-parquet has statistics only: leave realisations out")
