"""Calculation files in S3: ranged reads, each pinned to one ETag."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

import botocore.session
import obstore
from botocore.exceptions import BotoCoreError
from obstore.auth.boto3 import Boto3CredentialProvider
from obstore.exceptions import (
    BaseError,
    PermissionDeniedError,
    PreconditionError,
    UnauthenticatedError,
)
from obstore.store import S3Store

from hazard_store.errors import FileChanged, HazardStoreError, Misconfigured, NoSuchInput, TryAgain
from hazard_store.model import FileVersion
from hazard_store.settings import Settings

if TYPE_CHECKING:
    from obstore.store import S3Config

PART = 8 << 20  # bytes of one request: it ends well before the timeout on a slow line
REQUEST_TIMEOUT = timedelta(seconds=120)
RETRIES = 20  # at most half a minute in all: an outage is for the caller to wait out
BUSY = ("408", "409", "429")  # answers that another try may change
CREDENTIALS_TTL = timedelta(minutes=10)  # botocore renews a role's keys 10 minutes before their end


class S3File:
    """An object in S3; its version is its ETag, sent as If-Match with every request."""

    def __init__(self, uri: str, settings: Settings, etag: str | None = None) -> None:
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        if not bucket or {"", ".", ".."} & set(key.split("/")):  # obstore would tidy such a key
            raise NoSuchInput(uri, "it names no object; write s3://bucket/path/calc_N.hdf5")
        self._uri, self._key = uri, key
        self._store = _store(uri, bucket, settings)
        found = self._head()
        if etag is not None and etag != found.etag:
            raise FileChanged(uri, etag, found.etag)
        self.version = found

    def read(self, start: int, stop: int) -> bytes:
        """Return the bytes `start` to `stop`, at most `PART` in one request."""
        if stop - start > PART:
            return b"".join(
                self.read(first, min(first + PART, stop)) for first in range(start, stop, PART)
            )
        if start >= stop:
            return b""
        try:
            answer = obstore.get(
                self._store,
                self._key,
                options={"range": (start, stop), "if_match": self.version.etag},
            )
            return bytes(answer.bytes())  # obstore refuses answers that are too short
        except PreconditionError:
            raise FileChanged(self._uri, self.version.etag, self._head().etag) from None
        except (BaseError, OSError, ValueError) as error:
            raise _ours(self._uri, error) from None

    def close(self) -> None:
        """Do nothing: connections are pooled by the store."""

    def _head(self) -> FileVersion:
        try:
            head = obstore.head(self._store, self._key)
        except (BaseError, OSError, ValueError) as error:
            raise _ours(self._uri, error) from None
        if not head["e_tag"]:
            raise Misconfigured(
                self._uri, "this S3 service gives no ETag: no version can be pinned"
            )
        return FileVersion(self._uri, head["size"], head["e_tag"])


def _store(uri: str, bucket: str, settings: Settings) -> S3Store:
    """Make the store of a bucket; credentials come from botocore's standard chain."""
    if settings.region is None:
        raise Misconfigured("AWS_REGION", f"it is not set, and {uri} cannot be read without it")
    try:
        session = botocore.session.Session()
        session.set_config_variable("region", settings.region)
        credentials = Boto3CredentialProvider(session, ttl=CREDENTIALS_TTL)
    except (BotoCoreError, ValueError) as error:
        raise Misconfigured(
            "AWS credentials", f"none were found to read {uri} ({error})"
        ) from error
    endpoint = settings.endpoint_s3
    place: S3Config = {"region": settings.region}
    if endpoint is not None:
        place["endpoint"] = endpoint
    return S3Store(
        bucket,
        config=place,
        credential_provider=credentials,
        virtual_hosted_style_request=endpoint is None and "." not in bucket,
        client_options={
            "allow_http": endpoint is not None and endpoint.startswith("http://"),
            "timeout": REQUEST_TIMEOUT,
        },
        retry_config={
            "max_retries": min(RETRIES, settings.retry_tries),
            "retry_timeout": timedelta(seconds=settings.retry_limit_s),
            "backoff": {
                "init_backoff": timedelta(milliseconds=100),
                "max_backoff": timedelta(seconds=settings.retry_cap_s),
                "base": 2,
            },
        },
    )


def _ours(uri: str, error: Exception) -> HazardStoreError:
    """Return our error for one of obstore's, with the code of S3's answer: the rest has keys."""
    text = str(error)
    code = re.search(r"<Code>(\w+)</Code>", text)
    status = re.search(r"status code: (\d+)", text)
    told = text.partition("\n")[0].partition("<")[0].strip() + (f" {code[1]}" if code else "")
    if isinstance(error, FileNotFoundError):
        no_bucket = code is not None and code[1] == "NoSuchBucket"
        return NoSuchInput(uri, "no such bucket" if no_bucket else "no such object")
    if isinstance(error, PermissionDeniedError | UnauthenticatedError):
        return Misconfigured(uri, f"S3 refuses these credentials: {told}")
    refused = status and status[1].startswith("4") and status[1] not in BUSY
    if refused or "incorrectly configured region" in text:
        return Misconfigured(uri, f"S3 refuses the request; check AWS_REGION and keys: {told}")
    return TryAgain(uri, f"S3 did not answer as it should: {told}")
