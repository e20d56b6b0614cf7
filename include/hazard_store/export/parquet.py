"""Hazard curves as Parquet: a row a curve, divided by calculation, kind and intensity measure.

So a file has one list of levels and one unit, which its metadata say, and a question about one
measure opens one file. Levels stand in each row as well: a curve alone can be drawn.
"""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np

from hazard_store.derive import unit_of
from hazard_store.export.arrow import arrow, lists, lists_of
from hazard_store.export.gathered import Gathered, gathered
from hazard_store.export.wanted import Wanted
from hazard_store.model import Kind
from hazard_store.workflow.progress import Progress

GROUP_BYTES = 32 << 20  # of curves that are gathered for the next row group of every measure
FILE_GROUPS = 64  # row groups of a file: what is kept of each until its file ends stays small
COMPRESSION = "zstd"  # it makes nothing of levels that repeat: no dictionary of them is quicker
OF_ROWS = ("loc", "lat", "lon", "vs30", "agg", "rlz")  # columns that say whose a curve is


def partition(calc_id: str, kind: Kind, imt: str) -> str:
    """Return the folder of a measure's curves, as Hive names them.

    >>> partition("CALC13", Kind.STATS, "SA(0.1)")
    'calc_id=CALC13/kind=stats/imt=SA(0.1)'
    """
    return f"calc_id={quote(calc_id, safe='')}/kind={kind}/imt={quote(imt, safe='()')}"


def file_names(wanted: Wanted) -> list[str]:
    """Return the first file of each measure."""
    calc_id = wanted.head.calc_id
    folders = [partition(calc_id, kind, imt) for kind in wanted.questions for imt in wanted.imts]
    return [f"{folder}/{_file(0)}" for folder in folders]


def write_parquet(folder: Path, wanted: Wanted, progress: Progress) -> None:
    """Write the files of all measures, statistics and realisations.

    Raises:
        DamagedCalculation: something of the calculation is missing or altered.
        Misconfigured: pyarrow is not installed.
    """
    for kind in wanted.questions:
        blocks = gathered(wanted.blocks(kind, progress), GROUP_BYTES)
        with ExitStack() as files:
            for number, block in enumerate(blocks):
                if number % FILE_GROUPS == 0:
                    files.close()
                    writers = [
                        files.enter_context(_writer(folder, wanted, kind, m, number // FILE_GROUPS))
                        for m in range(len(wanted.imts))
                    ]
                sites = _columns(wanted, kind, block)
                for m, writer in enumerate(writers):
                    writer.write_table(_table(writer.schema, sites, wanted, block, m))


def _writer(folder: Path, wanted: Wanted, kind: Kind, m: int, number: int) -> Any:
    place = folder / partition(wanted.head.calc_id, kind, wanted.imts[m])
    place.mkdir(parents=True, exist_ok=True)
    return arrow().parquet.ParquetWriter(
        place / _file(number),
        _schema(wanted, m),
        compression=COMPRESSION,
        use_dictionary=list(OF_ROWS),
        column_encoding={"poes.list.element": "BYTE_STREAM_SPLIT"},
        write_statistics=list(OF_ROWS),
    )


def _schema(wanted: Wanted, m: int) -> Any:
    pa, stored, imt = arrow(), wanted.head.calculation, wanted.imts[m]
    unit = unit_of(imt) or ""
    years = f"{stored.investigation_time!r}"
    return pa.schema(
        [
            pa.field("loc", pa.string(), nullable=False),
            pa.field("lat", pa.float64(), nullable=False, metadata={"unit": "degrees"}),
            pa.field("lon", pa.float64(), nullable=False, metadata={"unit": "degrees"}),
            pa.field("vs30", pa.float64(), metadata={"unit": "m/s"}),
            pa.field("agg", pa.string()),  # none where the row is a realisation
            pa.field("rlz", pa.int32()),  # none where it is a statistic
            pa.field("imls", lists_of(pa.float64()), nullable=False, metadata={"unit": unit}),
            pa.field("poes", lists_of(pa.float32()), nullable=False, metadata={"years": years}),
        ],
        metadata={
            "calc_id": stored.calc_id,
            "imt": imt,
            "unit": unit,
            "investigation_time": years,
            "engine_version": stored.engine_version,
            "date": stored.date,
            "sha256": stored.sha256,
        },
    )


def _columns(wanted: Wanted, kind: Kind, block: Gathered) -> list[Any]:
    """Return the columns before the curves, which are those of every measure.

    Rows stand by statistic or realisation and then by site, so that one of them is found at once.
    """
    pa, sites, rows = arrow(), block.sites, wanted.rows(kind)
    n, k = len(sites), len(rows)
    vs30s = np.full(n, np.nan) if sites.vs30s is None else sites.vs30s
    numbers = [np.tile(values, k) for values in (sites.lats, sites.lons)]
    names: Any = np.repeat(np.arange(k), n)
    aggs = rlzs = pa.nulls(n * k)
    if kind is Kind.STATS:
        aggs = pa.array(rows).take(names)
    else:
        rlzs = pa.array(np.array(rows, np.int32)[names])
    return [
        pa.array(sites.locs).take(np.tile(np.arange(n), k)),
        *map(pa.array, numbers),
        pa.array(np.tile(vs30s, k), from_pandas=True),
        aggs.cast(pa.string()),
        rlzs.cast(pa.int32()),
    ]


def _table(schema: Any, sites: list[Any], wanted: Wanted, block: Gathered, m: int) -> Any:
    curves = block.of_imt(m)
    poes = curves.reshape(-1, curves.shape[2])
    imls = np.broadcast_to(wanted.levels[m], poes.shape)
    return arrow().Table.from_arrays([*sites, lists(imls), lists(poes)], schema=schema)


def _file(number: int) -> str:
    return f"part-{number:04d}.parquet"
