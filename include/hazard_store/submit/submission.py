"""Sends what is stored of a calculation file into the inbox: parameters first, then the file."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from hazard_store.calcfile import open_calc
from hazard_store.calcfile.metadata import read_contents
from hazard_store.calcfile.submitted import write_submitted
from hazard_store.errors import (
    BadCalculation,
    BadParameter,
    Misconfigured,
    NoSuchInput,
    OutputFailed,
    Refused,
)
from hazard_store.files.folder_upload import FolderPlace
from hazard_store.files.open import VersionedFile, open_file
from hazard_store.files.s3_upload import S3Place
from hazard_store.files.upload import Sent, digests_of, send_parts
from hazard_store.files.verified import VerifiedFile
from hazard_store.identity import content_header
from hazard_store.inbox.sidecar import sidecar_uri
from hazard_store.model import ContentDigests, IfStored, Inspection, StoreOptions
from hazard_store.settings import Settings
from hazard_store.shown import cut
from hazard_store.workflow.inspect import inspect
from hazard_store.workflow.progress import Progress
from hazard_store.workflow.shape import check_parameters, map_statistics

Place = S3Place | FolderPlace
NOT_SMALLER = (
    "what is stored of it cannot be put into a smaller file, since what the engine needs of it "
    "could not be kept: send it with --whole"
)


@dataclass(frozen=True)
class Submitted:
    """What is in the inbox now."""

    uri: str
    params: dict[str, Any]  # of `store_hazard`, as the sidecar has them
    content: ContentDigests | None
    original_size: int  # bytes of the calculation file
    size: int  # bytes of what is in the inbox
    sent: int  # bytes that were sent by this process: what was there before was not
    arrived: str  # when it arrived, UTC, by which a backfill goes: for S3, when its sending began


def submit(
    uri: str,
    calc_id: str,
    options: StoreOptions,
    settings: Settings,
    progress: Progress,
    if_stored: IfStored = IfStored.FAIL,
    *,
    parent: str | None = None,
    whole: bool = False,
) -> Submitted:
    """Send a calculation file, or what is stored of it, into the inbox.

    After an interruption the same call sends what is missing.

    Args:
        uri: the calculation file.
        calc_id: the id to store it under.
        options: how to store it, as far as it is named.
        settings: the inbox, and region and endpoint of S3.
        progress: told of progress.
        if_stored: what the run that stores it is to do; `replace` also replaces another file of
            this id in the inbox.
        parent: the file of the calculation that it continues, whose weights are sent with it.
        whole: send the file as it is.

    Raises:
        BadParameter: the id or an option is invalid.
        BadCalculation: the file cannot be stored, or changed meanwhile; nothing is left behind.
        Misconfigured: there is no inbox.
        Refused: another file of this id is in the inbox.
        OutputFailed: there is no room for the smaller file, or the inbox cannot be written.
        TryAgain: S3 does not answer; what has arrived stays for the next try.
    """
    check_parameters(calc_id, options)
    target = inbox_uri(calc_id, settings)
    inspection = inspect(uri, settings, progress, bool(options.force_normalised_sites), parent)
    _check_options(inspection, options, whole)
    params = params_of(calc_id, options, if_stored)
    file_of = _as_it_is if whole else _smaller
    with file_of(inspection, options, settings, progress) as file:
        sent = _send(file, inspection, target, params, settings, progress)
        size = file.version.size
    return Submitted(
        uri=target,
        params=params,
        content=inspection.content,
        original_size=inspection.calculation.file.size,
        size=size,
        sent=sent.n_bytes,
        arrived=_place(target, settings).arrived().isoformat(timespec="seconds"),
    )


def inbox_uri(calc_id: str, settings: Settings) -> str:
    """Return where a calculation lies in the inbox.

    Raises:
        Misconfigured: there is no inbox.
    """
    inbox = settings.inbox.rstrip("/")
    if not inbox:
        reason = "it is not set: set it to the inbox, s3://bucket/prefix/ or a folder"
        raise Misconfigured("HAZARD_STORE_INBOX", reason)
    if "://" not in inbox and not Path(inbox).is_dir():
        raise Misconfigured("HAZARD_STORE_INBOX", f"there is no folder {inbox}: make it first")
    return f"{inbox}/{calc_id}.hdf5"


def params_of(calc_id: str, options: StoreOptions, if_stored: IfStored) -> dict[str, Any]:
    """Return the parameters of `store_hazard` that were named, as a sidecar has them."""
    named = {name: value for name, value in asdict(options).items() if value is not None}
    return {"calc_id": calc_id, "if_stored": str(if_stored), **named}


def _check_options(inspection: Inspection, options: StoreOptions, whole: bool) -> None:
    """Refuse what the run would refuse."""
    calculation = inspection.calculation
    if options.map_statistics is not None:
        map_statistics(calculation.aggs, options.map_statistics)
    if not calculation.aggs and options.realisations is False:
        reason = "it has no statistics, and realisations were not to be stored"
        raise BadCalculation(calculation.file.uri, reason)
    if whole and inspection.parent is not None:
        raise BadParameter(
            "--whole",
            f"the weights are in {inspection.parent.uri}: without --whole they are sent as well",
        )


@contextmanager
def _as_it_is(
    inspection: Inspection, options: StoreOptions, settings: Settings, progress: Progress
) -> Iterator[VersionedFile]:
    del options, progress
    version = inspection.calculation.file
    file = open_file(version.uri, settings, version.etag)
    with closing(VerifiedFile(file, inspection.checksums)) as verified:
        yield verified


@contextmanager
def _smaller(
    inspection: Inspection, options: StoreOptions, settings: Settings, progress: Progress
) -> Iterator[VersionedFile]:
    """Make the smaller file in the system's temporary folder; it is gone after the block."""
    with ExitStack() as stack:
        with _room():
            made = tempfile.TemporaryDirectory(prefix="hazard-store-submit-")
            path = Path(stack.enter_context(made)) / "calculation.hdf5"
            _pack(path, inspection, options, settings, progress)
        yield stack.enter_context(closing(open_file(str(path), settings)))


