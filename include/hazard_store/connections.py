"""AWS clients: region, endpoint and retries are decided here and passed explicitly."""

from __future__ import annotations

from typing import TYPE_CHECKING

import boto3
from botocore.config import Config

from hazard_store.errors import Misconfigured
from hazard_store.settings import Settings

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


def region_of(settings: Settings) -> str:
    """Return the AWS region.

    Raises:
        Misconfigured: none is set.
    """
    if not settings.region:
        raise Misconfigured("AWS_REGION", "no region is set: set AWS_REGION, e.g. us-east-1")
    return settings.region


def dynamodb_client(settings: Settings, *, retries: bool = True) -> DynamoDBClient:
    """Return a DynamoDB client.

    Args:
        settings: region, endpoint and number of connections.
        retries: botocore's standard retries; False where the caller retries by itself (the
            writer), so that the two do not multiply.
    """
    config = Config(
        retries={"mode": "standard", "total_max_attempts": 8 if retries else 1},
        max_pool_connections=max(10, settings.request_threads),
        connect_timeout=5,
        read_timeout=20,
        parameter_validation=retries,  # the writer's items are made by us; checking costs a third
    )
    return boto3.client(
        "dynamodb",
        region_name=region_of(settings),
        endpoint_url=settings.endpoint_dynamodb,
        config=config,
    )
