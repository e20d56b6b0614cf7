"""AWS clients: region, endpoint and retries are decided here and passed explicitly."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

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
        user_agent="hazard-store",  # the library would put its own together at each request
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


def s3_client(settings: Settings, *, retries: bool = True) -> Any:
    """Return an S3 client, with a session of its own: the profile is that of this moment.

    Args:
        settings: region and endpoint.
        retries: botocore's standard retries; False where the caller retries by itself.
    """
    endpoint = settings.endpoint_s3
    return boto3.session.Session().client(
        "s3",
        region_name=region_of(settings),
        endpoint_url=endpoint,
        config=Config(
            retries={"mode": "standard", "total_max_attempts": 8 if retries else 1},
            user_agent="hazard-store",
            connect_timeout=5,
            read_timeout=60,
            s3={"addressing_style": "auto" if endpoint is None else "path"},
            # Checksums of a whole object say nothing of a range of it.
            response_checksum_validation="when_required",
        ),
    )


@contextmanager
def counted_wcu(client: DynamoDBClient) -> Iterator[list[float]]:
    """Give a list to which each write of this client adds the units that DynamoDB counted."""
    counted: list[float] = []

    def ask(params: dict[str, Any], **_: Any) -> None:
        params.setdefault("ReturnConsumedCapacity", "TOTAL")

    def add(parsed: dict[str, Any], **_: Any) -> None:
        used = parsed.get("ConsumedCapacity", [])
        for entry in used if isinstance(used, list) else [used]:
            counted.append(entry.get("CapacityUnits", 0.0))

    handlers: list[tuple[str, Any]] = [
        (f"{event}.dynamodb.{operation}", handler)
        for operation in ("PutItem", "UpdateItem", "TransactWriteItems")
        for event, handler in (("before-parameter-build", ask), ("after-call", add))
    ]
    events = client.meta.events
    for event, handler in handlers:
        events.register(event, handler)
    try:
        yield counted
    finally:
        for event, handler in handlers:
            events.unregister(event, handler)
