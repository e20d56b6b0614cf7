"""What storing will take, and what it took: items, units, seconds, dollars, sizes of containers.

Items are exact, write units come from a sample, seconds and dollars follow from these.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from hazard_store.model import KeyScheme, Kind, Units
from hazard_store.prices import (
    DOLLARS_PER_GB_HOUR,
    DOLLARS_PER_READ_UNIT,
    DOLLARS_PER_VCPU_HOUR,
    DOLLARS_PER_WRITE_UNIT,
)
from hazard_store.records import AuditReport, Forecast, Head, StoredCalculation
from hazard_store.store import Store

KEYS_BYTES = 90  # names and keys of a map item
SITE_BYTES = 6  # of a site in a block's list, packed


@dataclass(frozen=True)
class WriterSize:
    """CPU and memory of a container; a combination that Fargate offers.

    A writer's memory does not grow with its sites; its CPU time grows with what it sends. On a core
    of a current server it reaches several times these rates (`python -m benchmarks.writing`).
    """

    up_to_wcu_per_s: float
    vcpu: float
    gb: float


SIZES = (
    WriterSize(1000, 0.25, 1),
    WriterSize(2500, 0.5, 1),
    WriterSize(float("inf"), 1, 2),
)


def writer_size(wcu_per_s: float) -> WriterSize:
    """Return the smallest container for a rate.

    >>> writer_size(500).vcpu
    0.25
    """
    return next(size for size in SIZES if wcu_per_s <= size.up_to_wcu_per_s)


def make_forecast(
    stored: StoredCalculation,
    units: Units,
    writers: int,
    wcu_per_s_per_writer: float,
    limited: bool,
    records: tuple[int, int] = (0, 0),
) -> Forecast:
    """Return the forecast of a plan, whose chunks and map items are decided.

    Args:
        stored: what is to be stored.
        units: of a site.
        writers: that run at once.
        wcu_per_s_per_writer: the share of each in the budget, or what it should reach.
        limited: whether there is a budget.
        records: (items, write units) of the large records.
    """
    n_sites = stored.n_sites
    items = {kind: n_sites * len(stored.spec(kind).groups) for kind in Kind}
    wcu = {kind: math.ceil(n_sites * units.wcu[kind]) for kind in Kind}
    sizes = list(_map_sizes(stored, units))
    maps_wcu = sum(math.ceil(size / 1024) for size in sizes)
    rcu = sum(n_sites * units.rcu[kind] for kind in Kind) + sum(sizes) / 4096
    total = sum(wcu.values()) + maps_wcu
    seconds = total / (writers * wcu_per_s_per_writer)
    return Forecast(
        stats_items=items[Kind.STATS],
        realisations_items=items[Kind.REALISATIONS],
        maps_items=len(sizes),
        stats_wcu=wcu[Kind.STATS],
        realisations_wcu=wcu[Kind.REALISATIONS],
        maps_wcu=maps_wcu,
        seconds=seconds,
        dollars=dollars(total + records[1], rcu, seconds * writers, wcu_per_s_per_writer),
        writers=writers,
        wcu_per_s_per_writer=wcu_per_s_per_writer,
        limited=limited,
        notes=tuple(_notes(stored, wcu[Kind.STATS], maps_wcu)),
        records=records[0],
        records_wcu=records[1],
    )


def _map_sizes(stored: StoredCalculation, units: Units) -> Iterator[float]:
    """Yield the bytes of each map item."""
    maps, n_imts = stored.maps, len(stored.imts)
    per_site = [units.map_bytes[row] / n_imts for row in maps.rows]
    for chunk in stored.chunks:
        for start, stop in maps.blocks(chunk.start, chunk.stop):
            yield KEYS_BYTES + SITE_BYTES * (stop - start)
            for of_agg in per_site:
                yield from [KEYS_BYTES + of_agg * (stop - start)] * n_imts


def _notes(stored: StoredCalculation, stats_wcu: int, maps_wcu: int) -> Iterator[str]:
    if stored.key_scheme is KeyScheme.LOCATION:
        yield (
            "Calculations share the bins of key scheme location: the audit also reads what other "
            "calculations store there, and its cost is not in this forecast."
        )
    if maps_wcu > stats_wcu / 2:
        yield (
            f"Map items take {maps_wcu:,} write units beside the {stats_wcu:,} of the statistics; "
            "--map-statistics none stores none, and a map then reads every site's item."
        )


def dollars(wcu: float, rcu: float, writer_seconds: float, wcu_per_s_per_writer: float) -> float:
    """Return what units and the seconds of writers cost together; a writer's size by its rate."""
    machines = writer_seconds * _dollars_per_s(writer_size(wcu_per_s_per_writer))
    return wcu * DOLLARS_PER_WRITE_UNIT + rcu * DOLLARS_PER_READ_UNIT + machines


def _dollars_per_s(size: WriterSize) -> float:
    return (size.vcpu * DOLLARS_PER_VCPU_HOUR + size.gb * DOLLARS_PER_GB_HOUR) / 3600


def outcome_of(store: Store, head: Head, report: AuditReport) -> dict[str, Any]:
    """Return what a run really took, for the head.

    Args:
        store: where the reports of its writers are.
        head: the calculation, in the run's attempt.
        report: the audit of all chunks together.
    """
    reports = store.reports(head)
    left_out, now = {"differences", "notes", "calc_id", "status"}, dt.datetime.now(dt.UTC)
    audit = report.model_dump(mode="json", exclude=left_out)
    outcome: dict[str, Any] = {"audit": {"at": now.isoformat(timespec="milliseconds"), **audit}}
    for kind in Kind:
        of_kind = (reports.report(kind, chunk) for chunk in head.calculation.chunks)
        written = [each for each in of_kind if each is not None]
        outcome[str(kind)] = {
            "wcu": sum(each.wcu for each in written),
            "retries": sum(each.retries for each in written),
            "writer_seconds": round(sum(each.seconds for each in written), 3),
        }
        if kind is Kind.STATS:
            outcome["maps"] = {"wcu": sum(each.maps.wcu for each in written)}
    outcome["dollars"] = dollars(
        sum(outcome[of]["wcu"] for of in (*map(str, Kind), "maps")),
        report.rcu,
        sum(outcome[str(kind)]["writer_seconds"] for kind in Kind) + report.seconds,
        head.calculation.forecast.wcu_per_s_per_writer,
    )
    if head.began:
        began = dt.datetime.fromisoformat(head.began)
        outcome["seconds"] = (now - began).total_seconds()
    return outcome
