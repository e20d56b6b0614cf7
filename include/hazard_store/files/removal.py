"""Removes files that are ours to remove: chunks of a stream, once they are stored."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from pathlib import Path

from botocore.exceptions import ClientError

from hazard_store.aws.clients import s3_client
from hazard_store.errors import Misconfigured
from hazard_store.files.s3 import s3_error
from hazard_store.settings import Settings

KEYS_PER_REQUEST = 1000  # that S3 deletes at once


def remove_files(folder: str, names: Iterable[str], settings: Settings) -> None:
    """Remove files of one folder; those that are not there are passed over.

    Args:
        folder: a path or `s3://bucket/prefix`, with a slash at its end.
        names: of the files.
        settings: region and endpoint of S3.

    Raises:
        Misconfigured: they may not be removed.
        TryAgain: S3 did not answer as it should.
    """
    if not folder.startswith("s3://"):
        for name in names:
            try:
                Path(folder, name).unlink(missing_ok=True)
            except OSError as error:
                raise Misconfigured(f"{folder}{name}", f"{error.strerror}") from error
        return
    bucket, _, prefix = folder.removeprefix("s3://").partition("/")
    client, left = s3_client(settings), iter(names)
    while some := [{"Key": f"{prefix}{name}"} for name in islice(left, KEYS_PER_REQUEST)]:
        try:
            answer = client.delete_objects(Bucket=bucket, Delete={"Objects": some, "Quiet": True})
        except ClientError as error:
            raise s3_error(folder, error) from None  # its text may hold keys
        for refused in answer.get("Errors", ()):
            raise Misconfigured(f"s3://{bucket}/{refused['Key']}", f"S3: {refused['Code']}")
