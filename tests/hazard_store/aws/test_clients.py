"""Clients: region, endpoint and retries as the settings say; units are counted while asked for."""

from __future__ import annotations

import pytest

from hazard_store.aws.clients import counted_wcu, dynamodb_client, region_of, s3_client
from hazard_store.errors import Misconfigured
from hazard_store.settings import Settings
from hazard_store.store import Store

HERE = Settings(region="eu-west-1", endpoint_dynamodb="http://d:1", endpoint_s3="http://s:1")


@pytest.fixture(autouse=True)
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")


def test_without_a_region_the_variable_is_named():
    with pytest.raises(Misconfigured, match="AWS_REGION"):
        region_of(HERE.model_copy(update={"region": None}))


@pytest.mark.parametrize(
    ("make", "endpoint"), [(dynamodb_client, "http://d:1"), (s3_client, "http://s:1")]
)
def test_region_endpoint_and_retries_are_given(make, endpoint: str):
    for retries in (True, False):
        client = make(HERE, retries=retries)
        assert ("eu-west-1", endpoint) == (client.meta.region_name, client.meta.endpoint_url)


def test_a_client_has_a_connection_for_each_thread():
    many = dynamodb_client(HERE.model_copy(update={"request_threads": 64}))
    assert (10, 64) == (
        dynamodb_client(HERE).meta.config.max_pool_connections,
        many.meta.config.max_pool_connections,
    )


def test_units_are_counted_in_the_block_and_not_behind_it(store: Store):
    item = {"haz_sol_id": {"S": "A"}, "record": {"S": "x"}, "text": {"S": "x" * 1500}}

    def put() -> None:
        store.client.put_item(TableName=store.settings.meta_table, Item=item)

    with counted_wcu(store.client) as counted:
        put()
        assert [2.0] == counted
    put()
    assert [2.0] == counted
