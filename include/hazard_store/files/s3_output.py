"""Files that are put into S3: whole or not at all, large ones in parts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

from boto3.exceptions import S3UploadFailedError
from botocore.exceptions import BotoCoreError, ClientError

from hazard_store.aws.clients import s3_client
from hazard_store.aws.errors import to_hazard_error
from hazard_store.errors import BadParameter, TryAgain
from hazard_store.files.s3 import s3_error
from hazard_store.settings import Settings

T = TypeVar("T")


class S3Output:
    """A place in S3, `s3://bucket/prefix`, for some files."""

    def __init__(self, uri: str, settings: Settings) -> None:
        """Connect to it.

        Raises:
            BadParameter: it names no bucket.
            Misconfigured: there is no region.
        """
        self._uri = uri.rstrip("/")
        self._bucket, _, prefix = self._uri.removeprefix("s3://").partition("/")
        if not self._bucket:
            raise BadParameter("out", f"{uri} names no bucket: write s3://bucket/prefix")
        self._prefix = f"{prefix}/" if prefix else ""
        self._client = s3_client(settings)

    def refuse_existing(self, names: Iterable[str]) -> None:
        """Refuse to overwrite an object.

        Raises:
            BadParameter: one of these names is taken.
        """
        wanted = {self._prefix + name for name in names}
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=self._prefix
        )
        for page in self._ask(lambda: list(pages)):
            for found in page.get("Contents", ()):
                if found["Key"] in wanted:
                    there = f"s3://{self._bucket}/{found['Key']} is there already"
                    raise BadParameter("out", f"{there}: remove it, or name another place")

    def put(self, files: Mapping[str, Path]) -> None:
        """Put files under their names; where one fails, those before it are taken away again.

        Raises:
            Misconfigured: S3 refuses it.
            TryAgain: it did not answer as it should.
        """
        done: list[str] = []
        try:
            for name, path in sorted(files.items()):
                key = self._prefix + name
                self._ask(lambda path=path, key=key: self._put(path, key))  # type: ignore[misc]
                done.append(key)
        except BaseException:
            for key in done:
                with suppress(ClientError, BotoCoreError):
                    self._client.delete_object(Bucket=self._bucket, Key=key)
            raise

    def _put(self, path: Path, key: str) -> None:
        self._client.upload_file(str(path), self._bucket, key)  # in parts from 8 MB on

    def _ask(self, request: Callable[[], T]) -> T:
        try:
            return request()
        except S3UploadFailedError as failed:
            error: Any = failed.__context__ or failed
            if isinstance(error, ClientError):
                raise s3_error(self._uri, error) from None  # its text may hold keys
            raise to_hazard_error(error) or TryAgain(self._uri, _SAID) from None
        except ClientError as error:
            raise s3_error(self._uri, error) from None
        except BotoCoreError as error:
            raise to_hazard_error(error) or TryAgain(self._uri, _SAID) from None


_SAID = "S3 did not take the files"
