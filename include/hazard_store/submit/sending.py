"""Sends a file into the inbox: its parts, then its parameters, then it gets its name."""

from __future__ import annotations

import json
import time
from contextlib import closing
from functools import partial
from typing import Any

from hazard_store.errors import BadCalculation, NoSuchInput, Refused
from hazard_store.files.folder_upload import FolderPlace
from hazard_store.files.open import VersionedFile, open_file
from hazard_store.files.s3_upload import S3Place
from hazard_store.files.upload import Sent, digests_of, send_parts
from hazard_store.inbox.sidecar import sidecar_uri
from hazard_store.model import FileVersion, IfStored
from hazard_store.settings import Settings
from hazard_store.workflow.progress import Progress


def send(
    file: VersionedFile,
    source: FileVersion,
    uri: str,
    params: dict[str, Any],
    settings: Settings,
    progress: Progress,
) -> Sent:
    """Send a file, unless the same is there.

    Args:
        file: what is sent.
        source: the calculation file, which must not change meanwhile.
        uri: where in the inbox.
        params: of `store_hazard`, for the sidecar.
        settings: region and endpoint of S3.
        progress: told of the bytes.

    Raises:
        Refused: another file is there, and the parameters do not say that it may be replaced.
        BadCalculation, NoSuchInput: the calculation file has changed; nothing is left behind.
        OutputFailed, TryAgain, Misconfigured: the inbox does not take it.
    """
    place, sidecar = place_of(uri, settings), place_of(sidecar_uri(uri), settings)
    size, began = file.version.size, time.monotonic()
    progress.phase("send", size, "byte")
    there = place.has(partial(digests_of, file.read, size))
    if there:
        sidecar.put(_json(params))
        progress.advance(size)
        progress.done(time.monotonic() - began)
        return Sent([], 0)
    if there is not None and params["if_stored"] != IfStored.REPLACE:
        raise Refused(
            params["calc_id"],
            f"{uri} is another file: remove it from the inbox, or say --if-stored replace",
        )
    with closing(place.upload(size)) as upload:
        try:
            sent = send_parts(file, upload, progress.advance)
            open_file(source.uri, settings, source.etag).close()  # refuses what has changed
        except (BadCalculation, NoSuchInput):
            upload.abandon()
            raise
        if there is not None:
            place.remove()  # or it could be taken with the parameters of the new one
        sidecar.put(_json(params))
        upload.complete(sent.digests)
    progress.done(time.monotonic() - began)
    return sent


def place_of(uri: str, settings: Settings) -> S3Place | FolderPlace:
    """Return a file's place in the inbox."""
    return S3Place(uri, settings) if uri.startswith("s3://") else FolderPlace(uri, settings)


def _json(params: dict[str, Any]) -> bytes:
    return json.dumps(params, indent=1).encode() + b"\n"
