"""An upload into a folder: parts beside the file's place, then its name by one rename."""

from __future__ import annotations

import datetime as dt
import fcntl
import os
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path

from hazard_store.errors import NoSuchInput, TryAgain
from hazard_store.files.open import open_file
from hazard_store.files.upload import digests_of
from hazard_store.files.written import written, written_beside
from hazard_store.settings import Settings


class FolderPlace:
    """A file's place in a folder: what is under its name, and what is on the way there."""

    def __init__(self, uri: str, settings: Settings) -> None:
        self.uri = uri
        self._path, self._settings = Path(uri), settings

    def has(self, digests: Callable[[], list[bytes]]) -> bool | None:
        """Tell whether what is under the name has some parts; None: nothing is there.

        Args:
            digests: gives the SHA-256 of each part, where they are asked for.
        """
        try:
            file = open_file(self.uri, self._settings)
        except NoSuchInput:
            return None
        with closing(file):
            return digests_of(file.read, file.version.size) == digests()

    def arrived(self) -> dt.datetime:
        """Return when what is under the name arrived."""
        with written(self._path):
            return dt.datetime.fromtimestamp(self._path.stat().st_mtime, dt.UTC)

    def put(self, content: bytes) -> None:
        """Put a small file under the name, whole or not at all."""
        with written_beside(self._path) as beside:
            beside.write_bytes(content)

    def remove(self) -> None:
        """Remove what is under the name; nothing may be there."""
        with written(self._path):
            self._path.unlink(missing_ok=True)

    def upload(self, size: int) -> FolderUpload:
        """Return the upload that was begun and not ended, or a new one."""
        return FolderUpload(self._path, self._beside, size)

    @property
    def _beside(self) -> Path:
        """A hidden name, which nobody takes for a calculation."""
        return self._path.with_name(f".{self._path.name}.part")


class FolderUpload:
    """A hidden file beside the place, which gets the name when it is whole."""

    def __init__(self, path: Path, beside: Path, size: int) -> None:
        """Open it.

        Raises:
            TryAgain: another process is sending the same.
        """
        self._path, self._beside, self._size = path, beside, size
        with written(path):
            self._is_new = not beside.exists()
            self._fd = os.open(beside, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
            try:
                fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                os.ftruncate(self._fd, size)
            except BlockingIOError as error:
                self.close()
                reason = "another process is sending it: wait for its end"
                raise TryAgain(str(path), reason) from error

    def present(self) -> Mapping[int, bytes]:
        """Return the SHA-256 of the parts that are there, by their numbers from 1 on."""
        return {} if self._is_new else dict(enumerate(self._digests(), start=1))

    def put(self, number: int, start: int, content: bytes, sha256: bytes) -> None:
        """Put a part."""
        del number, sha256
        rest = memoryview(content)
        with written(self._path):
            while rest:
                done = os.pwrite(self._fd, rest, start)
                rest, start = rest[done:], start + done

    def complete(self, digests: list[bytes]) -> None:
        """Show the file under its name, if all parts are there as they must be.

        Raises:
            TryAgain: a part is not as it was sent.
        """
        with written(self._path):
            os.fsync(self._fd)
            if self._digests() != digests:
                raise TryAgain(str(self._path), "it did not arrive as it was sent: submit it again")
            os.utime(self._beside)  # it arrives now, whenever its parts did
            self.close()  # a reader takes a locked file for one that is being written
            self._beside.rename(self._path)

    def abandon(self) -> None:
        """Take away what is there."""
        self._beside.unlink(missing_ok=True)

    def close(self) -> None:
        """Let go of it; what is there stays."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def _digests(self) -> list[bytes]:
        return digests_of(lambda start, stop: os.pread(self._fd, stop - start, start), self._size)
