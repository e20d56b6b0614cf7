"""The plan: which items there will be, in which chunks, at what cost; decided before any write."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from hazard_store import codec
from hazard_store.amounts import dollars
from hazard_store.errors import BadCalculation, BadParameter, Refused
from hazard_store.items import Place, largest_group
from hazard_store.keys import CODE_RULES, in_key_order, storage_id
from hazard_store.model import (
    Calculation,
    Inspection,
    Kind,
    Layout,
    LogicTree,
    Sites,
    StoreOptions,
)
from hazard_store.records import RecordDigest, SitePart, StoredCalculation
from hazard_store.records.inspections import Units
from hazard_store.records.parts import SITES_PER_PART
from hazard_store.settings import Settings
from hazard_store.workflow.chunks import chunk_borders
from hazard_store.workflow.costs import make_forecast, units_of_sample
from hazard_store.workflow.put_plan import count_records
from hazard_store.workflow.site_codes import SiteCodes, site_codes

DEFAULT_GROUP = 12  # realisations an item, by measurement: docs/reference/codec.md
MAX_DEFAULT_CHUNKS = 32
MAX_VS30S = 32  # that the head lists
MIN_CHUNK_SECONDS = 60  # less work than this does not pay for starting a writer


@dataclass(frozen=True)
class SiteParts:
    """The sites in the plan's order, in parts that are made when they are asked for."""

    sites: Sites
    locs: Sequence[str]  # N codes, in the order of the file
    order: Sequence[int]  # N sids, in the plan's

    def __len__(self) -> int:
        """Return how many parts there are."""
        return -(-len(self.order) // SITES_PER_PART)

    def __iter__(self) -> Iterator[SitePart]:
        """Yield them in order."""
        sites = self.sites
        for start in range(0, len(self.order), SITES_PER_PART):
            sids = self.order[start : start + SITES_PER_PART]
            vs30s = None
            if sites.vs30 is not None:
                vs30s = tuple(v if math.isfinite(v) else None for v in sites.vs30[sids].tolist())
            yield SitePart(
                start=start,
                sids=tuple(sids),
                locs=tuple(self.locs[sid] for sid in sids),
                lats=tuple(sites.lat[sids].tolist()),
                lons=tuple(sites.lon[sids].tolist()),
                vs30s=vs30s,
            )


@dataclass(frozen=True)
class Plan:
    """Everything that is stored of a calculation but its curves."""

    calculation: StoredCalculation
    site_parts: SiteParts
    logic_tree: LogicTree
    checksums: NDArray[np.uint32]  # of the file's blocks
    units: Units
    engine_objects: bytes = b""


def check_parameters(calc_id: str, options: StoreOptions) -> None:
    """Check what can be checked without the file, which may take long to read.

    Raises:
        BadParameter: the id or an option is invalid.
    """
    storage_id(calc_id)
    for name in ("realisations_per_item", "sites_per_chunk"):
        value = getattr(options, name)
        if value is not None and value < 1:
            raise BadParameter(name, "it must be at least 1")
    if options.max_wcu_per_s is not None and not options.max_wcu_per_s > 0:
        raise BadParameter("max_wcu_per_s", "it must be above 0")


def make_plan(
    inspection: Inspection,
    calc_id: str,
    options: StoreOptions,
    settings: Settings,
    workers: int | None = None,
    units: Units | None = None,
) -> Plan:
    """Plan how to store a calculation. Writes nothing, and reads nothing of the file.

    Args:
        inspection: what the file holds.
        calc_id: the id to store it under.
        options: how to store it.
        settings: the limits of this installation.
        workers: writers that run at once; None: as many as the settings allow.
        units: of a site, where they were measured before; None: by the inspection's sample.

    Raises:
        BadCalculation: the calculation cannot be stored this way.
        BadParameter: an option is invalid.
        Refused: it would take more than this installation allows.
    """
    check_parameters(calc_id, options)
    calculation = inspection.calculation
    realisations = options.realisations and calculation.has_realisations
    group = _group(calculation, options, realisations)
    if options.layout is Layout.READABLE and inspection.negative_zeros:
        raise BadCalculation(
            calculation.file.uri,
            f"{inspection.negative_zeros} curve values are -0.0, which the readable layout cannot "
            "hold: use the packed layout",
        )
    codes = site_codes(calculation, options.force_normalised_sites)
    stored = _describe(inspection, calc_id, options, realisations, group, codes)
    parts, hash_keys = _in_order(calculation, stored, codes.locs)
    specs = {kind: stored.spec(kind) for kind in Kind}

    n_sites = len(hash_keys)
    if units is None:
        place_of = partial(_place_of, calculation, stored, codes.locs)
        units = {
            kind: units_of_sample(spec, inspection.sample, place_of) for kind, spec in specs.items()
        }
    per_site = sum(wcu for wcu, _ in units.values())
    kinds = sum(1 for spec in specs.values() if spec.rows)
    n_writers, share, borders = _divide(hash_keys, per_site, kinds, options, settings, workers)
    kept = inspection.engine_objects
    plan = Plan(stored, parts, calculation.logic_tree, inspection.checksums, units, kept)
    stored = stored.model_copy(
        update={
            "chunk_borders": borders,
            "notes": (*stored.notes, *_group_notes(options, stored)),
            "forecast": make_forecast(
                specs,
                n_sites,
                units,
                n_writers,
                share,
                options.max_wcu_per_s is not None,
                count_records(plan),
            ),
            "engine_objects": RecordDigest.of(kept) if kept else None,
        }
    )
    _check_limits(stored, settings)
    return replace(plan, calculation=stored)


def _check_limits(stored: StoredCalculation, settings: Settings) -> None:
    """Refuse what a stray file in the inbox could cost."""
    forecast = stored.forecast
    items = forecast.stats_items + forecast.realisations_items + forecast.records
    if items > settings.max_items:
        takes, allowed = (
            f"{items:,} items",
            f"HAZARD_STORE_MAX_ITEMS allows {settings.max_items:,.0f}",
        )
    elif forecast.dollars > settings.max_dollars:
        takes = f"{dollars(forecast.dollars)} of write units, reads and machines"
        allowed = f"HAZARD_STORE_MAX_DOLLARS allows {dollars(settings.max_dollars)}"
    else:
        return
    raise Refused(
        stored.calc_id, f"storing it would take {takes}, and {allowed}: set it higher to store it"
    )


def as_asked(
    stored: StoredCalculation, options: StoreOptions, realisations_in_file: bool
) -> StoredCalculation:
    """Return a stored calculation as a plan with other options would have it."""
    fit = largest_group(options.layout, Kind.REALISATIONS, *stored.all_levels.shape)
    return stored.model_copy(
        update={
            "realisations": options.realisations and realisations_in_file,
            "key_scheme": options.key_scheme,
            "layout": options.layout,
            "realisations_per_item": min(fit, options.realisations_per_item or DEFAULT_GROUP),
            "force_normalised_sites": options.force_normalised_sites,
            "codec_version": codec.VERSION,
        }
    )


def _group(calculation: Calculation, options: StoreOptions, realisations: bool) -> int:
    uri, shape = calculation.file.uri, calculation.levels.shape
    if not calculation.aggs and not realisations:
        raise BadCalculation(uri, "it has no statistics, and realisations were not to be stored")
    fit = largest_group(options.layout, Kind.REALISATIONS, *shape)
    if fit == 0:
        raise BadCalculation(
            uri,
            f"{shape[0]} IMTs x {shape[1]} levels do not fit an item of 400 KB in the "
            f"{options.layout} layout",
        )
    return min(fit, options.realisations_per_item or DEFAULT_GROUP)


def _group_notes(options: StoreOptions, stored: StoredCalculation) -> list[str]:
    asked, got = options.realisations_per_item, stored.realisations_per_item
    if not stored.realisations or asked is None or asked == got:
        return []
    return [f"An item holds at most {got} realisations of this shape in this layout, not {asked}."]


def _describe(
    inspection: Inspection,
    calc_id: str,
    options: StoreOptions,
    realisations: bool,
    group: int,
    codes: SiteCodes,
) -> StoredCalculation:
    calculation = inspection.calculation
    levels = [tuple(row) for row in calculation.levels.tolist()]
    vs30 = calculation.sites.vs30
    vs30s = () if vs30 is None else tuple(np.unique(vs30[np.isfinite(vs30)]).tolist())
    return StoredCalculation.model_construct(
        calc_id=calc_id,
        version=1,
        file=calculation.file,
        sha256=inspection.sha256,
        parent=inspection.parent,
        engine_version=calculation.engine_version,
        date=calculation.date,
        checksum32=calculation.checksum32,
        calculation_mode=calculation.calculation_mode,
        description=calculation.description[:1000],
        investigation_time=calculation.investigation_time,
        n_sites=len(calculation.sites),
        n_realisations=calculation.n_realisations,
        imts=calculation.imts,
        levels=(levels[0],) if len(set(levels)) == 1 else tuple(levels),
        aggs=calculation.aggs,
        realisations=realisations,
        realisations_in_file=calculation.has_realisations,
        realisations_from_mean=realisations and calculation.realisations_from_mean,
        vs30s=vs30s if len(vs30s) <= MAX_VS30S else (),
        n_vs30s=len(vs30s),
        custom_site_ids=codes.rule is None,
        code_decimals=(codes.rule or CODE_RULES[0]).decimals,
        code_with_vs30=(codes.rule or CODE_RULES[0]).with_vs30,
        key_scheme=options.key_scheme,
        layout=options.layout,
        realisations_per_item=group,
        codec_version=codec.VERSION,
        force_normalised_sites=options.force_normalised_sites,
        notes=(*inspection.notes, *codes.notes),
    )


def _place_of(
    calculation: Calculation, stored: StoredCalculation, locs: Sequence[str], sid: int
) -> Place:
    sites = calculation.sites
    lat, lon = float(sites.lat[sid]), float(sites.lon[sid])
    vs30 = None if sites.vs30 is None or not np.isfinite(sites.vs30[sid]) else sites.vs30[sid]
    hash_key = stored.key_maker.hash_key(lat, lon)
    return Place(lat, lon, None if vs30 is None else float(vs30), locs[sid], hash_key)


def _in_order(
    calculation: Calculation, stored: StoredCalculation, locs: Sequence[str]
) -> tuple[SiteParts, list[str]]:
    """Return the sites in parts, and their hash keys, in key order."""
    sites, keys = calculation.sites, stored.key_maker
    hash_keys = [
        keys.hash_key(lat, lon)
        for lat, lon in zip(sites.lat.tolist(), sites.lon.tolist(), strict=True)
    ]
    order = in_key_order(hash_keys, locs)
    return SiteParts(sites, locs, order), [hash_keys[sid] for sid in order]


def _divide(
    hash_keys: list[str],
    wcu_per_site: float,
    kinds: int,
    options: StoreOptions,
    settings: Settings,
    workers: int | None,
) -> tuple[int, float, tuple[int, ...]]:
    """Return (writers at once, write units a second of each, borders of the chunks)."""
    at_most = settings.writers if workers is None else workers

    def at_once(n_chunks: int) -> tuple[int, float]:
        writers = max(1, min(at_most, n_chunks * kinds))
        budget = options.max_wcu_per_s
        natural = settings.writer_wcu_per_s
        return writers, natural if budget is None else min(natural, budget / writers)

    n = len(hash_keys)
    if options.sites_per_chunk is None:
        n_chunks = workers or 1
        for candidate in range(MAX_DEFAULT_CHUNKS, n_chunks, -1):
            per_chunk = n * wcu_per_site / kinds / candidate
            if per_chunk / at_once(candidate)[1] >= MIN_CHUNK_SECONDS:
                n_chunks = candidate
                break
        sites_per_chunk = math.ceil(n / n_chunks)
    else:
        sites_per_chunk = options.sites_per_chunk
    borders = chunk_borders(hash_keys, sites_per_chunk)
    if len(borders) - 1 > settings.max_map_length:
        raise BadParameter(
            "sites_per_chunk",
            f"{sites_per_chunk} makes {len(borders) - 1} chunks, and Airflow maps at most "
            f"{settings.max_map_length}: use at least {math.ceil(n / settings.max_map_length)}",
        )
    return *at_once(len(borders) - 1), borders
