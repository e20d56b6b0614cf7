"""The engine's final file, where it was shipped with a stream: read in the place of its chunks."""

from __future__ import annotations

import hashlib
from contextlib import closing
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from hazard_store.calcfile import CalcFile, file_version, open_calc
from hazard_store.errors import BadCalculation, NoSuchInput
from hazard_store.files.blocks import Piece, blocks
from hazard_store.files.open import open_file
from hazard_store.files.verified import Checksums
from hazard_store.identity import content_header
from hazard_store.model import Calculation, FileVersion, Kind
from hazard_store.settings import Settings
from hazard_store.streamed.documents import SentFile
from hazard_store.streamed.stream import Stream
from hazard_store.streamed.stream_file import open_head


def open_shipped(stream: Stream, sent: SentFile, settings: Settings) -> CalcFile:
    """Open the calculation file that was shipped with a stream.

    It is read from end to end once in a process, since nothing else tells that it is what was sent.

    Args:
        stream: that has ended well.
        sent: how its end names the file.
        settings: region and endpoint of S3.

    Raises:
        NoSuchInput: it is gone.
        BadCalculation: it is not what was sent, or of another calculation than the stream.
        FileChanged: it is overwritten meanwhile.
    """
    uri = stream.uri_of(sent.name)
    try:
        version = file_version(uri, settings)
    except NoSuchInput as error:
        reason = "it is gone: put it back, or name a copy of it, --calc-file FILE"
        raise NoSuchInput(uri, reason) from error
    head, contents = open_head(stream, settings)
    head.close()
    checksums = _checksums(version, sent, settings)
    calc_file = open_calc(uri, settings, version.etag, checksums)
    try:
        _require_same(contents.calculation, calc_file.calculation)
    except BaseException:
        calc_file.close()
        raise
    return calc_file


@lru_cache(maxsize=1)  # whoever goes through the chunks of a plan asks for the same file again
def _checksums(version: FileVersion, sent: SentFile, settings: Settings) -> NDArray[np.uint32]:
    """Return the checksums of a file's blocks, if its bytes are those that were sent."""
    digest, checksums = hashlib.sha256(), Checksums()
    with closing(open_file(version.uri, settings, version.etag)) as file:
        for _, block in blocks(file, [Piece(0, version.size)]):
            digest.update(block)
            checksums.add(block)
    sent.require_digest(version.uri, version.size, digest.hexdigest())
    return checksums.all()


def _require_same(streamed: Calculation, shipped: Calculation) -> None:
    same_kinds = all(streamed.n_rows(kind) == shipped.n_rows(kind) for kind in Kind)
    if not same_kinds or content_header(streamed) != content_header(shipped):
        raise BadCalculation(
            shipped.file.uri,
            "it is of another calculation than its stream: intensity measures, levels, sites, "
            "statistics, logic tree or weights are others; stream it again, or submit the file",
        )
