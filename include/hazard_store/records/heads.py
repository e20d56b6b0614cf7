"""Reads heads: the states of calculations, and which version readers see."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

from hazard_store.aws.batch_get import KEYS_PER_REQUEST, Wire, batch_get
from hazard_store.errors import NewerRelease
from hazard_store.keys import HASH_KEY
from hazard_store.model import Status
from hazard_store.records.head import Head, head_of
from hazard_store.records.index import INDEX, IndexEntry, index_entry_of
from hazard_store.records.parts import Parts

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_HIDDEN = (Status.WITHDRAWN, Status.REMOVING)


class Heads:
    """Reads heads and the index; `transitions` changes them."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self._client, self._table = client, table

    def entry(self, calc_id: str) -> IndexEntry | None:
        """Return where the versions of a calculation are; None where nothing is stored."""
        item = self._get(INDEX, calc_id)
        return None if item is None else index_entry_of(item)

    def current(self, calc_id: str) -> Head | None:
        """Return the head of the version that readers see; None where nothing is stored."""
        return self._current(calc_id, self.entry(calc_id))

    def current_with(
        self, calc_id: str, guessed: str, others: Mapping[str, Sequence[Wire]]
    ) -> tuple[Head | None, dict[str, list[Wire]]]:
        """Return the same and other items, all in one request where the version is the guessed.

        That is no snapshot: what is missing of the others may have been stored since.

        Args:
            calc_id: the calculation.
            guessed: the storage id that it may have.
            others: keys of other items of that version, by table.

        Returns:
            the head, and what is stored of the others, by table; of another version nothing.
        """
        keys = [key_of(INDEX, calc_id), key_of(guessed, "head")]
        found = batch_get(self._client, {self._table: keys, **others})
        records = {item[HASH_KEY]["S"]: item for item in found.pop(self._table)}
        entry = index_entry_of(records[INDEX]) if INDEX in records else None
        if entry is not None and entry.storage_id == guessed and guessed in records:
            head = head_of(records[guessed], self.parts(guessed))
            if head.status not in _HIDDEN:
                return head, found
        return self._current(calc_id, entry), {}

    def _current(self, calc_id: str, entry: IndexEntry | None) -> Head | None:
        while entry is not None:
            head = self.get(entry.storage_id)
            if head is not None and head.status not in _HIDDEN:
                return head
            seen, entry = entry, self.entry(calc_id)  # it may have been replaced just now
            if entry is not None and entry.storage_id == seen.storage_id:
                return head
        return None

    def working(self, calc_id: str) -> Head | None:
        """Return the head that a run may write: that of the next version, where there is one."""
        entry = self.entry(calc_id)
        while entry is not None:
            head = self.get(entry.working)
            seen, entry = entry, self.entry(calc_id) if head is None else None
            if head is not None or entry == seen:  # it may have been replaced and removed just now
                return head
        return None

    def get(self, storage_id: str) -> Head | None:
        """Return one head, read consistently."""
        item = self._get(storage_id, "head")
        return None if item is None else head_of(item, self.parts(storage_id))

    def owner_of(self, storage_id: str) -> tuple[str, int] | None:
        """Return (owner, attempt): what a writer checks before each batch."""
        item = self._get(storage_id, "head", ProjectionExpression="#o, attempt")
        return None if item is None else (item["owner"]["S"], int(item["attempt"]["N"]))

    def all(self) -> Iterator[Head]:
        """Yield the heads of all calculations, by calc_id.

        Raises:
            NewerRelease: at the end, where a newer release has stored one.
        """
        each = ((entry, self._get(entry.storage_id, "head")) for entry in self.entries())
        return self._readable(each)

    def many(self, entries: Iterable[IndexEntry]) -> Iterator[Head]:
        """Yield the heads that readers see of some entries, a hundred in a request.

        Raises:
            NewerRelease: as `all`.
        """
        return self._readable(self._batches(entries))

    def entries_of(self, calc_ids: Iterable[str]) -> dict[str, IndexEntry]:
        """Return the entries of some calculations by their ids; what is not stored has none."""
        left, found = iter(dict.fromkeys(calc_ids)), {}
        while now := list(islice(left, KEYS_PER_REQUEST)):
            keys = [key_of(INDEX, calc_id) for calc_id in now]
            for item in batch_get(self._client, {self._table: keys})[self._table]:
                entry = index_entry_of(item)
                found[entry.calc_id] = entry
        return found

    def _batches(self, entries: Iterable[IndexEntry]) -> Iterator[tuple[IndexEntry, Any]]:
        left = iter(entries)
        while now := list(islice(left, KEYS_PER_REQUEST)):
            keys = [key_of(entry.storage_id, "head") for entry in now]
            found = batch_get(self._client, {self._table: keys})[self._table]
            items = {item[HASH_KEY]["S"]: item for item in found}
            yield from ((entry, items.get(entry.storage_id)) for entry in now)

    def _readable(self, each: Iterable[tuple[IndexEntry, Any]]) -> Iterator[Head]:
        newer: NewerRelease | None = None
        for entry, item in each:
            try:
                head = None if item is None else head_of(item, self.parts(entry.storage_id))
                if head is None or head.status in _HIDDEN:
                    head = self.current(entry.calc_id)
            except NewerRelease as error:
                newer = newer or error
                continue
            if head is not None:
                yield head
        if newer is not None:
            raise newer

    def entries(self) -> Iterator[IndexEntry]:
        """Yield the entries of all calculations, by calc_id."""
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            KeyConditionExpression=f"{HASH_KEY} = :i",
            ExpressionAttributeValues={":i": {"S": INDEX}},
            ConsistentRead=True,
        )
        for page in pages:
            yield from map(index_entry_of, page["Items"])

    def parts(self, storage_id: str) -> Parts:
        """Return the parts of one stored calculation."""
        return Parts(self._client, self._table, storage_id)

    def _get(self, hash_key: str, record: str, **options: Any) -> dict[str, Any] | None:
        if "ProjectionExpression" in options:
            options["ExpressionAttributeNames"] = {"#o": "owner"}
        answer = self._client.get_item(
            TableName=self._table, Key=key_of(hash_key, record), ConsistentRead=True, **options
        )
        return answer.get("Item")


def key_of(hash_key: str, record: str) -> dict[str, Any]:
    """Return the key of a record."""
    return {HASH_KEY: {"S": hash_key}, "record": {"S": record}}
