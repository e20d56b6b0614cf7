"""AWS clients: region, endpoint and retries are decided here and passed explicitly."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

import boto3
import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError
from botocore.loaders import Loader, create_loader

from hazard_store.aws.answers import read_answers
from hazard_store.aws.deadline import Deadlines
from hazard_store.aws.patience import Patience, retry_a_late_signature
from hazard_store.aws.retry import RetryPolicy
from hazard_store.errors import Misconfigured
from hazard_store.settings import Settings

CONNECT_S = 4  # a person is told of a wrong address within 5 s
ANSWER_S = 20  # without a byte of an answer
WHOLE_ANSWER_S = 60
LEAST_ANSWER_S = 1  # a busy machine is no silent one
PART_S = 60  # without a byte of a part of a file
KEYS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")

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
    """Return a DynamoDB client, which refuses what is not an answer of DynamoDB.

    Args:
        settings: region, endpoint, number of connections, and how long a request is tried.
        retries: False where the caller retries by itself (the writer), so that the two do not
            multiply.
    """
    config = Config(
        retries={"mode": "standard", "total_max_attempts": 1},  # `Patience` decides
        max_pool_connections=max(10, settings.request_threads),
        user_agent="hazard-store",  # the library would put its own together at each request
        connect_timeout=min(CONNECT_S, settings.retry_limit_s),
        read_timeout=answer_s(ANSWER_S, settings),
        parameter_validation=False,  # all is made by us; checking 100 keys costs a sixth
    )
    region = region_of(settings)
    with _configuration():
        client = _session().client(
            "dynamodb",
            region_name=region,
            endpoint_url=settings.endpoint_dynamodb,
            config=config,
        )
    read_answers(client)
    endpoint = client.meta.endpoint_url
    Deadlines(min(WHOLE_ANSWER_S, settings.retry_limit_s), endpoint).attach_to_requests(client)
    retry_a_late_signature(client)  # before `Patience`, which gives such a request up
    if retries:
        Patience(RetryPolicy.of(settings), endpoint).attach(client)
    return client


def s3_client(settings: Settings, *, retries: bool = True) -> Any:
    """Return an S3 client.

    Args:
        settings: region and endpoint.
        retries: botocore's standard retries; False where the caller retries by itself.
    """
    endpoint, region = settings.endpoint_s3, region_of(settings)
    config = Config(
        retries={"mode": "standard", "total_max_attempts": 8 if retries else 1},
        user_agent="hazard-store",
        connect_timeout=min(CONNECT_S, settings.retry_limit_s),
        read_timeout=answer_s(PART_S, settings),
        s3={"addressing_style": "auto" if endpoint is None else "path"},
        # Checksums of a whole object say nothing of a range of it.
        response_checksum_validation="when_required",
    )
    with _configuration():
        return _session().client("s3", region_name=region, endpoint_url=endpoint, config=config)


def answer_s(longest_s: float, settings: Settings) -> float:
    """Return how long an answer may keep silent, so that another try is within the limit."""
    return max(LEAST_ANSWER_S, min(longest_s, settings.retry_limit_s / 2))


def _session() -> boto3.session.Session:
    """Return a new session: its profile is that of this moment; AWS's models are read once."""
    _forget_empty()
    session = botocore.session.Session()
    session.register_component("data_loader", _loader())
    return boto3.session.Session(botocore_session=session)


def _forget_empty() -> None:
    """Unset the variables of AWS that are empty, and trim the rest.

    The library takes some of the empty ones for values: it looks for the profile named "".
    """
    for name, value in list(os.environ.items()):
        if not name.startswith("AWS_") or name in KEYS:
            continue
        if not value.strip():
            del os.environ[name]
        elif value != value.strip():
            os.environ[name] = value.strip()


@cache
def _loader() -> Loader:
    return create_loader()


@contextmanager
def _configuration() -> Iterator[None]:
    """Say of what the library refuses before any request that it is a setting."""
    _check_keys()
    try:
        yield
    except (BotoCoreError, ValueError) as error:  # a region, an endpoint, a profile
        raise Misconfigured("AWS", f"{error}; check the region, endpoint and profile") from error


def _check_keys() -> None:
    """Refuse keys that cannot be right: they would end as a signature that does not match."""
    for name in KEYS:
        value = os.environ.get(name, "")
        if value != "".join(value.split()) or not (value.isascii() and value.isprintable()):
            raise Misconfigured(
                name, "it has a space, a line end or another character that no key has: set it anew"
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
