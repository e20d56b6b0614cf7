"""Every change of a calculation's state: one conditional write each, or one transaction."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from hazard_store.model import ContentDigests, Status
from hazard_store.records.documents import Forecast, StoredCalculation
from hazard_store.records.expressions import (
    ABSENT,
    all_of,
    as_seen,
    conflicts,
    request,
    values,
)
from hazard_store.records.head import Conflict, Head, head_of, put_description
from hazard_store.records.heads import Heads, key_of
from hazard_store.records.index import INDEX, IndexEntry
from hazard_store.records.states import TRANSITIONS, Change
from hazard_store.tables import MetaRecord

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from pynamodb.expressions.condition import Condition
    from pynamodb.expressions.update import Action


class Transitions:
    """Changes heads. A change whose condition is not met raises `Conflict` and changes nothing."""

    def __init__(self, client: DynamoDBClient, table: str, heads: Heads) -> None:
        self._client, self._table, self._heads = client, table, heads

    def create(self, calculation: StoredCalculation, owner: str) -> Head:
        """Begin a calculation: head and index entry in one transaction, or neither."""
        head = self._new_head(calculation, owner)
        entry = key_of(INDEX, calculation.calc_id) | {"storage_id": {"S": calculation.storage_id}}
        self._transact(calculation.calc_id, self._put_new(head), self._put_new(entry))
        return self._head_of(head, calculation.storage_id)

    def create_beside(self, entry: IndexEntry, calculation: StoredCalculation, owner: str) -> Head:
        """Begin the next version beside a published one; readers stay where they are."""
        head = self._new_head(calculation, owner)
        is_published = MetaRecord.status == str(Status.PUBLISHED)
        self._transact(
            entry.calc_id,
            self._put_new(head),
            self._update_entry(
                entry,
                all_of(MetaRecord.storage_id == entry.storage_id, MetaRecord.next.does_not_exist()),
                *values(next=calculation.storage_id, versions=calculation.version),
            ),
            {
                "ConditionCheck": request(
                    self._table, key_of(entry.storage_id, "head"), is_published
                )
            },
        )
        return self._head_of(head, calculation.storage_id)

    def create_instead(
        self, entry: IndexEntry, given_up: Head, calculation: StoredCalculation, owner: str
    ) -> Head:
        """Begin a version in the place of a failed one, whose items are then to be removed."""
        head = self._new_head(calculation, owner)
        place = "storage_id" if entry.next is None else "next"
        self._transact(
            entry.calc_id,
            self._put_new(head),
            self._update_entry(
                entry,
                getattr(MetaRecord, place) == given_up.storage_id,
                *values(versions=calculation.version, **{place: calculation.storage_id}),
                MetaRecord.old.add({given_up.storage_id}),
            ),
            self._update_head(
                given_up,
                Change.GIVE_UP,
                owner=owner,
                attempt=given_up.attempt + 1,
                audited_attempt=None,
            ),
        )
        return self._head_of(head, calculation.storage_id)

    def take_over(
        self,
        head: Head,
        owner: str,
        planned: StoredCalculation,
        forecast: Forecast | None = None,
    ) -> Head:
        """Begin the next attempt for another owner; fences every writer of the one before.

        Args:
            head: the head as it was seen.
            owner: token of the run that takes over.
            planned: what this attempt reads: the same content, perhaps in another file.
            forecast: what this attempt is to hold to; None: what the one before did.
        """
        stored = head.calculation
        content = stored.content or planned.content
        if content is not None and not stored.realisations:
            content = replace(content, realisations=None)
        of_file = ("file", "sha256", "parent", "original")
        changes = {name: getattr(planned, name) for name in of_file} | {
            "content": content,
            "forecast": forecast or stored.forecast,
            "engine_objects": planned.engine_objects or stored.engine_objects,
        }
        calculation = stored.model_copy(update=changes)
        described: dict[str, Any] = {
            **put_description(calculation, self._heads.parts(head.storage_id))
        }
        return self._change(
            head,
            Change.TAKE_OVER,
            owner=owner,
            attempt=head.attempt + 1,
            audited_attempt=None,
            began=now(),
            **described,
        )

    def begin_audit(self, head: Head) -> Head:
        """Enter `auditing`."""
        return self._change(head, Change.AUDIT)

    def pass_audit(
        self, head: Head, outcome: dict[str, Any], content: ContentDigests | None = None
    ) -> Head:
        """Record that this attempt's audit passed.

        Args:
            head: as it was seen.
            outcome: what storing took.
            content: of a stream, which is known at its end; None: it was known before.
        """
        described: dict[str, Any] = {}
        if content is not None:
            calculation = head.calculation.model_copy(update={"content": content})
            parts = self._heads.parts(head.storage_id)
            described = {**put_description(calculation, parts)}
        return self._change(
            head,
            Change.AUDIT_PASSED,
            audited_attempt=head.attempt,
            outcome=_as_json(outcome),
            **described,
        )

    def fail(self, head: Head, outcome: dict[str, Any]) -> Head:
        """Enter `failed`; a published calculation never does."""
        return self._change(head, Change.FAIL, audited_attempt=None, outcome=_as_json(outcome))

    def publish(self, head: Head) -> Head:
        """Publish after this attempt's audit passed; the version before, if any, is withdrawn.

        One conditional write: readers see the one version or the other.
        """
        entry = self._heads.entry(head.calc_id)
        audited = MetaRecord.audited_attempt == head.attempt
        if entry is None or entry.next != head.storage_id:
            return self._change(head, Change.PUBLISH, audited)
        before = self._heads.get(entry.storage_id)
        if before is None:
            raise Conflict(head.calc_id)
        self._transact(
            head.calc_id,
            self._update_head(head, Change.PUBLISH, audited),
            self._update_head(before, Change.REPLACE),
            self._update_entry(
                entry,
                all_of(
                    MetaRecord.storage_id == before.storage_id, MetaRecord.next == head.storage_id
                ),
                *values(storage_id=head.storage_id, next=None),
                MetaRecord.old.add({before.storage_id}),
            ),
        )
        after = self._heads.get(head.storage_id)
        if after is None:
            raise Conflict(head.calc_id)
        return after

    def withdraw(self, head: Head, owner: str) -> Head:
        """Hide a version from readers, and fence whoever writes it."""
        return self._change(
            head, Change.WITHDRAW, owner=owner, attempt=head.attempt + 1, audited_attempt=None
        )

    def begin_removal(self, head: Head, owner: str) -> Head:
        """Begin to remove a withdrawn version, or go on with it in the place of another."""
        change = Change.CONTINUE if head.status is Status.REMOVING else Change.REMOVE
        return self._change(head, change, owner=owner, attempt=head.attempt + 1)

    def record_empty(self, head: Head, outcome: dict[str, Any]) -> Head:
        """Record that no item is left."""
        return self._change(head, Change.CONTINUE, outcome=_as_json(outcome))

    def forget(self, head: Head) -> None:
        """Delete the head of a version whose items and other records are gone, and its trace."""
        entry = self._heads.entry(head.calc_id)
        key = key_of(head.storage_id, "head")
        steps = [{"Delete": request(self._table, key, as_seen(head, Change.FORGET))}]
        if entry is not None and head.storage_id in entry.old:
            unchanged = MetaRecord.storage_id == entry.storage_id
            gone = MetaRecord.old.delete({head.storage_id})
            steps.append(self._update_entry(entry, unchanged, gone))
        elif entry is not None and entry.next == head.storage_id:
            is_next = MetaRecord.next == head.storage_id
            steps.append(self._update_entry(entry, is_next, MetaRecord.next.remove()))
        elif entry is not None and entry.storage_id == head.storage_id:
            alone = all_of(
                MetaRecord.storage_id == head.storage_id,
                MetaRecord.next.does_not_exist(),
                MetaRecord.old.does_not_exist(),
            )
            steps.append({"Delete": request(self._table, key_of(INDEX, head.calc_id), alone)})
        self._transact(head.calc_id, *steps)

    def _change(
        self, head: Head, change: Change, also: Condition | None = None, **changes: Any
    ) -> Head:
        update = self._update_head(head, change, also, **changes)["Update"]
        with conflicts(head.calc_id):
            answer = self._client.update_item(**update, ReturnValues="ALL_NEW")
        return self._head_of(answer["Attributes"], head.storage_id)

    def _update_head(
        self, head: Head, change: Change, also: Condition | None = None, **changes: Any
    ) -> dict[str, Any]:
        """Return the step that changes a head, if it is still as it was seen.

        Args:
            head: as it was seen.
            change: names the states that it may be in, and the new one.
            also: what else must be.
            **changes: what else changes.
        """
        seen = as_seen(head, change)
        after = TRANSITIONS[change].after
        actions = values(status=str(after), since=now(), **changes)
        condition = seen if also is None else all_of(seen, also)
        key = key_of(head.storage_id, "head")
        return {"Update": request(self._table, key, condition, *actions)}

    def _update_entry(
        self, entry: IndexEntry, condition: Condition, *actions: Action
    ) -> dict[str, Any]:
        return {"Update": request(self._table, key_of(INDEX, entry.calc_id), condition, *actions)}

    def _new_head(self, calculation: StoredCalculation, owner: str) -> dict[str, Any]:
        described = put_description(calculation, self._heads.parts(calculation.storage_id))
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
        absent: dict[str, Any] = request(self._table, {}, ABSENT)
        del absent["Key"]
        return {"Put": {**absent, "Item": item}}

    def _transact(self, calc_id: str, *steps: Any) -> None:
        with conflicts(calc_id):
            self._client.transact_write_items(TransactItems=steps)

    def _head_of(self, item: dict[str, Any], storage_id: str) -> Head:
        return head_of(item, self._heads.parts(storage_id))


def now() -> str:
    """Return the time as records have it."""
    return dt.datetime.now(dt.UTC).isoformat(timespec="seconds")


def _as_json(outcome: dict[str, Any]) -> str:
    return json.dumps(outcome, allow_nan=False)
