"""Checks that a store can be used from here, one thing after the other; it writes nothing."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any

import botocore.session
from botocore.exceptions import BotoCoreError, ClientError

from hazard_store import codec
from hazard_store.aws.clients import dynamodb_client, region_of
from hazard_store.aws.errors import to_hazard_error
from hazard_store.errors import (
    EX_CONFIG,
    EX_OK,
    EX_TEMPFAIL,
    HazardStoreError,
    Misconfigured,
    TryAgain,
)
from hazard_store.inbox.arrivals import require_listable
from hazard_store.keys import HASH_KEY
from hazard_store.records.documents import FORMAT, release
from hazard_store.settings import Settings
from hazard_store.store import Store
from hazard_store.workflow.rights import (
    DENIED,
    READS_INBOX,
    ROLES,
    denied,
    range_key_names,
)

CLOCK_S = 300  # by how much AWS lets a clock be wrong


@dataclass(frozen=True)
class Finding:
    """What one check found: a line, green or with the next step."""

    name: str
    text: str
    exit_code: int = EX_OK  # of an error; 0: it is well

    @property
    def well(self) -> bool:
        """Whether it is as it must be."""
        return self.exit_code == EX_OK


def exit_code_of(findings: list[Finding]) -> int:
    """Return 0 if all is well, 75 if the network did not answer, else 78."""
    codes = {each.exit_code for each in findings} - {EX_OK}
    if not codes:
        return EX_OK
    return EX_TEMPFAIL if EX_TEMPFAIL in codes else EX_CONFIG


def check(role: str, clock: Callable[[], float] = time.time) -> Iterator[Finding]:
    """Yield what is found of settings, address, clock, tables, rights, inbox and format.

    What cannot be tried after an error is left out: it may be well or not.

    Args:
        role: whose rights are tried, one of `rights.ROLES`.
        clock: the time here, seconds since 1970.
    """
    yield Finding(
        "format",
        f"hazard-store {release()} writes records of format {FORMAT} and codec versions up to "
        f"{codec.NEWEST}, and reads these and those before",
    )
    try:
        settings = Settings.from_environment()
        region_of(settings)
    except HazardStoreError as error:
        yield Finding("settings", str(error), error.exit_code)
        return
    yield Finding("settings", f"stage {settings.stage}, tables {settings.table_prefix}*")
    store = Store(settings)
    address = _said("address", lambda: _address(settings))
    if not address.well:
        yield address
        return
    client = dynamodb_client(settings, retries=False)  # who asks wants to hear of the first fault
    answers: list[dict[str, Any]] = []
    tables = _said("tables", lambda: _tables(store, client, answers.append))
    if tables.exit_code == EX_TEMPFAIL:
        yield Finding("address", f"{address.text}: {tables.text}", EX_TEMPFAIL)
        return
    yield address
    if answers:
        yield _said("clock", lambda: _clock(answers[0], clock()))
    yield tables
    if tables.well:
        yield _said("rights", lambda: _rights(store, client, role))
    if role in READS_INBOX:
        yield _said("inbox", lambda: _inbox(settings, role))


def _said(name: str, found: Callable[[], str]) -> Finding:
    """Return what a check says, or the error that it raises."""
    try:
        return Finding(name, found())
    except HazardStoreError as error:
        return Finding(name, str(error), error.exit_code)
    except (BotoCoreError, ClientError, ValueError) as error:
        ours = to_hazard_error(error)
        if ours is None:
            raise
        return Finding(name, str(ours), ours.exit_code)


def _address(settings: Settings) -> str:
    credentials = botocore.session.get_session().get_credentials()
    if credentials is None:
        reason = "no credentials are found: set AWS_PROFILE, or AWS_ACCESS_KEY_ID and its secret"
        raise Misconfigured("AWS", reason)
    dynamodb_client(settings)  # refuses an address that is none
    where = settings.endpoint_dynamodb or f"AWS {settings.region}"
    return f"{where}, region {settings.region}, credentials from {credentials.method}"


def _tables(store: Store, client: Any, on_answer: Callable[[Any], None]) -> str:
    for table, range_name in range_key_names(store).items():
        try:
            answer = client.describe_table(TableName=table)
        except ClientError as error:
            on_answer(error.response["ResponseMetadata"])
            code = error.response["Error"].get("Code", "")
            if code in DENIED:
                reason = "dynamodb:DescribeTable is not allowed: give the role this right"
                raise Misconfigured(table, reason) from error
            if code == "ResourceNotFoundException":
                reason = "there is no such table: `hazard-store tables create`, or set "
                raise Misconfigured(table, f"{reason}HAZARD_STORE_STAGE") from error
            raise
        on_answer(answer["ResponseMetadata"])
        if "KeySchema" not in answer.get("Table", {}):
            raise TryAgain(table, "what answers at this address is not DynamoDB")
        _require_fit(table, answer["Table"], [HASH_KEY, range_name])
    return f"{', '.join(range_key_names(store))}: active, with our keys"


def _require_fit(table: str, described: Any, expected: list[str]) -> None:
    keys = sorted(described["KeySchema"], key=lambda key: str(key["KeyType"]))  # HASH, RANGE
    attributes = described["AttributeDefinitions"]
    types = {each["AttributeName"]: each["AttributeType"] for each in attributes}
    found = [(key["AttributeName"], types.get(key["AttributeName"])) for key in keys]
    if found != [(name, "S") for name in expected]:
        names = ", ".join(f"{name} ({kind})" for name, kind in found)
        wanted = ", ".join(f"{name} (S)" for name in expected)
        reason = f"its keys are {names}, not {wanted}: it is not a table of ours; set "
        raise Misconfigured(table, f"{reason}HAZARD_STORE_TABLE_PREFIX or HAZARD_STORE_STAGE")
    if described["TableStatus"] not in ("ACTIVE", "UPDATING"):
        raise Misconfigured(table, f"it is {described['TableStatus']}: wait until it is ACTIVE")


def _clock(answer: dict[str, Any], now_s: float) -> str:
    date = answer.get("HTTPHeaders", {}).get("date")
    if date is None:
        return "not compared: the answer had no date"
    off_s = now_s - parsedate_to_datetime(date).timestamp()
    if abs(off_s) > CLOCK_S:
        now = dt.datetime.fromtimestamp(now_s, dt.UTC).isoformat(timespec="seconds")
        direction = "ahead of" if off_s > 0 else "behind"
        reason = f"it says {now}, {abs(off_s):,.0f} s {direction} AWS's, which refuses over "
        raise Misconfigured("clock", f"{reason}{CLOCK_S} s: set the time of this machine (NTP)")
    return f"right to {max(1, round(abs(off_s)))} s"


def _rights(store: Store, client: Any, role: str) -> str:
    missing = list(denied(store, client, role))
    of = "the roles need" if role == "all" else f"the role {role} needs"
    if missing:
        reason = f"{'; '.join(missing)} not allowed, of what {of}: give the role this right, "
        raise Misconfigured("AWS", f"{reason}or name another with --for")
    return f"all that {of}, tried with a key that is nobody's"


def _inbox(settings: Settings, role: str) -> str:
    if not settings.inbox and role != "orchestrator":
        return "HAZARD_STORE_INBOX is not set; only the DAGs need it"
    require_listable(settings.inbox, settings)
    return f"{settings.inbox} can be listed"


__all__ = ["CLOCK_S", "ROLES", "Finding", "check", "exit_code_of"]
