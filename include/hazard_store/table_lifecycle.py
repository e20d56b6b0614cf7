"""Creates and deletes the three tables of a stage, and waits until it is done."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from hazard_store.aws.clients import dynamodb_client
from hazard_store.errors import Misconfigured, TryAgain
from hazard_store.settings import Settings
from hazard_store.tables import table_models

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

POLL_S = 0.5
Keys = dict[str, tuple[str, str]]  # attribute -> (HASH or RANGE, type)


def create_tables(settings: Settings, *, protected: bool = True) -> list[str]:
    """Create the tables that do not exist yet, on demand, and wait for them.

    Args:
        settings: region, endpoint and names.
        protected: from deletion, as DynamoDB does it.

    Returns:
        the names of the tables that were created.

    Raises:
        Misconfigured: a table of this name has other keys; nothing was created.
        TryAgain: a table did not become active, or did not go, within the retry limit.
    """
    client = dynamodb_client(settings)
    wanted = expected_keys(settings)
    missing = [name for name in wanted if not _is_ready(client, settings, name, wanted[name])]
    for name in missing:
        client.create_table(
            TableName=name,
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[
                {"AttributeName": attribute, "KeyType": role}  # type: ignore[typeddict-item]
                for attribute, (role, _) in wanted[name].items()
            ],
            AttributeDefinitions=[
                {"AttributeName": attribute, "AttributeType": kind}  # type: ignore[typeddict-item]
                for attribute, (_, kind) in wanted[name].items()
            ],
            DeletionProtectionEnabled=protected,
        )
    for name in missing:
        _settled(client, settings, name)
    return missing


def delete_tables(settings: Settings) -> list[str]:
    """Delete the tables of this stage with all that is in them, protected or not, and wait.

    Returns:
        the names of the tables that were deleted.

    Raises:
        TryAgain: a table did not go within the retry limit.
    """
    client = dynamodb_client(settings)
    deleted = []
    for name in expected_keys(settings):
        table = _settled(client, settings, name)
        if table is None:
            continue
        if table.get("DeletionProtectionEnabled"):
            client.update_table(TableName=name, DeletionProtectionEnabled=False)
            _settled(client, settings, name)
        client.delete_table(TableName=name)
        deleted.append(name)
    for name in deleted:
        _settled(client, settings, name)
    return deleted


def expected_keys(settings: Settings) -> dict[str, Keys]:
    """Return the keys of each table, by its name."""
    return {
        model.Meta.table_name: {
            name: ("HASH" if attribute.is_hash_key else "RANGE", str(attribute.attr_type))
            for name, attribute in sorted(
                model.get_attributes().items(), key=lambda each: not each[1].is_hash_key
            )
            if attribute.is_hash_key or attribute.is_range_key
        }
        for model in table_models(settings)
    }


def keys_of(table: Any) -> Keys:
    """Return the keys of a table as DescribeTable tells them."""
    kinds = {each["AttributeName"]: each["AttributeType"] for each in table["AttributeDefinitions"]}
    return {
        each["AttributeName"]: (each["KeyType"], kinds.get(each["AttributeName"], "?"))
        for each in table["KeySchema"]
    }


def _is_ready(client: DynamoDBClient, settings: Settings, name: str, expected: Keys) -> bool:
    """Tell whether a table is there with our keys; refuse one with others."""
    table = _settled(client, settings, name)
    if table is not None and keys_of(table) != expected:
        raise Misconfigured(
            name,
            f"this table has the keys {_in_words(keys_of(table))}, and Hazard Store needs "
            f"{_in_words(expected)}: it is another program's; set HAZARD_STORE_STAGE or "
            "HAZARD_STORE_TABLE_PREFIX to a name of its own",
        )
    return table is not None


def _in_words(keys: Keys) -> str:
    return ", ".join(f"{name} ({role} {kind})" for name, (role, kind) in keys.items())


def _settled(client: DynamoDBClient, settings: Settings, name: str) -> Any:
    """Return a table that is being neither made nor changed nor deleted; None where there is none.

    Raises:
        TryAgain: it did not settle within the retry limit.
    """
    until = time.monotonic() + settings.retry_limit_s
    while True:
        try:
            table = client.describe_table(TableName=name)["Table"]
        except ClientError as error:
            if error.response["Error"].get("Code") == "ResourceNotFoundException":
                return None
            raise
        status = table.get("TableStatus", "ACTIVE")
        if status not in ("CREATING", "UPDATING", "DELETING"):
            return table
        if time.monotonic() >= until:
            raise TryAgain(name, f"the table is still {status}; try again in a minute")
        time.sleep(min(POLL_S, settings.retry_cap_s))
