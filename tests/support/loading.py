"""Loads calculations and looks at what is stored, past the code under test where that matters."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from hazard_store.model import IfStored, Kind, StoreOptions
from hazard_store.records import Head, WriteReport
from hazard_store.store import Store
from hazard_store.workflow.claim import claim
from hazard_store.workflow.load import Loaded, inspect_and_plan, load
from hazard_store.workflow.plan import Plan
from hazard_store.workflow.write import write_chunk

RANGE_NAMES = {
    "meta_table": "record",
    "stats_table": "loc_agg_rk",
    "realisations_table": "loc_rlz_rk",
}
CALCS = Path(__file__).parents[1] / "calcs"
FILE = CALCS / "classical_rlzs_stats.hdf5"  # both kinds, six sites


class Silent:
    """A screen that shows nothing."""

    def phase(self, name: str, total: int | None, unit: str) -> None:
        """Show nothing."""

    def advance(self, amount: int) -> None:
        """Show nothing."""

    def done(self, seconds: float) -> None:
        """Show nothing."""


def make_tables(store: Store) -> None:
    """Create the tables, quicker than `hazard-store tables create`, which has tests of its own."""
    for table, range_name in RANGE_NAMES.items():
        store.client.create_table(
            TableName=getattr(store.settings, table),
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[
                {"AttributeName": "haz_sol_id", "KeyType": "HASH"},
                {"AttributeName": range_name, "KeyType": "RANGE"},
            ],
            AttributeDefinitions=[
                {"AttributeName": name, "AttributeType": "S"} for name in ("haz_sol_id", range_name)
            ],
        )


def drop_tables(store: Store) -> None:
    """Delete the tables that are still there."""
    for table in RANGE_NAMES:
        name = getattr(store.settings, table)
        with suppress(store.client.exceptions.ResourceNotFoundException):
            try:
                store.client.delete_table(TableName=name)
            except ClientError as error:  # made by `tables create`, which protects
                if error.response["Error"]["Code"] != "ValidationException":
                    raise
                store.client.update_table(TableName=name, DeletionProtectionEnabled=False)
                store.client.delete_table(TableName=name)


def stored(
    store: Store,
    path: Path | str,
    calc_id: str = "A",
    if_stored: IfStored = IfStored.FAIL,
    workers: int = 1,
    **options: Any,
) -> Loaded:
    """Load a calculation file in this process."""
    return load(store, str(path), calc_id, StoreOptions(**options), Silent(), if_stored, workers)


def plan_of(store: Store, path: Path | str = FILE, calc_id: str = "A", **options: Any) -> Plan:
    """Return the plan of loading a calculation file."""
    return inspect_and_plan(str(path), calc_id, StoreOptions(**options), store.settings, Silent())


def given_up(store: Store, path: Path | str, calc_id: str, **options: Any) -> Head:
    """Leave what a run has written that failed in its audit; return its head."""
    plan = plan_of(store, path, calc_id, **options)
    head = claim(store, plan, "store_hazard/dead", IfStored.FAIL).head
    for kind in (kind for kind in Kind if head.calculation.spec(kind).rows):
        for chunk in head.calculation.chunks:
            write_chunk(store, str(path), head, kind, chunk)
    store.transitions.fail(head, {})
    return head


def items_of(store: Store, table: str) -> list[dict[str, Any]]:
    """Return all items of a table in the order of their keys."""
    pages = store.client.get_paginator("scan").paginate(TableName=table, ConsistentRead=True)
    items = [item for page in pages for item in page["Items"]]
    return sorted(items, key=lambda item: [item[name]["S"] for name in key_names(item)])


def all_items(store: Store) -> dict[str, list[dict[str, Any]]]:
    """Return all items of the three tables."""
    tables = (store.settings.meta_table, *(store.table(kind) for kind in Kind))
    return {table: items_of(store, table) for table in tables}


def key_names(item: dict[str, Any]) -> tuple[str, str]:
    """Return the names of an item's key attributes."""
    (range_name,) = set(RANGE_NAMES.values()) & set(item)
    return "haz_sol_id", range_name


def key_of(item: dict[str, Any]) -> dict[str, Any]:
    """Return an item's key."""
    return {name: item[name] for name in key_names(item)}


def counted_puts(store: Store) -> list[int]:
    """Count the items that each write request puts or deletes from now on."""
    counts: list[int] = []

    def count(params: dict[str, Any], **_: object) -> None:
        # One in each item, and one in the name `RequestItems` of the request.
        counts.append(params["body"].count(b"Request") - 1)

    store.bulk_client.meta.events.register_last("before-call.dynamodb.BatchWriteItem", count)
    return counts


def reports_of(store: Store) -> list[WriteReport]:
    """Return the reports of all chunks that were begun."""
    head = store.head("A")
    found = [
        store.reports(head).report(k, chunk) for k in Kind for chunk in head.calculation.chunks
    ]
    return [report for report in found if report is not None]


def inspections_of(store: Store) -> list[str]:
    """Return the hash keys of what is left of inspections: one for each run that left some."""
    records = items_of(store, store.settings.meta_table)
    keys = {record["haz_sol_id"]["S"] for record in records}
    return sorted(key for key in keys if key.startswith("inspect#") and key != "inspect#")
