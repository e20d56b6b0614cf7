"""How the curves of a calculation are divided into items: what options ask for, and what differs.

Only what the caller named is asked for. What was not named follows what is stored, so that a new
default makes no difference to it; where nothing is stored, the defaults fill in.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hazard_store.errors import BadParameter
from hazard_store.items import largest_group
from hazard_store.items.groups import MEAN, statistics_groups
from hazard_store.keys import storage_id
from hazard_store.model import Layout, StoreOptions
from hazard_store.records import StoredCalculation
from hazard_store.shown import quoted

NO_MAPS, ALL_MAPS = "none", "all"


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
    per_item = options.statistics_per_item
    if (
        per_item is not None
        and per_item != MEAN
        and not (isinstance(per_item, int) and per_item >= 1)
    ):
        raise BadParameter(
            "statistics_per_item",
            f"{quoted(per_item)} is neither a number of statistics from 1 on nor {MEAN!r}",
        )
    if options.max_wcu_per_s is not None and not options.max_wcu_per_s > 0:
        raise BadParameter("max_wcu_per_s", "it must be above 0")
    _check_maps(options)


def _check_maps(options: StoreOptions) -> None:
    named = options.map_statistics
    if named is None:
        return
    if not all(map(str.strip, named.split(","))):
        raise BadParameter(
            "map_statistics",
            f"{quoted(named)} does not name statistics: say {NO_MAPS}, {ALL_MAPS}, or names with "
            "commas between them",
        )
    if options.layout is Layout.READABLE and named != NO_MAPS:
        raise BadParameter(
            "map_statistics", "map items are of the packed layout: leave it out, or say none"
        )


def map_statistics(aggs: Sequence[str], named: str) -> tuple[str, ...]:
    """Return the statistics that get map items, in the order of the file.

    Args:
        aggs: the calculation's statistics.
        named: "none", "all", or statistics with commas between them.

    Raises:
        BadParameter: one of them is not in the file.
    """
    if named == NO_MAPS:
        return ()
    if named == ALL_MAPS:
        return tuple(aggs)
    wanted = [each.strip().removeprefix("quantile-") for each in named.split(",")]
    for each in wanted:
        if each not in aggs:
            raise BadParameter(
                "map_statistics",
                f"the file has no statistic {quoted(each)}; it has {', '.join(aggs) or 'none'}",
            )
    return tuple(agg for agg in aggs if agg in wanted)


def realisations_per_item(layout: Layout, shape: tuple[int, int], asked: int) -> int:
    """Return how many realisations share an item of (M, L) curves a row: as asked, if they fit."""
    return min(largest_group(layout, *shape), asked)


def statistics_per_item(
    layout: Layout, shape: tuple[int, int], aggs: Sequence[str], asked: int | str
) -> tuple[int, ...]:
    """Return the sizes of the groups of statistics: as asked, divided where they do not fit."""
    return statistics_groups(aggs, asked, max(1, largest_group(layout, *shape)))


def as_asked(
    stored: StoredCalculation, options: StoreOptions, realisations_in_file: bool
) -> StoredCalculation:
    """Return a stored calculation with what the options name as they name it, all else as it is.

    Raises:
        BadParameter: a statistic that is named is not in the file.
    """
    shape = (len(stored.imts), len(stored.levels[0]))
    layout = stored.layout if options.layout is None else options.layout
    changes: dict[str, Any] = {"layout": layout}
    for name in ("key_scheme", "force_normalised_sites"):
        if getattr(options, name) is not None:
            changes[name] = getattr(options, name)
    if options.realisations is not None:
        changes["realisations"] = options.realisations and realisations_in_file
    if options.realisations_per_item is not None:
        asked = options.realisations_per_item
        changes["realisations_per_item"] = realisations_per_item(layout, shape, asked)
    if options.statistics_per_item is not None:
        per_item = options.statistics_per_item
        changes["statistics_per_item"] = statistics_per_item(layout, shape, stored.aggs, per_item)
    if options.map_statistics is not None:
        changes["map_statistics"] = map_statistics(stored.aggs, options.map_statistics)
    return stored.model_copy(update=changes)
