"""The head of a stored calculation: its state, and every conditional write that changes it."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from hazard_store.model import FileVersion, Status
from hazard_store.records.parts import Parts
from hazard_store.records.stored import Forecast, StoredCalculation

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

HEAD_BYTES = 14_000  # of JSON: with its state, a head stays below 16 KB
_SPILLED = {
    "levels",
    "chunks",
}  # what can be large: 377 IMTs with levels of their own, 1,024 chunks
INDEX = "#calculations"  # hash key of the index; no calculation id begins with #


@dataclass(frozen=True)
class Head:
    """State and description of one stored calculation."""

    calculation: StoredCalculation
    status: Status
    owner: str  # token of the run that may write
    attempt: int  # only grows
    since: str  # UTC, when the state was entered
    audited_attempt: int | None  # the attempt whose audit passed
    outcome: dict[str, Any]  # what storing really took, counts of the last audit

    @property
    def calc_id(self) -> str:
        """The calculation's id."""
        return self.calculation.calc_id

    @property
    def storage_id(self) -> str:
        """What the keys carry."""
        return self.calculation.storage_id


class Conflict(Exception):
    """The head was not in the state that the change needs."""


class Heads:
    """Reads and changes heads."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self._client, self._table = client, table

    def current(self, calc_id: str) -> Head | None:
        """Return the head that the calculation record names; None where nothing is stored."""
        item = self._get(INDEX, calc_id)
        return None if item is None else self.get(item["storage_id"]["S"])

    def get(self, storage_id: str) -> Head | None:
        """Return one head, read consistently."""
        item = self._get(storage_id, "head")
        return None if item is None else self._head(item)

    def owner_of(self, storage_id: str) -> tuple[str, int] | None:
        """Return (owner, attempt): what a writer checks before each batch."""
        item = self._get(storage_id, "head", ProjectionExpression="#o, attempt")
        return None if item is None else (item["owner"]["S"], int(item["attempt"]["N"]))

    def all(self) -> Iterator[Head]:
        """Yield the heads of all calculations, by calc_id."""
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            KeyConditionExpression="haz_sol_id = :i",
            ExpressionAttributeValues={":i": {"S": INDEX}},
            ConsistentRead=True,
        )
        for page in pages:
            for item in page["Items"]:
                head = self.get(item["storage_id"]["S"])
                if head is not None:
                    yield head

    def create(self, calculation: StoredCalculation, owner: str) -> Head:
        """Begin a calculation: head and index entry in one transaction, or neither.

        Raises:
            Conflict: the calculation is stored already, or just now begun by another run.
        """
        now = _now()
        text, spilled = _head_json(calculation)
        absent = "attribute_not_exists(haz_sol_id)"
        head = {
            **_key(calculation.storage_id, "head"),
            "calc_id": {"S": calculation.calc_id},
            "status": {"S": Status.WRITING},
            "owner": {"S": owner},
            "attempt": {"N": "1"},
            "since": {"S": now},
            "calculation": {"S": text},
        }
        if spilled:
            head["spilled"] = {"S": self._spill(calculation.storage_id, spilled)}
        index = {
            **_key(INDEX, calculation.calc_id),
            "storage_id": {"S": calculation.storage_id},
        }
        puts: list[Any] = [
            {"Put": {"TableName": self._table, "Item": item, "ConditionExpression": absent}}
            for item in (head, index)
        ]
        try:
            self._client.transact_write_items(TransactItems=puts)
        except ClientError as error:
            if error.response["Error"]["Code"] in _CONFLICTS:
                raise Conflict(calculation.calc_id) from error
            raise
        return Head(calculation, Status.WRITING, owner, 1, now, None, {})

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
        text, spilled = _head_json(calculation)
        return self._update(
            head,
            (Status.WRITING, Status.AUDITING, Status.FAILED),
            status=Status.WRITING,
            owner=owner,
            attempt=head.attempt + 1,
            audited_attempt=None,
            calculation=text,
            spilled=self._spill(head.storage_id, spilled) if spilled else None,
        )

    def audit_begun(self, head: Head) -> Head:
        """Enter `auditing`."""
        return self._update(head, (Status.WRITING, Status.AUDITING), status=Status.AUDITING)

    def audit_passed(self, head: Head, outcome: dict[str, Any]) -> Head:
        """Record that this attempt's audit passed."""
        return self._update(
            head,
            (Status.WRITING, Status.AUDITING, Status.FAILED),
            status=Status.AUDITING,
            audited_attempt=head.attempt,
            outcome=outcome,
        )

    def failed(self, head: Head, outcome: dict[str, Any]) -> Head:
        """Enter `failed`; a published calculation never does."""
        return self._update(
            head,
            (Status.WRITING, Status.AUDITING, Status.FAILED),
            status=Status.FAILED,
            audited_attempt=None,
            outcome=outcome,
        )

    def published(self, head: Head) -> Head:
        """Publish: one conditional write, after this attempt's audit passed."""
        return self._update(
            head,
            (Status.AUDITING,),
            status=Status.PUBLISHED,
            condition="audited_attempt = :attempt",
        )

    def _update(
        self,
        head: Head,
        allowed: Iterable[Status],
        *,
        condition: str = "",
        outcome: dict[str, Any] | None = None,
        **changes: Any,
    ) -> Head:
        changes["since"] = _now()
        if outcome is not None:
            changes["outcome"] = json.dumps(outcome, allow_nan=False)
        values: dict[str, Any] = {
            ":owner": {"S": head.owner},
            ":attempt": {"N": str(head.attempt)},
            **{f":s{i}": {"S": status} for i, status in enumerate(allowed)},
        }
        states = ", ".join(name for name in values if name.startswith(":s"))
        sets, removes = [], []
        for name, value in changes.items():
            if value is None:
                removes.append(f"#{name}")
                continue
            sets.append(f"#{name} = :new_{name}")
            values[f":new_{name}"] = (
                {"N": str(value)} if isinstance(value, int) else {"S": str(value)}
            )
        expression = f"SET {', '.join(sets)}" + (f" REMOVE {', '.join(removes)}" if removes else "")
        must = f"#owner = :owner AND attempt = :attempt AND #status IN ({states})"
        names = {f"#{name}": name for name in changes} | {"#owner": "owner", "#status": "status"}
        try:
            answer = self._client.update_item(
                TableName=self._table,
                Key=_key(head.storage_id, "head"),
                UpdateExpression=expression,
                ConditionExpression=f"{must} AND {condition}" if condition else must,
                ExpressionAttributeNames=names,
                ExpressionAttributeValues=values,
                ReturnValues="ALL_NEW",
            )
        except ClientError as error:
            if error.response["Error"]["Code"] in _CONFLICTS:
                raise Conflict(head.calc_id) from error
            raise
        return self._head(answer["Attributes"])

    def _spill(self, storage_id: str, spilled: dict[str, Any]) -> str:
        """Store what does not fit the head; return its name.

        It is named by its content: a run that loses the race for the head overwrites nothing.
        """
        content = json.dumps(spilled, allow_nan=False, separators=(",", ":")).encode()
        name = f"head-rest-{hashlib.sha256(content).hexdigest()[:16]}"
        Parts(self._client, self._table, storage_id).put(name, content)
        return name

    def _head(self, item: dict[str, Any]) -> Head:
        content = json.loads(item["calculation"]["S"])
        if "spilled" in item:
            parts = Parts(self._client, self._table, item["haz_sol_id"]["S"])
            content |= parts.get_json(item["spilled"]["S"])
        audited = item.get("audited_attempt")
        return Head(
            calculation=StoredCalculation.model_validate(content),
            status=Status(item["status"]["S"]),
            owner=item["owner"]["S"],
            attempt=int(item["attempt"]["N"]),
            since=item["since"]["S"],
            audited_attempt=None if audited is None else int(audited["N"]),
            outcome=json.loads(item["outcome"]["S"]) if "outcome" in item else {},
        )

    def _get(self, hash_key: str, record: str, **options: Any) -> dict[str, Any] | None:
        if "ProjectionExpression" in options:
            options["ExpressionAttributeNames"] = {"#o": "owner"}
        answer = self._client.get_item(
            TableName=self._table, Key=_key(hash_key, record), ConsistentRead=True, **options
        )
        return answer.get("Item")


_CONFLICTS = {
    "ConditionalCheckFailedException",
    "TransactionCanceledException",
    "TransactionConflictException",
}


def _key(hash_key: str, record: str) -> dict[str, Any]:
    return {"haz_sol_id": {"S": hash_key}, "record": {"S": record}}


def _now() -> str:
    return dt.datetime.now(dt.UTC).isoformat(timespec="seconds")


def _head_json(calculation: StoredCalculation) -> tuple[str, dict[str, Any]]:
    """Return the head's JSON, and what must go into a part so that the head stays small."""
    text = calculation.model_dump_json()
    if len(text.encode()) <= HEAD_BYTES:
        return text, {}
    spilled = calculation.model_dump(mode="json", include=_SPILLED)
    return calculation.model_copy(update=dict.fromkeys(_SPILLED, ())).model_dump_json(), spilled
