"""Saves our packed items with the batch writers of boto3 and pynamodb, as their manuals say.

The items are the same as ours, attribute by attribute, and our codec packs the curves: what
differs is what the libraries do with an item.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import boto3

from benchmarks.comparison.work import Work
from hazard_store import codec
from hazard_store.keys import HASH_KEY
from hazard_store.settings import Settings
from hazard_store.tables import table_models


def attributes(work: Work) -> Iterator[dict[str, Any]]:
    """Yield the attributes of each item; numbers are floats."""
    for (_, place), curves in zip(work.sites, work.curves, strict=True):
        for number, rows in enumerate(work.spec.groups):
            hash_key, range_key = work.spec.key(place, number)
            item: dict[str, Any] = {HASH_KEY: hash_key, work.spec.range_name: range_key}
            item.update(lat=place.lat, lon=place.lon)
            if place.vs30 is not None:
                item["vs30"] = place.vs30
            yield item | {"curves": codec.encode(curves[rows])}


def save_with_boto3(work: Work, url: str) -> float:
    """Return the CPU seconds of `Table.batch_writer`."""
    table = boto3.resource("dynamodb", region_name="us-east-1", endpoint_url=url).Table("Null")
    work.curves  # noqa: B018 - read before
    began = time.process_time()
    with table.batch_writer() as batch:
        for item in attributes(work):
            numbers = {k: Decimal(repr(v)) for k, v in item.items() if isinstance(v, float)}
            batch.put_item(Item=item | numbers)
    return time.process_time() - began


def save_with_pynamodb(work: Work, url: str) -> float:
    """Return the CPU seconds of `Model.batch_write`."""
    models = table_models(Settings(endpoint_dynamodb=url, region="us-east-1"))
    model: Any = models.realisations
    work.curves  # noqa: B018 - read before
    began = time.process_time()
    with model.batch_write() as batch:
        for item in attributes(work):
            batch.save(model(**item))
    return time.process_time() - began
