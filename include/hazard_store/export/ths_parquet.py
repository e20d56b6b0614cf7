"""Statistics as toshi-hazard-store 2.1 reads them: its schema of aggregated curves, in Parquet.

Its rows have no levels and no time: they are 44 levels that it knows, and probabilities in a year.
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np

from hazard_store.errors import Refused
from hazard_store.export.arrow import arrow, lists
from hazard_store.export.gathered import Gathered, gathered
from hazard_store.export.wanted import Wanted
from hazard_store.model import Kind
from hazard_store.workflow.progress import Progress

LEVELS = np.concatenate(
    [
        [each * power for power in (1e-4, 1e-3, 1e-2) for each in (1, 2, 4, 6, 8)],
        np.arange(1, 11) / 10,
        np.arange(12, 31, 2) / 10,
        np.arange(7, 11) / 2,
        np.arange(6, 11),
    ]
)
FILE_BYTES = 48 << 20  # of curves that are gathered for the next file of every partition
NO_VS30 = 0  # what that library has for none
ANYWHERE = "--as parquet takes it as it is"


def check_fits(wanted: Wanted) -> None:
    """Refuse a calculation whose curves that library would take for others.

    Raises:
        Refused: it has other levels, another investigation time, or sites that share a code.
    """
    stored = wanted.head.calculation
    for imt, imls in zip(wanted.imts, wanted.levels, strict=True):
        if imls.shape != LEVELS.shape or not np.allclose(imls, LEVELS, rtol=1e-9, atol=0):
            reason = f"the levels of {imt} are not the 44 that toshi-hazard-store has: {ANYWHERE}"
            raise Refused(stored.calc_id, reason)
    if stored.investigation_time != 1:
        years = f"its probabilities are in {stored.investigation_time:g} years"
        reason = f"{years}, and toshi-hazard-store takes all for those in 1 year: {ANYWHERE}"
        raise Refused(stored.calc_id, reason)


def write_ths_parquet(folder: Path, wanted: Wanted, progress: Progress) -> None:
    """Write the statistics, in partitions by vs30 and whole degrees.

    Raises:
        Refused: two sites have one code, or a vs30 is no whole number.
        DamagedCalculation: something of the calculation is missing or altered.
        Misconfigured: pyarrow is not installed.
    """
    calc_id = wanted.head.calc_id
    seen: set[tuple[str, int]] = set()
    blocks = gathered(wanted.blocks(Kind.STATS, progress), FILE_BYTES)
    for number, block in enumerate(blocks):
        vs30s = _vs30s(calc_id, block)
        partitions = defaultdict(list)
        for i, site in enumerate(block.sites):
            code = _code(site.lat, site.lon, 1000, 3)
            if (code, vs30s[i]) in seen:
                reason = f"several sites are {code} to three decimals: {ANYWHERE}"
                raise Refused(calc_id, reason)
            seen.add((code, vs30s[i]))
            partitions[vs30s[i], _code(site.lat, site.lon, 1, 1)].append((i, code))
        for (vs30, degrees), sites in partitions.items():
            place = folder / f"vs30={vs30}" / f"nloc_0={degrees}"
            place.mkdir(parents=True, exist_ok=True)
            table = _table(wanted, block, sites)
            arrow().parquet.write_table(table, place / f"part-{number:04d}.parquet")


def _table(wanted: Wanted, block: Gathered, sites: list[tuple[int, str]]) -> Any:
    """Return the rows of some sites of a block: by measure, statistic and site."""
    pa, calc_id = arrow(), wanted.head.calc_id
    aggs, imts, chosen = wanted.rows(Kind.STATS), wanted.imts, [i for i, _ in sites]
    curves = np.concatenate([block.of_imt(m)[:, chosen] for m in range(len(imts))])
    shape = (len(imts), len(aggs), len(sites))
    imt, agg, code = (each.reshape(-1) for each in np.indices(shape))
    columns = {
        "compatible_calc_id": pa.repeat(calc_id, len(imt)),
        "hazard_model_id": pa.repeat(calc_id, len(imt)),
        "nloc_001": pa.array([code for _, code in sites]).take(code),
        "imt": pa.array(imts).take(imt),
        "aggr": pa.array(aggs).take(agg),
        "values": lists(curves.reshape(-1, len(LEVELS))),
    }
    return pa.table(columns)


def _vs30s(calc_id: str, block: Gathered) -> list[int]:
    values = block.sites.vs30s
    if values is None:
        return [NO_VS30] * len(block.sites)
    known = np.nan_to_num(values, nan=NO_VS30)
    odd = np.flatnonzero(known != np.round(known))
    if len(odd):
        reason = f"a site has the vs30 {known[odd[0]]:g}, and toshi-hazard-store has whole numbers"
        raise Refused(calc_id, f"{reason}: {ANYWHERE}")
    return [int(value) for value in known]


def _code(lat: float, lon: float, steps: int, decimals: int) -> str:
    """Return a code as that library makes it, without brackets: `-41.300~174.780`."""
    return "~".join(f"{round(each * steps, 0) / steps:.{decimals}f}" for each in (lat, lon))
