"""What storing will take: items exactly, write units from a sample, seconds and dollars from these.

Prices: AWS, us-east-1, on demand (docs/costs.md).
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from hazard_store.items import Form, Place, item_bytes, make_items
from hazard_store.model import KeyScheme, Kind
from hazard_store.records import Forecast
from hazard_store.workflow.sizes import WriterSize, writer_size

DOLLARS_PER_WRITE_UNIT = 0.625e-6
DOLLARS_PER_READ_UNIT = 0.125e-6
DOLLARS_PER_VCPU_HOUR, DOLLARS_PER_GB_HOUR = 0.03238, 0.00356  # Fargate, ARM
SAMPLE_SITES = 20
SAMPLE_BYTES = 64_000_000

ReadCurves = Callable[[Kind, NDArray[np.intp]], NDArray[np.float32]]


def units_of_sample(
    form: Form, n_sites: int, site_at: Callable[[int], tuple[int, Place]], read: ReadCurves
) -> tuple[float, float]:
    """Return (write units, read units of one consistent read) of a site, on average over a sample.

    Args:
        form: the items' form.
        n_sites: N.
        site_at: returns (sid, place) at a position of the plan's order.
        read: returns the curves of a kind at some sids.
    """
    if not form.rows:
        return 0.0, 0.0
    site_bytes = 4 * len(form.rows) * form.levels.size
    n = max(1, min(SAMPLE_SITES, n_sites, SAMPLE_BYTES // site_bytes))
    wcu = rcu = 0.0
    for position in np.linspace(0, n_sites - 1, n).round().astype(int):
        sid, place = site_at(int(position))
        sizes = [
            item_bytes(i) for i in make_items(form, place, read(form.kind, np.array([sid]))[0])
        ]
        wcu += sum(math.ceil(size / 1024) for size in sizes)
        rcu += sum(sizes) / 4096
    return wcu / n, rcu / n


def make_forecast(
    forms: dict[Kind, Form],
    n_sites: int,
    units: dict[Kind, tuple[float, float]],
    writers: int,
    wcu_per_s_per_writer: float,
    limited: bool,
) -> Forecast:
    """Return the forecast of a plan."""
    items = {kind: n_sites * len(form.groups) for kind, form in forms.items()}
    wcu = {kind: math.ceil(n_sites * units[kind][0]) for kind in forms}
    rcu = sum(n_sites * units[kind][1] for kind in forms)
    total = sum(wcu.values())
    seconds = total / (writers * wcu_per_s_per_writer)
    notes = []
    if next(iter(forms.values())).keys.scheme is KeyScheme.LOCATION:
        notes.append(
            "Calculations share the bins of key scheme location: the audit also reads what other "
            "calculations store there, and its cost is not in this forecast."
        )
    return Forecast(
        stats_items=items[Kind.STATS],
        realisations_items=items[Kind.REALISATIONS],
        stats_wcu=wcu[Kind.STATS],
        realisations_wcu=wcu[Kind.REALISATIONS],
        seconds=seconds,
        dollars=dollars(total, rcu, seconds * writers, wcu_per_s_per_writer),
        writers=writers,
        wcu_per_s_per_writer=wcu_per_s_per_writer,
        limited=limited,
        notes=tuple(notes),
    )


def dollars(wcu: float, rcu: float, writer_seconds: float, wcu_per_s_per_writer: float) -> float:
    """Return what units and the seconds of writers cost together; a writer's size by its rate."""
    machines = writer_seconds * _dollars_per_s(writer_size(wcu_per_s_per_writer))
    return wcu * DOLLARS_PER_WRITE_UNIT + rcu * DOLLARS_PER_READ_UNIT + machines


def _dollars_per_s(size: WriterSize) -> float:
    return (size.vcpu * DOLLARS_PER_VCPU_HOUR + size.gb * DOLLARS_PER_GB_HOUR) / 3600