def _pack(
    path: Path,
    inspection: Inspection,
    options: StoreOptions,
    settings: Settings,
    progress: Progress,
) -> None:
    version, parent, began = inspection.calculation.file, inspection.parent, time.monotonic()
    if not inspection.engine_objects:
        raise BadCalculation(version.uri, NOT_SMALLER)
    source = open_calc(
        version.uri,
        settings,
        version.etag,
        inspection.checksums,
        parent=None if parent is None else parent.uri,
    )
    progress.phase("pack", None, "byte")
    with source:
        realisations = options.realisations is not False
        write_submitted(path, source, inspection, realisations, progress.advance)
    if not _tells_the_same(inspection, path, settings):
        raise BadCalculation(version.uri, NOT_SMALLER)
    progress.done(time.monotonic() - began)


def _tells_the_same(inspection: Inspection, path: Path, settings: Settings) -> bool:
    """Tell whether a file that was made here gives its curves the same meaning.

    The curves are those that were inspected, by their checksums; whoever unpacks them holds them
    against a checksum of their own.
    """
    try:
        with closing(open_file(str(path), settings)) as file:
            made = read_contents(file, settings, known=True).calculation
    except BadCalculation:  # it lacks what every calculation has
        return False
    return content_header(made) == content_header(inspection.calculation)


def _send(
    file: VersionedFile,
    inspection: Inspection,
    uri: str,
    params: dict[str, Any],
    settings: Settings,
    progress: Progress,
) -> Sent:
    """Send a file, unless the same is there; its sidecar is there before it has its name."""
    place, sidecar = _place(uri, settings), _place(sidecar_uri(uri), settings)
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
    source = inspection.calculation.file
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


def _place(uri: str, settings: Settings) -> Place:
    return S3Place(uri, settings) if uri.startswith("s3://") else FolderPlace(uri, settings)


def _json(params: dict[str, Any]) -> bytes:
    return json.dumps(params, indent=1).encode() + b"\n"


@contextmanager
def _room() -> Iterator[None]:
    """Say of a full temporary folder what to do."""
    try:
        yield
    except OSError as error:
        raise OutputFailed(
            tempfile.gettempdir(),
            f"there is no room for the smaller file ({cut(error.strerror or error)}): make room, "
            "or set TMPDIR",
        ) from error
