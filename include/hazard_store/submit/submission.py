"""Sends what is stored of a calculation file into the inbox: parameters first, then the file."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from hazard_store.errors import BadCalculation, BadParameter, Misconfigured
from hazard_store.model import ContentDigests, IfStored, Inspection, StoreOptions
from hazard_store.settings import Settings
from hazard_store.submit.sending import place_of, send
from hazard_store.submit.smaller import as_it_is, smaller
from hazard_store.workflow.inspect import inspect
from hazard_store.workflow.progress import Progress
from hazard_store.workflow.shape import check_parameters, map_statistics


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
    _refuse_itself(uri, target)
    inspection = inspect(uri, settings, progress, bool(options.force_normalised_sites), parent)
    _check_options(inspection, options, whole)
    params = params_of(calc_id, options, if_stored)
    file_of, source = as_it_is if whole else smaller, inspection.calculation.file
    with file_of(inspection, options, settings, progress) as file:
        sent = send(file, source, target, params, settings, progress)
        size = file.version.size
    return Submitted(
        uri=target,
        params=params,
        content=inspection.content,
        original_size=source.size,
        size=size,
        sent=sent.n_bytes,
        arrived=place_of(target, settings).arrived().isoformat(timespec="seconds"),
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


def _refuse_itself(uri: str, target: str) -> None:
    """Refuse a file that would be sent in its own place."""
    local = "://" not in uri and "://" not in target
    if uri == target or (local and Path(uri).resolve() == Path(target).resolve()):
        reason = f"{uri} is what lies in the inbox under this id: there is nothing to be sent"
        raise BadParameter("CALC_FILE", reason)


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
