"""The queries whose cost is measured, and the places that they ask about."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.support.meter import Cost, Meter
from hazard_store.calcfile import open_calc
from hazard_store.items.groups import MEAN
from hazard_store.keys import HASH_KEY, KeyMaker, site_code
from hazard_store.model import KeyScheme, Kind
from hazard_store.query import get_hazard_rlz_curves, get_hazard_stats_curves
from hazard_store.settings import Settings
from hazard_store.store import Store

CALC_ID = "CALC"
AT_A_PLACE = (CALC_ID, *(f"OTHER{number}" for number in range(9)))
NEAR_DEGREES = 0.2001
SINGLE_SITES = 5  # that the figures of one site are averaged over
RLZ = 7


@dataclass(frozen=True)
class Asked:
    """What there is to ask about: the calculation's shape, and places by their site codes."""

    n_sites: int  # N
    n_rlzs: int  # R
    n_aggs: int  # S
    n_imts: int  # M
    n_levels: int  # L
    quantile: str  # a statistic that is not the mean
    shared: str  # where other calculations have a site, too
    single: list[str]
    near: list[str]

    @classmethod
    def of(cls, path: Path) -> Asked:
        """Choose a place that others share, single ones, and the densest neighbourhood."""
        with open_calc(str(path), Settings(region="us-east-1")) as calc_file:
            calculation = calc_file.calculation
        sites = calculation.sites
        codes = [site_code(lat, lon) for lat, lon in zip(sites.lat, sites.lon, strict=True)]
        away = np.hypot(sites.lat[:, None] - sites.lat, sites.lon[:, None] - sites.lon)
        n_imts, n_levels = calculation.levels.shape
        middle = int((away <= NEAR_DEGREES).sum(axis=1).argmax())
        apart = np.linspace(1, len(codes) - 1, SINGLE_SITES).round().astype(int)
        return cls(
            len(codes),
            calculation.n_realisations,
            len(calculation.aggs),
            n_imts,
            n_levels,
            quantile=next(agg for agg in reversed(calculation.aggs) if agg != MEAN),
            shared=codes[0],
            single=[codes[i] for i in apart],
            near=[codes[i] for i in np.flatnonzero(away[middle] <= NEAR_DEGREES)],
        )


@dataclass
class Costs:
    """What the queries cost in one design, by their names."""

    curves: dict[str, Cost] = field(default_factory=dict)
    records: dict[str, Cost] = field(default_factory=dict)  # of the calculation, read by each call


def measure(store: Store, scheme: KeyScheme, asked: Asked) -> Costs:
    """Ask everything; what stands there under `AT_A_PLACE` is written, and not published."""
    meter, costs = Meter(store), Costs()
    stats = partial(get_hazard_stats_curves, unpublished=True, store=store)
    rlzs = partial(get_hazard_rlz_curves, unpublished=True, store=store)

    def ask(name: str, *reads: Callable[[], Iterator[Any]]) -> None:
        """Ask in several ways, each time anew, and note the mean."""
        told = [meter.measured(read) for read in reads]
        costs.records[name] = sum((records for records, _ in told), Cost()) / len(told)
        costs.curves[name] = sum((curves for _, curves in told), Cost()) / len(told)

    def each_site(curves: Any, chosen: Any) -> list[Callable[[], Iterator[Any]]]:
        return [partial(curves, CALC_ID, [loc], None, chosen) for loc in asked.single]

    def means_by_calculation() -> Iterator[Any]:
        for calc_id in AT_A_PLACE:
            yield from stats(calc_id, [asked.shared], None, ["mean"])

    near = f"{len(asked.near)} sites"
    ask("1 site: the mean", *each_site(stats, ["mean"]))
    ask("1 site: a quantile", *each_site(stats, [asked.quantile]))
    ask(f"1 site: all {asked.n_aggs} statistics", *each_site(stats, None))
    ask("1 site: one realisation", *each_site(rlzs, [RLZ]))
    ask(f"1 site: all {asked.n_rlzs} realisations", *each_site(rlzs, None))
    ask(f"{near}: the mean", partial(stats, CALC_ID, asked.near, None, ["mean"]))
    ask(f"{near}: all {asked.n_aggs} statistics", partial(stats, CALC_ID, asked.near))
    ask(f"{asked.n_sites} sites, all: the mean", partial(stats, CALC_ID, None, None, ["mean"]))
    ask(f"{asked.n_sites} sites, all: one realisation", partial(rlzs, CALC_ID, None, None, [RLZ]))
    ask(f"1 site, {len(AT_A_PLACE)} calculations: the mean", means_by_calculation)
    ask("the same by hand, in one request", lambda: by_hand(store, scheme, asked.shared))
    return costs


def by_hand(store: Store, scheme: KeyScheme, loc: str) -> Iterator[Any]:
    """Read the mean of all calculations at a site with boto3 alone.

    In key scheme `location` a Query finds them, whatever their ids; elsewhere one must know the ids
    and asks for the keys.
    """
    table, makers = store.table(Kind.STATS), [KeyMaker(scheme, calc_id) for calc_id in AT_A_PLACE]
    hash_keys = [keys.hash_key(*coordinates(loc)) for keys in makers]
    if scheme is KeyScheme.LOCATION:
        answer: Any = store.client.query(
            TableName=table,
            KeyConditionExpression="haz_sol_id = :h AND begins_with(loc_agg_rk, :r)",
            ExpressionAttributeValues={":h": {"S": hash_keys[0]}, ":r": {"S": f"{loc}:mean:"}},
            ConsistentRead=True,
        )
        return iter(answer["Items"])
    wanted: list[Any] = [
        {HASH_KEY: {"S": hash_key}, "loc_agg_rk": {"S": keys.range_key(loc, "mean")}}
        for keys, hash_key in zip(makers, hash_keys, strict=True)
    ]
    answer = store.client.batch_get_item(
        RequestItems={table: {"Keys": wanted, "ConsistentRead": True}}
    )
    return iter(answer["Responses"][table])


def coordinates(loc: str) -> tuple[float, float]:
    """Return latitude and longitude of a site code."""
    lat, lon = loc.strip("[]").split("~")
    return float(lat), float(lon)
