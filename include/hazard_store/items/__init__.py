"""Curves <-> items. What the items of a stored calculation look like is decided in this package."""

from hazard_store.items.digest import DIGEST_BYTES, item_digest
from hazard_store.items.expected import Expected, ExpectedSite
from hazard_store.items.layouts import (
    item_maker,
    make_items,
    read_curves,
    read_item,
    read_place,
)
from hazard_store.items.maps import BlockSites, MapSpec
from hazard_store.items.size import item_bytes, write_units
from hazard_store.items.spec import ItemError, ItemSpec, Place, StoredRows, WireItem, largest_group
from hazard_store.items.write_request import WriteRequest, deletion

__all__ = [
    "DIGEST_BYTES",
    "BlockSites",
    "Expected",
    "ExpectedSite",
    "ItemError",
    "ItemSpec",
    "MapSpec",
    "Place",
    "StoredRows",
    "WireItem",
    "WriteRequest",
    "deletion",
    "item_bytes",
    "item_digest",
    "item_maker",
    "largest_group",
    "make_items",
    "read_curves",
    "read_item",
    "read_place",
    "write_units",
]
