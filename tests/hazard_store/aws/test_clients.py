"""Clients: region, endpoint and retries as the settings say; units are counted while asked for."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import EndpointResolutionError

from hazard_store.aws.clients import counted_wcu, dynamodb_client, region_of, s3_client
from hazard_store.aws.errors import to_hazard_error
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


ADDRESSES = [
    ("us-east-1", "", "dynamodb.us-east-1.amazonaws.com", "s3.amazonaws.com"),
    ("us-gov-west-1", "", "dynamodb.us-gov-west-1.amazonaws.com", "s3.us-gov-west-1.amazonaws.com"),
    ("cn-north-1", "", "dynamodb.cn-north-1.amazonaws.com.cn", "s3.cn-north-1.amazonaws.com.cn"),
    (
        "us-east-1",
        "true",
        "dynamodb-fips.us-east-1.amazonaws.com",
        "s3-fips.us-east-1.amazonaws.com",
    ),
]


@pytest.fixture
def somebody(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL_DYNAMODB"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "k")


def address(s3: Any) -> str:
    """Return where S3 would be asked for an object."""
    return str(s3.generate_presigned_url("get_object", Params={"Bucket": "inbox", "Key": "k"}))


@pytest.mark.parametrize(("region", "fips", "dynamodb", "s3"), ADDRESSES)
def test_the_addresses_are_those_of_the_partition(
    somebody: None,
    monkeypatch: pytest.MonkeyPatch,
    region: str,
    fips: str,
    dynamodb: str,
    s3: str,
):
    """The library has them; AWS_USE_FIPS_ENDPOINT counts as for every program of AWS."""
    monkeypatch.setenv("AWS_USE_FIPS_ENDPOINT", fips)
    settings = Settings.from_environment(region=region)
    assert f"https://{dynamodb}" == dynamodb_client(settings).meta.endpoint_url
    assert address(s3_client(settings)).startswith(f"https://inbox.{s3}/k?")


def test_a_kind_of_address_that_a_partition_does_not_have_is_a_setting(
    somebody: None, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("AWS_USE_FIPS_ENDPOINT", "true")
    with pytest.raises(EndpointResolutionError, match="FIPS") as raised:
        address(s3_client(Settings.from_environment(region="cn-north-1")))
    ours = to_hazard_error(raised.value)
    assert isinstance(ours, Misconfigured)
    assert "FIPS" in str(ours)


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
