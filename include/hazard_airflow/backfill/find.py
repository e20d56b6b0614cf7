"""The first step of `backfill_hazard`: which files arrived, and what is asked for each.

Imported inside tasks only. A file that cannot be stored is handed on with the reason, so that it is
seen in the run like the others.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import logging
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from airflow.sdk.definitions.param import ParamsDict
from airflow.sdk.exceptions import ParamValidationError

from hazard_airflow.forms import require_known
from hazard_airflow.store_params import store_params
from hazard_store.errors import BadCalculation, BadParameter, Misconfigured
from hazard_store.inbox.arrivals import Arrival, Interval, arrivals
from hazard_store.inbox.guard import require_in_inbox
from hazard_store.inbox.sidecar import calc_id_of, is_calculation, read_sidecar, sidecar_uri
from hazard_store.keys import storage_id
from hazard_store.settings import Settings
from hazard_store.shown import one_line, quoted

log = logging.getLogger(__name__)

SLUG_LENGTH = 40
HASH_LENGTH = 8  # hex digits
EARLIEST = dt.datetime(1, 1, 1, tzinfo=dt.UTC)
_NOT_IN_A_RUN_ID = re.compile(r"[^A-Za-z0-9_.]+")

# As JSON: uri, name, calc_id, conf of the child run, its run_id, and why it is refused, or None.
File = dict[str, Any]


def interval_of(
    by_hand: bool,
    start: dt.datetime | None,
    end: dt.datetime | None,
    now: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC),
) -> Interval:
    """Return the interval that a run looks at.

    Args:
        by_hand: whether a person triggered it: then it is all time until now, whatever the date.
        start: of the data interval; None where the run has none.
        end: of the data interval, excluded.
        now: the time.

    Raises:
        BadParameter: the run has no data interval.
    """
    if by_hand:
        return Interval(EARLIEST, now())
    if start is None or end is None:
        raise BadParameter(
            "data interval",
            "this run has none, so no file has arrived in it: trigger it by hand, or use "
            "`airflow backfill create`",
        )
    return Interval(start, end)


def find(
    interval: Interval,
    day: dt.date,
    owner: str,
    is_stored: Callable[[File], bool] | None = None,
) -> tuple[list[File], dict[str, int]]:
    """Return the calculation files that arrived in an interval, and how many others did.

    Args:
        interval: when.
        day: which the runs that store them are named by.
        owner: token of this run.
        is_stored: tells of a file whether it is stored already: then it is left out, and so is one
            whose id a later file has. None: all are returned.

    Returns:
        The files, and the numbers of those `left_out` and of those `ignored`, which are none.

    Raises:
        Misconfigured: the inbox cannot be listed, or more arrived than one run can handle.
    """
    settings = Settings.from_environment()
    ignored, found = 0, []
    for arrival in arrivals(settings.inbox, interval, settings):
        if is_calculation(arrival.name):
            found.append(arrival)
        elif not arrival.name.lower().endswith(".json"):
            ignored += 1
            log.info(
                "%s is not a calculation file (*.hdf5) and is left alone", one_line(arrival.uri)
            )
        if is_stored is None and len(found) > settings.max_map_length:
            break  # else it is known only when all were looked at
    found.sort(key=lambda arrival: arrival.name)
    handled = [(arrival, _file(arrival, settings, f"{day:%Y-%m-%d}", owner)) for arrival in found]
    files = [file for _, file in handled]
    if is_stored is not None:
        files = [file for file in _latest(handled) if file["refused"] or not is_stored(file)]
    if len(files) > settings.max_map_length:
        raise Misconfigured(
            "HAZARD_STORE_MAX_MAP_LENGTH",
            f"more than {settings.max_map_length:,} files arrived {said(interval)}, and Airflow "
            "maps no task over more: raise it together with Airflow's own max_map_length, or "
            "spread the files over several days' folders",
        )
    files = _twice_refused(files)
    for file in files:
        next_step = file["refused"] or f"to be stored as {file['calc_id']}"
        log.info("%s: %s", one_line(file["name"]), one_line(next_step))
    return files, {"left_out": len(found) - len(files), "ignored": ignored}


def said(interval: Interval) -> str:
    """Return an interval as a sentence says it, in UTC.

    >>> noon = dt.datetime(2026, 11, 23, 12, tzinfo=dt.UTC)
    >>> said(Interval(noon, noon + dt.timedelta(days=1)))
    'from 2026-11-23 12:00:00 to 2026-11-24 12:00:00 UTC'
    >>> said(Interval(EARLIEST, noon))
    'until 2026-11-23 12:00:00 UTC'
    """
    start, end = (
        f"{each.astimezone(dt.UTC):%Y-%m-%d %H:%M:%S}" for each in (interval.start, interval.end)
    )
    return f"until {end} UTC" if interval.start == EARLIEST else f"from {start} to {end} UTC"


def _latest(handled: Sequence[tuple[Arrival, File]]) -> list[File]:
    """Return the files without those whose id a file has that arrived later."""
    latest: dict[str, dt.datetime] = {}
    for arrival, file in handled:
        calc_id = file["calc_id"]
        latest[calc_id] = max(arrival.arrived, latest.get(calc_id, arrival.arrived))
    kept = []
    for arrival, file in handled:
        if file["calc_id"] is None or arrival.arrived == latest[file["calc_id"]]:
            kept.append(file)
        else:
            log.info("%s: left out, a later file is %s too", file["name"], file["calc_id"])
    return kept


def _file(arrival: Arrival, settings: Settings, day: str, owner: str) -> File:
    conf, refused, run_id = {}, None, None
    try:
        require_in_inbox(arrival.uri, settings.inbox)
        conf = params_of_file(arrival, settings)
        run_id = child_run_id(conf, day, owner)
    except (BadParameter, BadCalculation) as error:
        refused = error.reason if isinstance(error, BadParameter) else str(error)
    return {
        "uri": arrival.uri,
        "name": arrival.name,
        "calc_id": conf.get("calc_id"),
        "conf": conf,
        "run_id": run_id,
        "refused": refused,
    }


def params_of_file(arrival: Arrival, settings: Settings) -> dict[str, Any]:
    """Return the parameters of `store_hazard` for a file: its sidecar's, and the id by its name.

    Raises:
        BadCalculation: the sidecar is not right; the sentence names it.
        BadParameter: the file's name cannot be an id, and no sidecar gives one; or it has a space.
    """
    if any(character.isspace() for character in arrival.uri):
        raise BadParameter("calc_file", "the file's name, or a folder's, has a space in it")
    sidecar = sidecar_uri(arrival.uri)
    require_in_inbox(sidecar, settings.inbox)  # a link may lead out of a folder
    given = read_sidecar(arrival.uri, settings)
    if given.setdefault("calc_file", arrival.uri) != arrival.uri:
        raise BadCalculation(
            sidecar,
            f"calc_file is {quoted(given['calc_file'])}, and this sidecar is for {arrival.uri}",
        )
    if "calc_id" not in given:
        given["calc_id"] = calc_id_of(arrival.name)
    try:
        params_of(given, settings)
        storage_id(given["calc_id"])
        if given.get("parent_file"):
            require_in_inbox(given["parent_file"], settings.inbox, "parent_file")
    except ValueError as error:
        raise BadCalculation(sidecar, str(error)) from error
    return given


def params_of(conf: Mapping[str, Any], settings: Settings) -> dict[str, Any]:
    """Return all parameters of `store_hazard`, checked as its form checks them.

    Raises:
        BadParameter: a parameter is unknown or invalid.
    """
    params = ParamsDict(store_params(settings))
    require_known(conf, params)
    for name, value in conf.items():
        try:
            params[name] = value
        except ParamValidationError as error:
            reason = str(error).partition(": ")[2] or str(error)
            raise BadParameter(name, reason.splitlines()[0]) from error
    return dict(params.validate())


def child_run_id(conf: Mapping[str, Any], day: str, owner: str) -> str:
    """Return the id of the run that stores a calculation.

    The same for the same parameters in the same run, since a task that is cleared must find its
    child again; another for others, since Airflow keeps the parameters of a run for ever.

    Args:
        conf: the parameters of the child.
        day: of the data interval.
        owner: token of the run that asks.
    """
    calc_id = str(conf["calc_id"])
    slug = _NOT_IN_A_RUN_ID.sub("-", calc_id)[:SLUG_LENGTH].strip("-")
    asked = json.dumps(conf, sort_keys=True) + owner
    return f"backfill__{day}__{slug}-{_hash(calc_id)}__{_hash(asked)}"


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:HASH_LENGTH]


def _twice_refused(files: list[File]) -> list[File]:
    """Refuse all files that share an id: which of them was meant cannot be known."""
    names: dict[str, list[str]] = {}
    for file in files:
        if file["calc_id"] is not None:
            names.setdefault(file["calc_id"], []).append(file["name"])
    for file in files:
        others = [name for name in names.get(file["calc_id"], ()) if name != file["name"]]
        if others and file["refused"] is None:
            file["refused"] = (
                f"{', '.join(others[:3])} of the same day would be {file['calc_id']} too: give one "
                "of them another name, or another calc_id in a sidecar"
            )
    return files
