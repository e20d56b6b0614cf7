"""The plan: which items there will be, in which chunks, at what cost; decided before any write."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hazard_store import codec
from hazard_store.amounts import count, dollars
from hazard_store.errors import BadCalculation, Refused
from hazard_store.items import largest_group
from hazard_store.keys import CODE_RULES, in_key_order
from hazard_store.model import (
    REALISATIONS_PER_ITEM,
    STATISTICS_PER_ITEM,
    Calculation,
    Inspection,
    Kind,
    Layout,
    Sites,
    StoreOptions,
    Units,
)
from hazard_store.records import RecordDigest, SitePart, StoredCalculation
from hazard_store.records.documents import FORMAT, release
from hazard_store.records.parts import SITES_PER_PART
from hazard_store.settings import Settings
from hazard_store.workflow.costs import make_forecast
from hazard_store.workflow.division import divide
from hazard_store.workflow.maps import with_maps
from hazard_store.workflow.put_plan import count_records
from hazard_store.workflow.sampled import units_of
from hazard_store.workflow.shape import (
    check_parameters,
    realisations_per_item,
    statistics_per_item,
)
from hazard_store.workflow.site_codes import SiteCodes, site_codes

MAX_VS30S = 32  # that the head lists


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
    source: Calculation  # as the file has it
    site_parts: SiteParts
    checksums: NDArray[np.uint32]  # of the file's blocks
    units: Units
    asked: StoreOptions  # as the caller named them
    engine_objects: bytes = b""
    why_chunks: str = ""  # there are so many

    def following(self, stored: StoredCalculation) -> Plan:
        """Return the plan by which the same file is stored already, whatever today's defaults."""
        codes = site_codes(self.source, stored.force_normalised_sites)
        parts, _ = _in_order(self.source, stored, codes.locs)
        return replace(self, calculation=stored, site_parts=parts)


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
    asked, options = options, options.with_defaults()
    calculation = inspection.calculation
    realisations = bool(options.realisations) and calculation.has_realisations
    layout = options.layout or Layout.PACKED
    _check_size(calculation, layout, realisations)
    if layout is Layout.READABLE and inspection.negative_zeros:
        raise BadCalculation(
            calculation.file.uri,
            f"{inspection.negative_zeros} curve values are -0.0, which the readable layout cannot "
            "hold: use the packed layout",
        )
    codes = site_codes(calculation, bool(options.force_normalised_sites))
    stored = _describe(inspection, calc_id, options, realisations, codes)
    parts, hash_keys = _in_order(calculation, stored, codes.locs)
    specs = {kind: stored.spec(kind) for kind in Kind}

    if units is None:
        units = units_of(stored, calculation, inspection.sample, codes.locs)
    per_site = sum(units.wcu.values())
    kinds = sum(1 for spec in specs.values() if spec.rows)
    division = divide(hash_keys, per_site, kinds, options, settings, workers)
    longest = max(map(len, codes.locs)) if codes.rule is None else 0
    kept = inspection.engine_objects
    stored = stored.model_copy(
        update={
            "chunk_borders": division.borders,
            "notes": (*stored.notes, *_group_notes(asked, stored)),
            "engine_objects": RecordDigest.of(kept) if kept else None,
        }
    )
    stored = with_maps(stored, asked.map_statistics, longest)
    plan = Plan(
        stored, calculation, parts, inspection.checksums, units, asked, kept, division.reason
    )
    limited = options.max_wcu_per_s is not None
    records = count_records(plan)
    forecast = make_forecast(stored, units, division.writers, division.wcu_per_s, limited, records)
    stored = stored.model_copy(update={"forecast": forecast})
    _check_limits(stored, settings)
    return replace(plan, calculation=stored)


def _check_limits(stored: StoredCalculation, settings: Settings) -> None:
    """Refuse what a stray file in the inbox could cost."""
    forecast = stored.forecast
    items = forecast.stats_items + forecast.realisations_items
    items += forecast.maps_items + forecast.records
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


def _check_size(calculation: Calculation, layout: Layout, realisations: bool) -> None:
    uri, (n_imts, n_levels) = calculation.file.uri, calculation.levels.shape
    if not calculation.aggs and not realisations:
        raise BadCalculation(uri, "it has no statistics, and realisations were not to be stored")
    if largest_group(layout, n_imts, n_levels) == 0:
        raise BadCalculation(
            uri,
            f"{n_imts} IMTs x {n_levels} levels do not fit an item of 400 KB in the {layout} "
            "layout",
        )


def _group_notes(asked: StoreOptions, stored: StoredCalculation) -> list[str]:
    fit = largest_group(stored.layout, *stored.all_levels.shape)
    at_most = "An item holds at most {} of this shape in this layout, not {}."
    notes = []
    rlzs, stats = asked.realisations_per_item, asked.statistics_per_item
    if stored.realisations and rlzs is not None and rlzs > fit:
        notes.append(at_most.format(count(fit, "realisation"), rlzs))
    if isinstance(stats, int) and min(stats, len(stored.aggs)) > fit:
        notes.append(at_most.format(count(fit, "statistic"), stats))
    return notes


def _describe(
    inspection: Inspection,
    calc_id: str,
    options: StoreOptions,
    realisations: bool,
    codes: SiteCodes,
) -> StoredCalculation:
    calculation = inspection.calculation
    shape: Any = calculation.levels.shape
    content = inspection.content
    if content is not None and not realisations:
        content = replace(content, realisations=None)
    layout = options.layout or Layout.PACKED
    levels = [tuple(row) for row in calculation.levels.tolist()]
    vs30 = calculation.sites.vs30
    vs30s = () if vs30 is None else tuple(np.unique(vs30[np.isfinite(vs30)]).tolist())
    return StoredCalculation.model_construct(
        format=FORMAT,
        release=release(),
        calc_id=calc_id,
        version=1,
        file=calculation.file,
        sha256=inspection.sha256,
        parent=inspection.parent,
        content=content,
        original=calculation.original,
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
        layout=layout,
        realisations_per_item=realisations_per_item(
            layout, shape, options.realisations_per_item or REALISATIONS_PER_ITEM
        ),
        statistics_per_item=statistics_per_item(
            layout, shape, calculation.aggs, options.statistics_per_item or STATISTICS_PER_ITEM
        ),
        codec_version=codec.VERSION,
        force_normalised_sites=options.force_normalised_sites,
        notes=(*inspection.notes, *codes.notes),
    )


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
