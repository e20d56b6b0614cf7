"""Reads heads, and makes every conditional write that changes one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from hazard_store.model import FileVersion, Status
from hazard_store.records.documents import Forecast, StoredCalculation
from hazard_store.records.expressions import conflicts, key_of, now, update, update_head
from hazard_store.records.head import Conflict, Head, head_of, put_description
from hazard_store.records.index import INDEX, IndexEntry, index_entry_of
from hazard_store.records.parts import Parts
from hazard_store.records.states import Change

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_HIDDEN = (Status.WITHDRAWN, Status.REMOVING)
_ABSENT = "attribute_not_exists(haz_sol_id)"


class Heads:
    """Reads and changes heads. A change whose condition is not met raises `Conflict`."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self._client, self._table = client, table

    def entry(self, calc_id: str) -> IndexEntry | None:
        """Return where the versions of a calculation are; None where nothing is stored."""
        item = self._get(INDEX, calc_id)
        return None if item is None else index_entry_of(item)

    def current(self, calc_id: str) -> Head | None:
        """Return the head that readers are led to; None where nothing is stored."""
        entry = self.entry(calc_id)
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
        return None if entry is None else self.get(entry.working)

    def get(self, storage_id: str) -> Head | None:
        """Return one head, read consistently."""
        item = self._get(storage_id, "head")
        return None if item is None else head_of(item, self._parts(storage_id))

    def owner_of(self, storage_id: str) -> tuple[str, int] | None:
        """Return (owner, attempt): what a writer checks before each batch."""
        item = self._get(storage_id, "head", ProjectionExpression="#o, attempt")
        return None if item is None else (item["owner"]["S"], int(item["attempt"]["N"]))

    def all(self) -> Iterator[Head]:
        """Yield the heads of all calculations, by calc_id."""
        for entry in self.entries():
            head = self.get(entry.storage_id)
            if head is None or head.status in _HIDDEN:
                head = self.current(entry.calc_id)
            if head is not None:
                yield head

    def entries(self) -> Iterator[IndexEntry]:
        """Yield the entries of all calculations, by calc_id."""
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            KeyConditionExpression="haz_sol_id = :i",
            ExpressionAttributeValues={":i": {"S": INDEX}},
            ConsistentRead=True,
        )
        for page in pages:
            yield from map(index_entry_of, page["Items"])

    def create(self, calculation: StoredCalculation, owner: str) -> Head:
        """Begin a calculation: head and index entry in one transaction, or neither."""
        head = self._new_head(calculation, owner)
        entry = key_of(INDEX, calculation.calc_id) | {"storage_id": {"S": calculation.storage_id}}
        self._transact(calculation.calc_id, *(self._put_new(item) for item in (head, entry)))
        return head_of(head, self._parts(calculation.storage_id))

    def create_beside(self, entry: IndexEntry, calculation: StoredCalculation, owner: str) -> Head:
        """Begin the next version beside a published one; readers stay where they are."""
        head = self._new_head(calculation, owner)
        must = {"storage_id": entry.storage_id, "next": None}
        self._transact(
            entry.calc_id,
            self._put_new(head),
            self._entry_update(
                entry, must, next=calculation.storage_id, versions=calculation.version
            ),
            {
                "ConditionCheck": {
                    "TableName": self._table,
                    "Key": key_of(entry.storage_id, "head"),
                    "ConditionExpression": "#status = :published",
                    "ExpressionAttributeNames": {"#status": "status"},
                    "ExpressionAttributeValues": {":published": {"S": Status.PUBLISHED}},
                }
            },
        )
        return head_of(head, self._parts(calculation.storage_id))

    def create_instead(
        self, entry: IndexEntry, given_up: Head, calculation: StoredCalculation, owner: str
    ) -> Head:
        """Begin a version in the place of a failed one, whose items are then to be removed."""
        head = self._new_head(calculation, owner)
        place = "storage_id" if entry.next is None else "next"
        self._transact(
            entry.calc_id,
            self._put_new(head),
            self._entry_update(
                entry,
                {place: given_up.storage_id},
                also_old=given_up.storage_id,
                versions=calculation.version,
                **{place: calculation.storage_id},
            ),
            self._head_update(
                given_up,
                Change.GIVE_UP,
                owner=owner,
                attempt=given_up.attempt + 1,
                audited_attempt=None,
            ),
        )
        return head_of(head, self._parts(calculation.storage_id))

    def take_over(
        self, head: Head, owner: str, file: FileVersion, forecast: Forecast | None = None
    ) -> Head:
        """Begin the next attempt for another owner; fences every writer of the one before.

        Args:
            head: the head as it was seen.
            owner: token of the run that takes over.
            file: the version of the same file (by sha256) that this attempt reads.
            forecast: what this attempt is to hold to; None: what the one before did.
        """
        changes = {"file": file, "forecast": forecast or head.calculation.forecast}
        calculation = head.calculation.model_copy(update=changes)
        described: dict[str, Any] = {**put_description(calculation, self._parts(head.storage_id))}
        return self._update(
            head,
            Change.TAKE_OVER,
            owner=owner,
            attempt=head.attempt + 1,
            audited_attempt=None,
            began=now(),
            **described,
        )

    def audit_begun(self, head: Head) -> Head:
        """Enter `auditing`."""
        return self._update(head, Change.AUDIT)

    def audit_passed(self, head: Head, outcome: dict[str, Any]) -> Head:
        """Record that this attempt's audit passed."""
        return self._update(
            head, Change.AUDIT_PASSED, audited_attempt=head.attempt, outcome=_as_json(outcome)
        )

    def failed(self, head: Head, outcome: dict[str, Any]) -> Head:
        """Enter `failed`; a published calculation never does."""
        return self._update(head, Change.FAIL, audited_attempt=None, outcome=_as_json(outcome))

    def published(self, head: Head) -> Head:
        """Publish after this attempt's audit passed; the version before, if any, is withdrawn.

        One conditional write: readers see the one version or the other.
        """
        entry = self.entry(head.calc_id)
        audited = {"audited_attempt": head.attempt}
        if entry is None or entry.next != head.storage_id:
            return self._update(head, Change.PUBLISH, audited)
        before = self.get(entry.storage_id)
        if before is None:
            raise Conflict(head.calc_id)
        must = {"storage_id": before.storage_id, "next": head.storage_id}
        self._transact(
            head.calc_id,
            self._head_update(head, Change.PUBLISH, audited),
            self._head_update(before, Change.REPLACE),
            self._entry_update(
                entry, must, also_old=before.storage_id, storage_id=head.storage_id, next=None
            ),
        )
        after = self.get(head.storage_id)
        if after is None:
            raise Conflict(head.calc_id)
        return after

    def withdrawn(self, head: Head, owner: str) -> Head:
        """Hide a version from readers, and fence whoever writes it."""
        return self._update(
            head, Change.WITHDRAW, owner=owner, attempt=head.attempt + 1, audited_attempt=None
        )

    def removing(self, head: Head, owner: str) -> Head:
        """Begin to remove a withdrawn version, or go on with it in the place of another."""
        change = Change.CONTINUE if head.status is Status.REMOVING else Change.REMOVE
        return self._update(head, change, owner=owner, attempt=head.attempt + 1)

    def emptied(self, head: Head, outcome: dict[str, Any]) -> Head:
        """Record that no item is left."""
        return self._update(head, Change.CONTINUE, outcome=_as_json(outcome))

    def forgotten(self, head: Head) -> None:
        """Delete the head of a version whose items and other records are gone, and its trace."""
        entry = self.entry(head.calc_id)
        gone = update_head(self._table, head, Change.FORGET)
        del gone["UpdateExpression"]
        gone["ExpressionAttributeValues"] = {
            name: value
            for name, value in gone["ExpressionAttributeValues"].items()
            if name.startswith(":must_")
        }
        gone["ExpressionAttributeNames"] = {
            name: name[1:] for name in ("#owner", "#attempt", "#status")
        }
        steps: list[Any] = [{"Delete": gone}]
        if entry is not None and head.storage_id in entry.old:
            steps.append(self._entry_update(entry, {}, no_longer_old=head.storage_id))
        elif entry is not None and entry.next == head.storage_id:
            steps.append(self._entry_update(entry, {"next": head.storage_id}, next=None))
        elif entry is not None and entry.storage_id == head.storage_id:
            last = {
                "TableName": self._table,
                "Key": key_of(INDEX, head.calc_id),
                "ConditionExpression": "storage_id = :mine AND attribute_not_exists(#next) "
                "AND attribute_not_exists(#old)",
                "ExpressionAttributeNames": {"#next": "next", "#old": "old"},
                "ExpressionAttributeValues": {":mine": {"S": head.storage_id}},
            }
            steps.append({"Delete": last})
        self._transact(head.calc_id, *steps)

    def _update(
        self, head: Head, change: Change, must: dict[str, Any] | None = None, **changes: Any
    ) -> Head:
        request = update_head(self._table, head, change, must, **changes)
        with conflicts(head.calc_id):
            answer = self._client.update_item(**request, ReturnValues="ALL_NEW")
        return head_of(answer["Attributes"], self._parts(head.storage_id))

    def _head_update(
        self, head: Head, change: Change, must: dict[str, Any] | None = None, **changes: Any
    ) -> dict[str, Any]:
        return {"Update": update_head(self._table, head, change, must, **changes)}

    def _entry_update(
        self,
        entry: IndexEntry,
        must: dict[str, Any],
        *,
        also_old: str | None = None,
        no_longer_old: str | None = None,
        **changes: str | int | None,
    ) -> dict[str, Any]:
        key = key_of(INDEX, entry.calc_id)
        request = update(self._table, key, must or {"storage_id": entry.storage_id}, **changes)
        for verb, storage_id in (("ADD", also_old), ("DELETE", no_longer_old)):
            if storage_id is not None:
                request["UpdateExpression"] = (
                    f"{request['UpdateExpression']} {verb} #old :old".strip()
                )
                request["ExpressionAttributeNames"]["#old"] = "old"
                request["ExpressionAttributeValues"][":old"] = {"SS": [storage_id]}
        return {"Update": request}

    def _new_head(self, calculation: StoredCalculation, owner: str) -> dict[str, Any]:
        described = put_description(calculation, self._parts(calculation.storage_id))
        return {
            **key_of(calculation.storage_id, "head"),
            "calc_id": {"S": calculation.calc_id},
            "status": {"S": Status.WRITING},
            "owner": {"S": owner},
            "attempt": {"N": "1"},
            "since": {"S": now()},
            "began": {"S": now()},
            **{name: {"S": text} for name, text in described.items() if text is not None},
        }

    def _put_new(self, item: dict[str, Any]) -> dict[str, Any]:
        return {"Put": {"TableName": self._table, "Item": item, "ConditionExpression": _ABSENT}}

    def _transact(self, calc_id: str, *steps: Any) -> None:
        with conflicts(calc_id):
            self._client.transact_write_items(TransactItems=steps)

    def _parts(self, storage_id: str) -> Parts:
        return Parts(self._client, self._table, storage_id)

    def _get(self, hash_key: str, record: str, **options: Any) -> dict[str, Any] | None:
        if "ProjectionExpression" in options:
            options["ExpressionAttributeNames"] = {"#o": "owner"}
        answer = self._client.get_item(
            TableName=self._table, Key=key_of(hash_key, record), ConsistentRead=True, **options
        )
        return answer.get("Item")


def _as_json(outcome: dict[str, Any]) -> str:
    return json.dumps(outcome, allow_nan=False)
