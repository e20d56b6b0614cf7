"""The bytes of one version of a calculation file, wherever it is kept."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

from hazard_store.errors import NoSuchInput
from hazard_store.files.local import LocalFile
from hazard_store.files.s3 import S3File
from hazard_store.model import FileVersion
from hazard_store.settings import Settings
from hazard_store.shown import is_text


class VersionedFile(Protocol):
    """A file pinned to one version: every byte that it returns belongs to that version.

    `read` may be called from several threads.
    """

    version: FileVersion

    def read(self, start: int, stop: int) -> bytes:
        """Return exactly the bytes `start` to `stop` of the file (`stop` excluded).

        Raises:
            FileChanged: the file is no longer the pinned version.
            NoSuchInput: the file is gone.
            TryAgain: it cannot be reached for now.
        """

    def close(self) -> None:
        """Let go of the file."""

    def for_child(self) -> VersionedFile:
        """Return it for a forked process, which shares no connections with this one."""


def open_file(uri: str, settings: Settings, etag: str | None = None) -> VersionedFile:
    """Open a file at the version `etag`, or at its current one.

    Args:
        uri: a path, `file:///path` or `s3://bucket/key` (the key as it is, nothing escaped).
        settings: region and endpoint of S3.
        etag: the version to read, as `FileVersion.etag` gave it.

    Raises:
        NoSuchInput: there is no such file.
        FileChanged: it has another version.
        Misconfigured: it may not be read with these settings or credentials.
        TryAgain: it cannot be reached for now.
    """
    scheme, separator, _ = uri.partition("://")
    if not is_text(uri):
        raise NoSuchInput(uri, "its name is no text in UTF-8: rename it")
    if not separator:
        return LocalFile(str(Path(uri).absolute()), uri, etag, _room(uri, settings))
    if scheme == "s3":
        return S3File(uri, settings, etag)
    if scheme == "file":
        parts = urlsplit(uri)
        if parts.netloc in ("", "localhost"):
            path = unquote(parts.path)
            return LocalFile(uri, path, etag, _room(path, settings))
    raise NoSuchInput(uri, "a calculation file is a local path, file:///path or s3://bucket/key")


def _room(path: str, settings: Settings) -> str | None:
    """Return the folder out of which no link may lead: the inbox, if the path is in it."""
    inbox = settings.inbox
    inside = inbox and "://" not in inbox and path.startswith(inbox.rstrip("/") + "/")
    return os.path.realpath(inbox) if inside else None
