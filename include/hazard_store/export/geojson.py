"""A hazard map as GeoJSON: a point a site, with its level, unit, probability and years."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from hazard_store.derive import FLAGS
from hazard_store.query import MapBlock
from hazard_store.workflow.progress import OnAdvance

BEGIN, END = '{"type": "FeatureCollection", "features": [', "]}"


def map_rows(block: MapBlock) -> Iterator[dict[str, Any]]:
    """Yield a row a site, as the contract spells it."""
    each = zip(block.sites, block.imls.tolist(), block.flags.tolist(), strict=True)
    for site, iml, flag in each:
        yield {
            "calc_id": block.calc_id,
            **vars(site),
            "agg": block.agg,
            "imt": block.imt,
            "poe": block.poe,
            "years": block.years,
            "iml": iml,
            "unit": block.unit,
            "flag": FLAGS[flag],
        }


def feature(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row of a map as a GeoJSON feature."""
    properties = {name: value for name, value in row.items() if name not in ("lat", "lon")}
    point = {"type": "Point", "coordinates": [row["lon"], row["lat"]]}
    return {"type": "Feature", "geometry": point, "properties": properties}


def write_geojson(path: Path, blocks: Iterable[MapBlock], on_advance: OnAdvance) -> None:
    """Write a map as it comes.

    Raises:
        DamagedCalculation: something of it is missing or altered.
    """
    with path.open("w", encoding="utf-8") as file:
        file.write(BEGIN)
        between = ""
        for block in blocks:
            for row in map_rows(block):
                file.write(between + json.dumps(feature(row), allow_nan=False))
                between = ",\n"
            on_advance(len(block.sites))
        file.write(END)
