"""Damages the large records of a calculation, past everything of ours."""

from __future__ import annotations

from hazard_store.store import Store


def removed(store: Store, name: str, storage_id: str = "A") -> None:
    """Delete a record."""
    store.parts(storage_id).delete(name)


def altered(store: Store, name: str, storage_id: str = "A") -> None:
    """Put something in a record that cannot be unpacked."""
    put(store, name, b"\0damaged", storage_id)


def put(store: Store, name: str, part: bytes, storage_id: str = "A") -> None:
    """Put bytes in a record of one part."""
    key = {"haz_sol_id": {"S": storage_id}, "record": {"S": name}}
    item = {**key, "part": {"B": part}, "parts": {"N": "1"}}
    store.client.put_item(TableName=store.settings.meta_table, Item=item)
