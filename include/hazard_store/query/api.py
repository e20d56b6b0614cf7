"""The functions for notebooks and for the command line; each streams."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hazard_store.errors import CorruptItem
from hazard_store.model import Kind
from hazard_store.query.ask import ask
from hazard_store.query.curves import RlzCurve, Site, SiteArrays, StatsCurve
from hazard_store.query.curves_of import rlz_curves_of, stats_curves_of
from hazard_store.query.opened import Calculation, opened
from hazard_store.query.replaced import explain_missing
from hazard_store.query.sites import all_places
from hazard_store.records.parts import LOGIC_TREE, REALISATIONS
from hazard_store.store import Store


def get_hazard_stats_curves(
    calc_id: Calculation,
    locs: Sequence[str] | None = None,
    imts: Sequence[str] | None = None,
    aggs: Sequence[str] | None = None,
    unpublished: bool = False,
    *,
    store: Store | None = None,
) -> Iterator[StatsCurve]:
    """Yield the curves of statistics.

    Args:
        calc_id: the calculation, or one that is open.
        locs: site codes, custom ids or "LAT,LON"; None: all sites, in key order.
        imts: intensity measures as OpenQuake writes them, "SA(0.1)"; None: all.
        aggs: statistics, "mean", "0.5"; None: all that are stored. "mean@rlzs" and "0.5@rlzs" are
            the mean and a quantile recomputed from the realisations, by the engine's rules.
        unpublished: also if the calculation is not published.
        store: where; by default as the environment says.

    Raises:
        NoSuchCalculation: it is not stored, or not published.
        NoSuchCurve: it has no such site, measure or statistic.
    """
    yield from stats_curves_of(ask(Kind.STATS, calc_id, locs, imts, aggs, unpublished, store=store))


def get_hazard_rlz_curves(
    calc_id: Calculation,
    locs: Sequence[str] | None = None,
    imts: Sequence[str] | None = None,
    rlzs: Sequence[str | int] | None = None,
    unpublished: bool = False,
    *,
    store: Store | None = None,
) -> Iterator[RlzCurve]:
    """Yield the curves of realisations.

    Args:
        calc_id: the calculation, or one that is open.
        locs: site codes, custom ids or "LAT,LON"; None: all sites, in key order.
        imts: intensity measures as OpenQuake writes them, "SA(0.1)"; None: all.
        rlzs: ordinals, 7 or "00007"; None: all.
        unpublished: also if the calculation is not published.
        store: where; by default as the environment says.

    Raises:
        NoSuchCalculation: it is not stored, or not published.
        NoSuchCurve: it has no such site, measure or realisation.
    """
    asked = ask(Kind.REALISATIONS, calc_id, locs, imts, rlzs, unpublished, store=store)
    yield from rlz_curves_of(asked)


def get_sites(
    calc_id: Calculation, unpublished: bool = False, *, store: Store | None = None
) -> Iterator[Site]:
    """Yield the sites of a calculation, in key order."""
    calculation = opened(calc_id, unpublished, store)
    with explain_missing(calculation.store, calculation.head):
        for site in all_places(calculation.store, calculation.head.calculation):
            yield Site(site.loc, site.lat, site.lon, site.vs30)


def get_logic_tree(
    calc_id: Calculation, unpublished: bool = False, *, store: Store | None = None
) -> dict[str, Any]:
    """Return the logic tree: source and gsim branches, realisations' weights and paths."""
    calculation = opened(calc_id, unpublished, store)
    store, head = calculation.store, calculation.head
    parts = store.parts(head.storage_id)
    with explain_missing(store, head):
        tree, realisations = parts.get_json(LOGIC_TREE), parts.get_json(REALISATIONS)
        if tree is None or realisations is None:
            table = store.settings.meta_table
            raise CorruptItem(table, head.storage_id, LOGIC_TREE, "missing record")
        return {**tree, **realisations}


def hazard_arrays(
    calc_id: Calculation,
    kind: Kind | str,
    locs: Sequence[str] | None = None,
    imts: Sequence[str] | None = None,
    rows: Sequence[str | int] | None = None,
    unpublished: bool = False,
    *,
    store: Store | None = None,
) -> tuple[SiteArrays, NDArray[np.float32]]:
    """Return the curves of many sites as one array; all of a large calculation: `hazard_blocks`.

    Args:
        calc_id: the calculation, or one that is open.
        kind: "stats" or "realisations".
        locs: site codes, custom ids or "LAT,LON"; None: all sites, in key order.
        imts: intensity measures as OpenQuake writes them, "SA(0.1)"; None: all.
        rows: statistics or realisations, as the kind is; None: all.
        unpublished: also if the calculation is not published.
        store: where; by default as the environment says.

    Returns:
        the sites, and float32 (n, K, M, L), in the order that was asked for.

    Raises:
        NoSuchCalculation: it is not stored, or not published.
        NoSuchCurve: it has no such site, measure, statistic or realisation.
        DamagedCalculation: something of it is missing or altered.
    """
    asked = ask(Kind(kind), calc_id, locs, imts, rows, unpublished, store=store)
    blocks = list(asked.blocks())
    if not blocks:
        shape = (0, *asked.shape)
        return SiteArrays.of([]), np.empty(shape, np.float32)
    if len(blocks) == 1:
        return blocks[0].sites, blocks[0].curves
    sites = SiteArrays.joined([block.sites for block in blocks])
    return sites, np.concatenate([block.curves for block in blocks])


def hazard_blocks(
    calc_id: Calculation,
    kind: Kind | str,
    locs: Sequence[str] | None = None,
    imts: Sequence[str] | None = None,
    rows: Sequence[str | int] | None = None,
    unpublished: bool = False,
    *,
    store: Store | None = None,
) -> Iterator[tuple[SiteArrays, NDArray[np.float32]]]:
    """Yield the same as `hazard_arrays` by blocks of sites, as they come: memory stays small.

    Raises:
        DamagedCalculation: when the whole sites were given.
        NoSuchCalculation, NoSuchCurve: as `hazard_arrays`.
    """
    asked = ask(Kind(kind), calc_id, locs, imts, rows, unpublished, store=store)
    for block in asked.blocks():
        yield block.sites, block.curves
