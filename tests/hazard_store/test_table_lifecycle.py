"""Tables are made whole or not at all, protected unless told otherwise, gone when deleted."""

from __future__ import annotations

import pytest

from hazard_store.errors import Misconfigured, TryAgain
from hazard_store.store import Store
from hazard_store.table_lifecycle import create_tables, delete_tables, expected_keys
from tests.support.loading import drop_tables


def protected(store: Store) -> set[bool]:
    return {
        bool(store.client.describe_table(TableName=name)["Table"].get("DeletionProtectionEnabled"))
        for name in expected_keys(store.settings)
    }


@pytest.mark.parametrize("protect", [True, False])
def test_tables_are_protected_unless_told_otherwise_and_can_be_deleted(store: Store, protect: bool):
    drop_tables(store)
    assert 3 == len(create_tables(store.settings, protected=protect))
    assert {protect} == protected(store)
    assert 3 == len(delete_tables(store.settings))
    assert [] == delete_tables(store.settings)


def test_one_table_with_other_keys_leaves_all_as_it_was(store: Store):
    drop_tables(store)
    name = store.settings.realisations_table
    store.client.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "N"}],
    )
    with pytest.raises(Misconfigured, match=r"pk \(HASH N\), and Hazard Store needs haz_sol_id"):
        create_tables(store.settings)
    here = store.client.list_tables()["TableNames"]
    assert [name] == [table for table in expected_keys(store.settings) if table in here]


class Going:
    """A DynamoDB client in whose eyes tables are being deleted for some looks."""

    def __init__(self, client, looks: int) -> None:
        self._client, self.looks = client, looks

    def describe_table(self, **which: str):
        """Say that the table is going, or what is true."""
        if self.looks:
            self.looks -= 1
            return {"Table": {"TableStatus": "DELETING"}}
        return self._client.describe_table(**which)

    def __getattr__(self, name: str):
        return getattr(self._client, name)


def test_tables_that_are_going_are_waited_for_and_made_anew(store: Store, monkeypatch):
    drop_tables(store)
    going = Going(store.client, looks=4)
    monkeypatch.setattr("hazard_store.table_lifecycle.dynamodb_client", lambda _: going)
    settings = store.settings.model_copy(update={"retry_cap_s": 0.01})
    assert 3 == len(create_tables(settings, protected=False))


def test_tables_that_never_go_are_told(store: Store, monkeypatch):
    going = Going(store.client, looks=10**9)
    monkeypatch.setattr("hazard_store.table_lifecycle.dynamodb_client", lambda _: going)
    settings = store.settings.model_copy(update={"retry_limit_s": 0.1, "retry_cap_s": 0.01})
    with pytest.raises(TryAgain, match="still DELETING"):
        create_tables(settings)
