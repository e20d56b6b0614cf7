"""Calculation files on a local or mounted file system."""

from __future__ import annotations

import errno
import fcntl
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager

from hazard_store.errors import BadCalculation, FileChanged, Misconfigured, NoSuchInput, TryAgain
from hazard_store.model import FileVersion

BEING_WRITTEN = (
    "it is still being written, or its engine was killed while writing; "
    "wait for the calculation to end, or run it again"
)


class LocalFile:
    """A local file; its version is inode, time of change and size."""

    def __init__(
        self, uri: str, path: str, etag: str | None = None, room: str | None = None
    ) -> None:
        """Open a file.

        Args:
            uri: what it is called.
            path: where it is.
            etag: the version to read; None: the current one.
            room: the folder, without links, in which what is opened must lie; None: anywhere.
        """
        self._path = path
        with _named(uri):
            status = os.stat(path)  # noqa: PTH116 - a path may hold what pathlib would normalise
            if stat.S_ISDIR(status.st_mode):
                raise NoSuchInput(uri, "it is a folder; name the calc_N.hdf5 file in it")
            if not stat.S_ISREG(status.st_mode):  # opening a pipe would wait for ever
                raise NoSuchInput(uri, "it is not a regular file")
            self._fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            self._refuse_outside(uri, room)
            opened = os.fstat(self._fd)
            self.version = FileVersion(uri, opened.st_size, _etag(opened))
            if etag is not None and etag != self.version.etag:
                raise FileChanged(uri, etag, self.version.etag)
            self._refuse_locked()
        except BaseException:
            self.close()
            raise

    def read(self, start: int, stop: int) -> bytes:
        """Return the bytes `start` to `stop`; a file that changed meanwhile is refused."""
        parts = []
        with _named(self.version.uri):
            while start < stop:
                part = os.pread(self._fd, stop - start, start)
                if not part:
                    break
                parts.append(part)
                start += len(part)
            now = _etag(os.stat(self._path))  # noqa: PTH116
        if now != self.version.etag:
            raise FileChanged(self.version.uri, self.version.etag, now)
        if start < stop:
            raise TryAgain(self.version.uri, f"it ended at byte {start}, {stop} were expected")
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def for_child(self) -> LocalFile:
        """Return it for a forked process: reads at a place share nothing."""
        return self

    def close(self) -> None:
        """Close the file; a second call does nothing."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def _refuse_outside(self, uri: str, room: str | None) -> None:
        """Refuse what lies elsewhere; it is open by now, so no link can be put in its place."""
        where = os.path.realpath(f"/proc/self/fd/{self._fd}")
        if room is not None and not where.startswith(room.rstrip("/") + "/"):
            raise NoSuchInput(uri, "it is a link that leads out of the inbox")

    def _refuse_locked(self) -> None:
        """Refuse a file that a live writer has locked, which is how older HDF5 formats tell."""
        try:
            fcntl.flock(self._fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise BadCalculation(self.version.uri, BEING_WRITTEN) from error
        except OSError:  # a file system without locks: the superblock is then the only witness
            return
        fcntl.flock(self._fd, fcntl.LOCK_UN)


def _etag(status: os.stat_result) -> str:
    return f"{status.st_ino:x}-{status.st_mtime_ns:x}-{status.st_size:x}"


@contextmanager
def _named(uri: str) -> Iterator[None]:
    """Turn what the operating system says about a file into our errors."""
    try:
        yield
    except FileNotFoundError as error:
        raise NoSuchInput(uri) from error
    except PermissionError as error:
        raise Misconfigured(uri, "no permission to read it") from error
    except ValueError as error:
        raise NoSuchInput(uri, f"no such file ({error})") from error
    except OSError as error:
        if error.errno in (errno.ENOTDIR, errno.ENAMETOOLONG, errno.ELOOP):
            raise NoSuchInput(uri, f"no such file ({error.strerror})") from error
        raise TryAgain(uri, f"it cannot be read now ({error.strerror})") from error
