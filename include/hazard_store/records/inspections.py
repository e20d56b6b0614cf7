"""What `inspect` leaves of a file for the run that asked: so no other task has to open it.

Under `inspect#<run>` in the metadata table, as compressed parts; `inspect#` itself lists the runs.
Whoever may delete these need not be able to delete anything else.
"""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

from hazard_store.keys import HASH_KEY
from hazard_store.model import (
    Calculation,
    ContentDigests,
    FileVersion,
    Inspection,
    Kind,
    LogicTree,
    Original,
    ParentFile,
    Sample,
    Sites,
    Units,
)
from hazard_store.records.documents import FORMAT, release
from hazard_store.records.head import require_known
from hazard_store.records.parts import ENGINE_OBJECTS, Parts

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

LEFT = "inspect#"  # hash key of the list; a run's own begins with it
KEPT = dt.timedelta(days=1)  # what a killed run has left

_ARRAYS, _REST = "arrays", "inspection"
_PLAIN = (
    "calculation_mode",
    "description",
    "engine_version",
    "date",
    "checksum32",
    "investigation_time",
    "imts",
    "aggs",
    "has_realisations",
    "realisations_from_mean",
)


class Inspections:
    """Reads and writes the inspections of runs that are under way."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self._client, self._table = client, table

    def put(self, run: str, inspection: Inspection, units: Units, now: dt.datetime) -> None:
        """Leave an inspection for a run; a second one takes the place of the first."""
        item = {**_entry(run), "at": {"S": now.isoformat(timespec="seconds")}}
        self._client.put_item(TableName=self._table, Item=item)
        parts = self._parts(run)
        parts.put(ENGINE_OBJECTS, inspection.engine_objects)
        parts.put(_ARRAYS, _arrays_of(inspection))
        parts.put_json(_REST, _rest_of(inspection, units))

    def get(self, run: str) -> tuple[Inspection, Units] | None:
        """Return what was left for a run, and the units of a site; None: nothing.

        The curves of its sample are not kept, but for what they told: the units.
        """
        parts = self._parts(run)
        rest, arrays = parts.get_json(_REST), parts.get(_ARRAYS)
        if rest is None or arrays is None:
            return None
        require_known(f"what `inspect` left for {run}", rest)
        kept = rest["units"]
        wcu, rcu = ({Kind(k): v for k, v in kept[name].items()} for name in ("wcu", "rcu"))
        units = Units(wcu, rcu, tuple(kept["map_bytes"]))
        with np.load(io.BytesIO(arrays), allow_pickle=False) as found:
            return _inspection_of(rest, found, parts.get(ENGINE_OBJECTS) or b""), units

    def remove(self, run: str) -> None:
        """Remove what was left for a run; nothing may be there."""
        parts = self._parts(run)
        for name in list(parts.names()):
            parts.delete(name)
        self._client.delete_item(TableName=self._table, Key=_entry(run))

    def remove_old(self, now: dt.datetime) -> list[str]:
        """Remove what killed or deleted runs have left; return these runs."""
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            KeyConditionExpression=f"{HASH_KEY} = :l",
            ExpressionAttributeValues={":l": {"S": LEFT}},
        )
        entries = [item for page in pages for item in page["Items"]]
        old = [
            entry["record"]["S"]
            for entry in entries
            if now - dt.datetime.fromisoformat(entry["at"]["S"]) > KEPT
        ]
        for run in old:
            self.remove(run)
        return old

    def _parts(self, run: str) -> Parts:
        return Parts(self._client, self._table, f"{LEFT}{run}")


def _entry(run: str) -> dict[str, Any]:
    return {HASH_KEY: {"S": LEFT}, "record": {"S": run}}


def _arrays_of(inspection: Inspection) -> bytes:
    calculation = inspection.calculation
    sites = calculation.sites
    arrays: dict[str, Any] = {
        "lat": sites.lat,
        "lon": sites.lon,
        "levels": calculation.levels,
        "weights": calculation.logic_tree.weights,
        "checksums": inspection.checksums,
    }
    if sites.vs30 is not None:
        arrays["vs30"] = sites.vs30
    content = io.BytesIO()
    np.savez(content, **arrays)
    return content.getvalue()


def _rest_of(inspection: Inspection, units: Units) -> dict[str, Any]:
    calculation, tree = inspection.calculation, inspection.calculation.logic_tree
    return {
        "format": FORMAT,
        "release": release(),
        "file": asdict(calculation.file),
        "parent": None if inspection.parent is None else asdict(inspection.parent),
        "sha256": inspection.sha256,
        "content": None if inspection.content is None else asdict(inspection.content),
        "original": None if calculation.original is None else asdict(calculation.original),
        "negative_zeros": inspection.negative_zeros,
        "notes": inspection.notes,
        "units": asdict(units),
        "custom_ids": calculation.sites.custom_ids,
        "logic_tree": {
            "source_branches": tree.source_branches,
            "gsim_branches": tree.gsim_branches,
            "paths": tree.paths,
            "num_samples": tree.num_samples,
        },
        **{name: getattr(calculation, name) for name in _PLAIN},
    }


def _inspection_of(
    rest: dict[str, Any], arrays: Mapping[str, Any], engine_objects: bytes
) -> Inspection:
    ids = rest["custom_ids"]
    plain = {name: rest[name] for name in _PLAIN} | {
        "imts": tuple(rest["imts"]),
        "aggs": tuple(rest["aggs"]),
    }
    vs30 = arrays.get("vs30")
    content, original = rest.get("content"), rest.get("original")
    parent = None if rest.get("parent") is None else ParentFile(**rest["parent"])
    return Inspection(
        calculation=Calculation(
            file=FileVersion(**rest["file"]),
            levels=arrays["levels"],
            sites=Sites(arrays["lat"], arrays["lon"], vs30, None if ids is None else tuple(ids)),
            logic_tree=LogicTree(weights=arrays["weights"], **rest["logic_tree"]),
            parent=None if parent is None else FileVersion(parent.uri, parent.size, parent.etag),
            original=None if original is None else Original(**original),
            **plain,
        ),
        sha256=rest["sha256"],
        checksums=arrays["checksums"],
        sample=Sample((), {}),
        negative_zeros=rest["negative_zeros"],
        notes=tuple(rest["notes"]),
        parent=parent,
        engine_objects=engine_objects,
        content=None if content is None else ContentDigests(**content),
    )
