"""The numbered parts of a calculation's records: large values, compressed and split.

A value stands under `name`, and where one item cannot hold it goes on in `name#0001` ...; the
attribute `part` is zlib-compressed JSON or bytes.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from hazard_store.aws.batch_get import KEYS_PER_REQUEST, batch_get
from hazard_store.errors import CorruptItem, LostOwnership
from hazard_store.items.spec import Place
from hazard_store.keys import HASH_KEY, KeyMaker
from hazard_store.records.documents import SitePart

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

PART_BYTES = 300_000  # of an item's 400 KB
CHECKSUMS = "checksums"  # of the file's blocks, little-endian uint32
ENGINE_OBJECTS = "engine-objects"  # an HDF5 file: `calcfile.engine_objects`
LOGIC_TREE, REALISATIONS = "logic-tree", "realisations"
SITES_PER_PART = 1024  # a fixed number, so that a writer reads only the parts of its chunk


class Parts:
    """Reads and writes the parts of one stored calculation."""

    def __init__(self, client: DynamoDBClient, table: str, storage_id: str) -> None:
        self._client, self._table, self._storage_id = client, table, storage_id
        self._sites: dict[str, SitePart] = {}

    def put(self, name: str, content: bytes, attempt: int | None = None) -> None:
        """Store bytes under a name, in as many parts as they need.

        Args:
            name: the record's name.
            content: what to store.
            attempt: the attempt of the writer; what a later attempt has stored stays.

        Raises:
            LostOwnership: a later attempt has stored something under this name.
        """
        packed = zlib.compress(content, 6)
        starts = range(0, max(len(packed), 1), PART_BYTES)
        for number, start in enumerate(starts):
            piece = packed[start : start + PART_BYTES]
            self._put(_numbered(name, number), piece, len(starts), attempt)

    def put_json(self, name: str, value: Any, attempt: int | None = None) -> None:
        """Store a JSON value under a name, as `put` does."""
        content = json.dumps(value, allow_nan=False, separators=(",", ":"))
        self.put(name, content.encode(), attempt)

    def get(self, name: str) -> bytes | None:
        """Return what was stored under a name; None where nothing was.

        Raises:
            CorruptItem: a part is missing or altered.
        """
        first = self._get(name)
        return None if first is None else self._content(name, first)

    def _content(self, name: str, first: Mapping[str, Any]) -> bytes:
        try:
            pieces = [bytes(first["part"]["B"])]
            for number in range(1, int(first["parts"]["N"])):
                item = self._get(_numbered(name, number))
                if item is None:
                    raise self.broken(name, "missing part")
                pieces.append(bytes(item["part"]["B"]))
            return zlib.decompress(b"".join(pieces))
        except (zlib.error, KeyError) as error:
            raise self.broken(name, str(error)) from error

    def get_json(self, name: str) -> Any:
        """Return the JSON value stored under a name; None where nothing was."""
        content = self.get(name)
        return None if content is None else json.loads(content)

    def names(self) -> Iterator[str]:
        """Yield the names of all records, the head's included."""
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            KeyConditionExpression=f"{HASH_KEY} = :s",
            ExpressionAttributeValues={":s": {"S": self._storage_id}},
            ProjectionExpression="#record",
            ExpressionAttributeNames={"#record": "record"},
            ConsistentRead=True,
        )
        for page in pages:
            for item in page["Items"]:
                yield item["record"]["S"]

    def newest(self, prefix: str) -> tuple[str, Any] | None:
        """Return (name, JSON value) of the last record, by name, that begins with a prefix.

        One query: for records whose names end in their time, and which fit one item.
        """
        answer = self._client.query(
            TableName=self._table,
            KeyConditionExpression=f"{HASH_KEY} = :s AND begins_with(#record, :prefix)",
            ExpressionAttributeValues={":s": {"S": self._storage_id}, ":prefix": {"S": prefix}},
            ExpressionAttributeNames={"#record": "record"},
            ScanIndexForward=False,
            Limit=1,
            ConsistentRead=True,
        )
        for item in answer["Items"]:
            name = item["record"]["S"]
            return name, json.loads(self._content(name, item))
        return None

    def delete(self, name: str) -> None:
        """Delete one record."""
        self._client.delete_item(TableName=self._table, Key=self._key(name))

    def put_site_part(self, part: SitePart) -> None:
        """Store some sites: one item, since `SITES_PER_PART` sites of any kind fit one."""
        self._put(_site_part(part.start), zlib.compress(part.model_dump_json().encode(), 6), 1)

    def site_part(self, position: int) -> SitePart:
        """Return the sites around a position of the plan's order; the last part read is kept.

        Raises:
            CorruptItem: the part is missing or altered.
        """
        record = _site_part(position)
        if record not in self._sites:
            self._sites = {record: self._decoded(record, self._get(record))}
        return self._sites[record]

    def all_site_parts(self, n_sites: int) -> Iterator[SitePart]:
        """Yield the parts that list all sites, in the plan's order, many read in one request.

        Compressed, a request's parts are some megabytes; one at a time is unpacked.

        Raises:
            CorruptItem: a part is missing or altered.
        """
        names = [_site_part(position) for position in range(0, n_sites, SITES_PER_PART)]
        for at in range(0, len(names), KEYS_PER_REQUEST):
            now = names[at : at + KEYS_PER_REQUEST]
            wanted = {self._table: [self._key(name) for name in now]}
            found = batch_get(self._client, wanted)[self._table]
            items = {item["record"]["S"]: item for item in found}
            for name in now:
                yield self._decoded(name, items.pop(name, None))

    def places(self, keys: KeyMaker, start: int, stop: int) -> Iterator[tuple[int, Place]]:
        """Yield (sid, place) of the sites at positions start..stop of the plan's order."""
        for position in range(start, stop):
            part = self.site_part(position)
            index = position - part.start
            yield part.sids[index], part.place(index, keys)

    def _decoded(self, record: str, item: Mapping[str, Any] | None) -> SitePart:
        if item is None:
            raise self.broken(record, "missing part")
        try:
            content = zlib.decompress(bytes(item["part"]["B"]))
            return SitePart.model_validate_json(content)
        except (zlib.error, KeyError, ValueError) as error:
            raise self.broken(record, str(error)) from error

    def _key(self, record: str) -> dict[str, Any]:
        return {HASH_KEY: {"S": self._storage_id}, "record": {"S": record}}

    def _item(self, record: str, part: bytes, parts: int) -> dict[str, Any]:
        return {**self._key(record), "part": {"B": part}, "parts": {"N": str(parts)}}

    def _put(self, record: str, part: bytes, parts: int, attempt: int | None = None) -> None:
        item = self._item(record, part, parts)
        condition: dict[str, Any] = {}
        if attempt is not None:
            item["attempt"] = {"N": str(attempt)}
            condition = {
                "ConditionExpression": "attribute_not_exists(attempt) OR attempt <= :attempt",
                "ExpressionAttributeValues": {":attempt": item["attempt"]},
            }
        try:
            self._client.put_item(TableName=self._table, Item=item, **condition)
        except self._client.exceptions.ConditionalCheckFailedException as error:
            reason = f"a later attempt than {attempt} has written {record}"
            raise LostOwnership(self._storage_id, reason) from error

    def _get(self, record: str) -> dict[str, Any] | None:
        answer = self._client.get_item(
            TableName=self._table, Key=self._key(record), ConsistentRead=True
        )
        return answer.get("Item")

    def broken(self, name: str, reason: str) -> CorruptItem:
        """Return the error that says so of a record."""
        return CorruptItem(self._table, self._storage_id, name, reason)


def _numbered(name: str, number: int) -> str:
    return f"{name}#{number:04d}" if number else name


def _site_part(position: int) -> str:
    return f"sites#{position // SITES_PER_PART:04d}"
