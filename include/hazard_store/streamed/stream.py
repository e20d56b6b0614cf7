"""One stream in the inbox: what has arrived of it, and how it ended."""

from __future__ import annotations

import hashlib
from contextlib import closing
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hazard_store.errors import BadCalculation, NoSuchInput
from hazard_store.files.open import VersionedFile, open_file
from hazard_store.files.removal import remove_files
from hazard_store.model import FileVersion
from hazard_store.settings import Settings
from hazard_store.streamed.chunk_file import ChunkFile
from hazard_store.streamed.documents import ALIVE, END, MANIFEST, End, Manifest, chunk_name

SUBMIT = "when the engine has ended, `hazard-store submit` its calculation file"


class StreamEnded(BadCalculation):
    """A stream ended before all curves had arrived."""


@dataclass(frozen=True)
class ArrivedChunk:
    """The curves of one chunk.

    Attributes:
        number: from 0.
        sids: (n,) its sites, ascending.
        curves: float32 (n, K, M, L) by `hcurves-rlzs` and `hcurves-stats`.
    """

    number: int
    sids: NDArray[np.intp]
    curves: dict[str, NDArray[np.float32]]


class Stream:
    """The files of one stream, at the version of its manifest that was opened.

    Attributes:
        version: of the manifest.
        sha256: of the manifest, which names the head by its digest and the run.
        manifest: what the stream began with.
    """

    def __init__(self, uri: str, settings: Settings, etag: str | None = None) -> None:
        """Read the manifest.

        Args:
            uri: of the manifest.
            settings: region and endpoint of S3.
            etag: the version of it to read; None: the current one.

        Raises:
            NoSuchInput: there is none.
            FileChanged: it is another version.
            BadCalculation: it is not a manifest.
        """
        self._folder, self._settings = uri.removesuffix(MANIFEST), settings
        with closing(open_file(uri, settings, etag)) as file:
            self.version: FileVersion = file.version
            content = file.read(0, file.version.size)
        self.content = content
        self.sha256 = hashlib.sha256(content).hexdigest()
        self.manifest = Manifest.read(uri, content)
        self._end: End | None = None

    def open(self, name: str) -> VersionedFile:
        """Open a file of the stream.

        Raises:
            NoSuchInput: it has not arrived.
        """
        return open_file(self.uri_of(name), self._settings)

    def has(self, name: str) -> bool:
        """Tell whether a file of the stream has arrived."""
        try:
            self.open(name).close()
        except NoSuchInput:
            return False
        return True

    def uri_of(self, name: str) -> str:
        """Return where a file of the stream is."""
        return f"{self._folder}{name}"

    def read(self, name: str) -> bytes | None:
        """Return what a small file of the stream holds; None: it has not arrived."""
        try:
            file = self.open(name)
        except NoSuchInput:
            return None
        with closing(file):
            return file.read(0, file.version.size)

    def end(self) -> End | None:
        """Return how the stream ended; None: it has not.

        Raises:
            StreamEnded: it ended badly; the reason is the engine's machine's own.
        """
        if self._end is None:
            content = self.read(END)
            if content is None:
                return None
            self._end = End.read(self.uri_of(END), content)  # it is the last word
        if self._end.ended == "failed":
            raise StreamEnded(self.version.uri, f"the stream failed: {self._end.reason}")
        return self._end

    def complete(self) -> End:
        """Return the end of a stream that has ended well.

        Raises:
            StreamEnded: it has not.
        """
        end = self.end()
        if end is None:
            raise StreamEnded(self.version.uri, "the stream has not ended: wait for its end.json")
        return end

    def chunk(self, number: int) -> ChunkFile:
        """Open a chunk for some of its sites.

        Raises:
            NoSuchInput: it has not arrived.
            BadCalculation: it is damaged.
        """
        file = self.open(chunk_name(number))
        try:
            return ChunkFile(file, number, self.manifest)
        except BaseException:
            file.close()
            raise

    def arrived(self, number: int) -> ArrivedChunk | None:
        """Return a chunk with all its curves; None: it has not arrived.

        Raises:
            BadCalculation: it is damaged.
        """
        try:
            chunk = self.chunk(number)
        except NoSuchInput:
            return None
        with closing(chunk):
            order = np.arange(len(chunk.sids))
            curves = {
                kind: np.concatenate([box.poes for box in chunk.boxes(kind, order)])
                for kind in self.manifest.kinds
            }
        return ArrivedChunk(number, chunk.sids, curves)

    def remove_chunks(self) -> None:
        """Remove what is large, once all of it is stored; the manifest, head and end stay.

        Raises:
            Misconfigured: they may not be removed.
        """
        names = [ALIVE, *(sent.name for sent in self.complete().chunks)]
        remove_files(self._folder, names, self._settings)

    def sign_of_life(self) -> str | None:
        """Return the version of the last sign of life; None: there is none."""
        try:
            with closing(self.open(ALIVE)) as file:
                return file.version.etag
        except NoSuchInput:
            return None
