"""What arrived in the inbox within an interval of time; docs/use/backfill.md has the rule.

Every file has one moment of arrival, so it belongs to exactly one of the intervals that follow each
other. Whole folders of other days are passed over without being listed.
"""

from __future__ import annotations

import datetime as dt
import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from hazard_store.aws.clients import s3_client
from hazard_store.errors import Misconfigured
from hazard_store.settings import Settings

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_STREAM = re.compile(r"(.*/)?streams/[^/]+/\d{8}T\d{6}-[0-9a-f]{8}/", re.ASCII | re.DOTALL)


@dataclass(frozen=True)
class Interval:
    """From `start` to `end`, which is excluded; both with a time zone."""

    start: dt.datetime
    end: dt.datetime

    def __contains__(self, moment: dt.datetime) -> bool:
        return self.start <= moment < self.end


@dataclass(frozen=True)
class Arrival:
    """A file that arrived, of whatever kind."""

    uri: str
    name: str  # below the inbox, with its folders
    size: int  # bytes
    arrived: dt.datetime


def date_of(name: str) -> dt.date | None:
    """Return the date that a name below the inbox carries: its first folder that is one.

    >>> date_of("2026-11-23/calc_1.hdf5")
    datetime.date(2026, 11, 23)
    >>> date_of("nz/2026-11-23/late/calc_1.hdf5")
    datetime.date(2026, 11, 23)
    >>> date_of("2026-11-23.hdf5"), date_of("2026-02-30/calc_1.hdf5")
    (None, None)
    """
    for folder in name.split("/")[:-1]:
        if _DATE.fullmatch(folder):
            try:
                return dt.date.fromisoformat(folder)
            except ValueError:
                continue
    return None


def arrivals(inbox: str, interval: Interval, settings: Settings) -> Iterator[Arrival]:
    """Yield the files that arrived within an interval, page by page, in no particular order.

    Args:
        inbox: `s3://bucket/`, `s3://bucket/prefix/` or a folder.
        interval: a file with a date in its name arrived at the beginning of that day, UTC; another
            when it was last modified.
        settings: region and endpoint of S3.

    Raises:
        Misconfigured: there is no such inbox, or it may not be listed.
    """
    if not inbox:
        raise Misconfigured("HAZARD_STORE_INBOX", "it is not set, so nothing can arrive there")
    if inbox.startswith("s3://"):
        return _in_s3(inbox, interval, settings)
    if "://" in inbox:
        raise Misconfigured("HAZARD_STORE_INBOX", f"{inbox} is neither s3:// nor a folder")
    return _in_folder(inbox, interval)


def require_listable(inbox: str, settings: Settings) -> None:
    """Ask for one name in the inbox.

    Raises:
        Misconfigured: there is no such inbox, or it may not be listed.
    """
    if not inbox.startswith("s3://"):
        arrivals(inbox, Interval(*[dt.datetime.now(dt.UTC)] * 2), settings)  # refuses what is none
        try:
            os.scandir(inbox).close()
        except (FileNotFoundError, NotADirectoryError) as error:
            raise Misconfigured("HAZARD_STORE_INBOX", f"there is no folder {inbox}") from error
        except OSError as error:
            reason = f"{inbox} cannot be listed: {error.strerror}"
            raise Misconfigured("HAZARD_STORE_INBOX", reason) from error
        return
    bucket, _, prefix = inbox.removeprefix("s3://").partition("/")
    try:
        s3_client(settings, retries=False).list_objects_v2(Bucket=bucket, Prefix=prefix, MaxKeys=1)
    except ClientError as error:
        code = error.response["Error"].get("Code")
        if code == "NoSuchBucket":
            raise Misconfigured("HAZARD_STORE_INBOX", f"there is no bucket {bucket}") from error
        if code in ("AccessDenied", "403"):
            reason = f"s3:ListBucket on {bucket} is not allowed: give the role this right"
            raise Misconfigured("HAZARD_STORE_INBOX", reason) from error
        raise


def _arrival_of(
    inbox: str, name: str, size: int, modified: dt.datetime, interval: Interval
) -> Arrival | None:
    """Return a file's arrival, if it was in the interval."""
    day = date_of(name)
    arrived = modified if day is None else _midnight(day)
    if arrived not in interval:
        return None
    return Arrival(f"{inbox.rstrip('/')}/{name}", name, size, arrived)


def _may_hold(folder: str, interval: Interval) -> bool:
    """Tell whether files of the interval can lie in a folder: `nz/2026-11-23/`.

    Those of a stream never do: the file that was shipped with it is stored by its curves already.
    """
    if _STREAM.fullmatch(folder):
        return False
    day = date_of(folder)
    return day is None or _midnight(day) in interval


def _midnight(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(), dt.UTC)


def _in_s3(inbox: str, interval: Interval, settings: Settings) -> Iterator[Arrival]:
    bucket, _, prefix = inbox.removeprefix("s3://").rstrip("/").partition("/")
    top = f"{prefix}/" if prefix else ""
    pages = s3_client(settings).get_paginator("list_objects_v2")
    folders = [top]
    try:
        while folders:
            for page in pages.paginate(Bucket=bucket, Prefix=folders.pop(), Delimiter="/"):
                for found in page.get("Contents", ()):
                    if not found["Key"].endswith("/"):  # a folder, as the console makes them
                        yield from _of_key(inbox, found, len(top), interval)
                folders += (
                    each["Prefix"]
                    for each in page.get("CommonPrefixes", ())
                    if _may_hold(each["Prefix"][len(top) :], interval)
                )
    except ClientError as error:
        if error.response["Error"].get("Code") == "NoSuchBucket":
            raise Misconfigured("HAZARD_STORE_INBOX", f"there is no bucket {bucket}") from error
        raise


def _of_key(inbox: str, found: Any, start: int, interval: Interval) -> Iterator[Arrival]:
    name = found["Key"][start:]
    arrival = _arrival_of(inbox, name, found["Size"], found["LastModified"], interval)
    if arrival is not None:
        yield arrival


def _in_folder(inbox: str, interval: Interval) -> Iterator[Arrival]:
    top = Path(inbox)
    if not top.is_dir():
        raise Misconfigured("HAZARD_STORE_INBOX", f"there is no folder {inbox}")

    def unreadable(error: OSError) -> None:
        if not isinstance(error, FileNotFoundError):  # removed while we looked
            raise Misconfigured(str(error.filename), f"it cannot be listed: {error.strerror}")

    for folder, folders, files in os.walk(top, onerror=unreadable):
        below = Path(folder).relative_to(top).as_posix()
        prefix = "" if below == "." else f"{below}/"
        folders[:] = [name for name in folders if _may_hold(f"{prefix}{name}/", interval)]
        for file in files:
            found = _status(Path(folder) / file)
            if found is not None and not stat.S_ISDIR(found.st_mode):
                modified = dt.datetime.fromtimestamp(found.st_mtime, dt.UTC)
                name = _readable(prefix + file)
                arrival = _arrival_of(inbox, name, found.st_size, modified, interval)
                if arrival is not None:
                    yield arrival


def _status(file: Path) -> os.stat_result | None:
    """Return what is known of a file, or of a link that leads nowhere; None: it is gone."""
    for follow in (True, False):
        try:
            return file.stat(follow_symlinks=follow)
        except OSError:
            continue
    return None


def _readable(name: str) -> str:
    """Return a name with the bytes that are no text escaped; such a name is refused later."""
    return name.encode("utf-8", "backslashreplace").decode()
