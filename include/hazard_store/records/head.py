"""The head of a stored calculation as a value, and as the item that holds it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from hazard_store import codec
from hazard_store.errors import NewerRelease
from hazard_store.model import Status
from hazard_store.records import documents
from hazard_store.records.documents import StoredCalculation
from hazard_store.records.parts import Parts
from hazard_store.shown import cut

HEAD_BYTES = 14_000  # of JSON: with its state, a head stays below 16 KB
# What can be large: 377 IMTs with levels of their own, 1,024 chunks.
_SPILLED = {"levels", "chunk_borders"}


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
    began: str = ""  # UTC, when this attempt began

    @property
    def calc_id(self) -> str:
        """The calculation's id."""
        return self.calculation.calc_id

    @property
    def storage_id(self) -> str:
        """What the keys carry."""
        return self.calculation.storage_id


def require_known(subject: str, content: Mapping[str, Any]) -> None:
    """Refuse what a newer release has written, before anything else is read of it.

    Args:
        subject: whose it is.
        content: a document that may have `format`, `codec_version` and `release`.

    Raises:
        NewerRelease: its format or codec version is not known here.
    """
    release = str(content.get("release", ""))
    for name, of, known in (
        ("format", content.get("format", 1), documents.FORMAT),
        ("codec version", content.get("codec_version", 1), codec.NEWEST),
    ):
        if of > known:
            raise NewerRelease(subject, f"{name} {of}", known, release)


class Conflict(Exception):
    """The head was not in the state that the change needs."""


def head_of(item: dict[str, Any], parts: Parts) -> Head:
    """Return the head that an item holds; `parts` are those of the same calculation.

    Raises:
        CorruptItem: it is not as a head is.
    """
    try:
        return _head_of(item, parts)
    except NewerRelease:
        raise
    except (KeyError, TypeError, ValueError) as error:
        reason = f"not the record of a calculation ({type(error).__name__}: {error})"
        raise parts.broken("head", cut(reason)) from error


def _head_of(item: dict[str, Any], parts: Parts) -> Head:
    text = item["calculation"]["S"]
    if "spilled" in item:
        content = _content(text) | parts.get_json(item["spilled"]["S"])
        calculation = StoredCalculation.model_validate(content)
    else:
        calculation = _described(text)
        require_known(calculation.calc_id, vars(calculation))
    audited = item.get("audited_attempt")
    return Head(
        calculation=calculation,
        status=Status(item["status"]["S"]),
        owner=item["owner"]["S"],
        attempt=int(item["attempt"]["N"]),
        since=item["since"]["S"],
        audited_attempt=None if audited is None else int(audited["N"]),
        outcome=json.loads(item["outcome"]["S"]) if "outcome" in item else {},
        began=item["began"]["S"] if "began" in item else "",
    )


@lru_cache(maxsize=64)
def _described(text: str) -> StoredCalculation:
    """Return what a text describes; who asks again and again finds the same text again."""
    return StoredCalculation.model_validate(_content(text))


def _content(text: str) -> dict[str, Any]:
    content = json.loads(text)
    if not isinstance(content, dict):
        raise TypeError("no JSON object")
    require_known(content.get("calc_id", ""), content)
    return content


def put_description(calculation: StoredCalculation, parts: Parts) -> dict[str, str | None]:
    """Return the attributes that describe a calculation, having stored what does not fit a head.

    That part is named by its content: a run that loses the race for the head overwrites nothing.
    """
    text = calculation.model_dump_json()
    if len(text.encode()) <= HEAD_BYTES:
        return {"calculation": text, "spilled": None}
    spilled = calculation.model_dump(mode="json", include=_SPILLED)
    content = json.dumps(spilled, allow_nan=False, separators=(",", ":")).encode()
    name = f"head-rest-{hashlib.sha256(content).hexdigest()[:16]}"
    parts.put(name, content)
    left = calculation.model_copy(update=dict.fromkeys(_SPILLED, ()))
    return {"calculation": left.model_dump_json(), "spilled": name}
