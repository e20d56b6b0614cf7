"""The documents of a stream: its manifest, which begins it, and its end."""

from __future__ import annotations

import hashlib
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from hazard_store.errors import BadCalculation, NewerRelease
from hazard_store.shown import cut

FORMAT = 1
MANIFEST, ALIVE, END = "manifest.json", "alive.json", "end.json"


def is_stream(uri: str) -> bool:
    """Tell whether a calculation is named by the manifest of its stream.

    >>> is_stream("s3://inbox/streams/CALC13/20261126T101500-0a1b2c3d/manifest.json")
    True
    """
    return uri.endswith(f"/{MANIFEST}")


def chunk_name(number: int) -> str:
    """Return the name of a chunk file."""
    return f"chunk-{number:05d}.hsc"


class SentFile(BaseModel):
    """A file that was sent, as its sender knew it."""

    model_config = ConfigDict(frozen=True)

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9.-]*$")  # never a path
    size: int
    sha256: str

    def require(self, uri: str, content: bytes) -> None:
        """Refuse content that is not what was sent.

        Raises:
            BadCalculation: it is not.
        """
        self.require_digest(uri, len(content), hashlib.sha256(content).hexdigest())

    def require_digest(self, uri: str, size: int, sha256: str) -> None:
        """Refuse a file of which only its size and its SHA-256 are at hand.

        Raises:
            BadCalculation: it is not what was sent.
        """
        if (size, sha256) != (self.size, self.sha256):
            reason = "its bytes are not those that the engine's machine sent: stream it again"
            raise BadCalculation(uri, reason)


class _Document(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    format: int

    @classmethod
    def read(cls, uri: str, content: bytes) -> Self:
        """Return the document that a file holds.

        Raises:
            NewerRelease: its format is not known here.
            BadCalculation: it is none.
        """
        try:
            found = cls.model_validate_json(content)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"])) or "it"
            raise BadCalculation(
                uri, f"it is not a stream's: {where}: {cut(first['msg'])}"
            ) from error
        if found.format > FORMAT:
            raise NewerRelease(uri, f"format {found.format}", FORMAT, "hazard-store-stream")
        return found


class Manifest(_Document):
    """What is known of a stream when it begins."""

    calc_id: str
    run: str
    engine_version: str
    n_sites: int
    kinds: dict[str, tuple[int, int, int]]  # (K, M, L) of `hcurves-rlzs`, `hcurves-stats`
    options: dict[str, Any] = {}
    head: SentFile


class End(_Document):
    """How a stream ended."""

    ended: Literal["complete", "failed"]
    reason: str | None = None
    chunks: tuple[SentFile, ...] = ()
    file: SentFile | None = None  # the engine's final file, where it was shipped
