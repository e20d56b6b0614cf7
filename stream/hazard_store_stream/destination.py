# Copyright (C) 2026 the makers of Hazard Store
# SPDX-License-Identifier: AGPL-3.0-or-later
"""Where a stream's files go: a folder, or a bucket of S3. A file is there whole, or not at all."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

PIECE = 8 << 20  # bytes that are copied at once
OnBytes = Callable[[int], None]  # told how many more bytes of a file are sent


class BadDestination(Exception):
    """Files cannot go there, whoever tries again."""


class Destination(Protocol):
    """One stream's place in the inbox."""

    def put(self, name: str, content: bytes) -> None:
        """Store a file under a name."""

    def put_file(self, name: str, path: Path, on_bytes: OnBytes) -> None:
        """Store a file of this machine under a name, however large it is."""


class Folder:
    """A folder of the inbox."""

    def __init__(self, path: Path) -> None:
        self._path = path
        path.mkdir(parents=True, exist_ok=True)

    def put(self, name: str, content: bytes) -> None:
        """Write a file beside its name, then rename it."""
        part = self._path / f".{name}.part"
        part.write_bytes(content)
        part.replace(self._path / name)

    def put_file(self, name: str, path: Path, on_bytes: OnBytes) -> None:
        """Copy a file beside its name, then rename it."""
        part = self._path / f".{name}.part"
        try:
            with path.open("rb") as source, part.open("wb") as copy:
                while piece := source.read(PIECE):
                    copy.write(piece)
                    on_bytes(len(piece))
            part.replace(self._path / name)
        except BaseException:
            part.unlink(missing_ok=True)
            raise


class Bucket:
    """A prefix in a bucket; region, endpoint and credentials are those of the AWS environment."""

    def __init__(self, uri: str) -> None:
        try:
            import boto3
            from botocore.config import Config
        except ImportError as error:
            raise BadDestination(
                f"{uri}: the environment of the engine has no boto3: install "
                "hazard-store-stream[s3]"
            ) from error
        self._bucket, _, self._prefix = uri.removeprefix("s3://").partition("/")
        config = Config(retries={"mode": "standard", "total_max_attempts": 5})
        self._client = boto3.client("s3", config=config)

    def put(self, name: str, content: bytes) -> None:
        """Put an object."""
        self._client.put_object(Bucket=self._bucket, Key=self._key(name), Body=content)

    def put_file(self, name: str, path: Path, on_bytes: OnBytes) -> None:
        """Put an object, a large one in parts; S3 holds each against its checksum."""
        self._client.upload_file(
            str(path),
            self._bucket,
            self._key(name),
            ExtraArgs={"ChecksumAlgorithm": "SHA256"},
            Callback=on_bytes,
        )

    def _key(self, name: str) -> str:
        return f"{self._prefix}/{name}"


def destination_of(uri: str) -> Destination:
    """Return where the files of a stream go.

    Args:
        uri: `s3://bucket/prefix` or a folder, of this one stream.

    Raises:
        BadDestination: neither of them, or boto3 is not installed.
    """
    if uri.startswith("s3://"):
        return Bucket(uri)
    if "://" in uri:
        raise BadDestination(f"{uri}: an inbox is s3://bucket/prefix or a folder")
    try:
        return Folder(Path(uri))
    except OSError as error:
        raise BadDestination(f"{uri}: {error.strerror}") from error
