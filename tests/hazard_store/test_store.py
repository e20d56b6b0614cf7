"""The store: which clients retry, which table holds what, what there is under an id."""

from __future__ import annotations

from contextlib import nullcontext

import pytest
from botocore.exceptions import ClientError

from hazard_store.errors import NoSuchCalculation
from hazard_store.model import IfStored, Kind
from hazard_store.store import Store
from hazard_store.workflow.claim import claim
from tests.support.foreign_service import fault, says, serving
from tests.support.loading import CALCS, FILE, plan_of, stored


def test_clients_are_made_once_and_the_writers_does_not_retry(store: Store):
    assert store.client is store.client
    assert store.bulk_client is store.bulk_client
    busy = fault("ThrottlingException")
    empty = says(200, b"{}", content_type="application/x-amz-json-1.0")
    for name, tries in (("client", True), ("bulk_client", False)):
        with serving(busy, busy, empty) as address:
            there = Store(store.settings.model_copy(update={"endpoint_dynamodb": address}))
            with nullcontext() if tries else pytest.raises(ClientError, match="Throttling"):
                getattr(there, name).get_item(TableName="T", Key={"a": {"S": "b"}})


def test_each_kind_has_a_table_of_its_own(store: Store):
    settings = store.settings
    assert [settings.stats_table, settings.realisations_table] == [store.table(k) for k in Kind]


def test_the_head_is_that_of_readers_or_of_the_run_that_writes(store: Store):
    """They differ while a calculation is being replaced."""
    stored(store, FILE)
    other = plan_of(store, CALCS / "rlzs_only.hdf5")
    claim(store, other, "another run", IfStored.REPLACE)
    assert ("A", "A@2") == (store.head("A").storage_id, store.head("A", working=True).storage_id)


@pytest.mark.parametrize("working", [False, True])
def test_an_id_that_is_not_there_is_named(store: Store, working: bool):
    with pytest.raises(NoSuchCalculation, match="NOTHING"):
        store.head("NOTHING", working=working)
