"""The trigger params of `store_hazard`, as the UI shows them and the API checks them."""

from __future__ import annotations

import re
from typing import Any

from airflow.sdk import Param

from hazard_store.limits import CALC_ID_PATTERN, MAX_REALISATIONS

WHAT = "The calculation"
HOW = "How it is stored"
WORK = "Work and budget"

# The form sends every field, so one that nobody filled in has to be empty: it was not named.
UNNAMED = "Empty: as it is stored, and where nothing is,"
# A switch of the form cannot be empty; a text can, and the API takes true and false all the same.
_BOOLEAN = {
    "type": ["string", "boolean", "null"],
    "pattern": "^(true|false)$",
    "examples": ["true", "false"],
}
_SPECIAL = re.compile(r"[.+*?()\[\]{}|^$\\/]")


def _inbox_pattern(inbox: str) -> str:
    """Return a pattern for Python and browsers alike: files under the inbox.

    It spares the user a red run. What counts is `require_in_inbox`, in the run.
    """
    if not inbox:
        return "^.+$"
    prefix = inbox.rstrip("/") + "/"
    return "^" + _SPECIAL.sub(r"\\\g<0>", prefix) + r"[^\s\\%?#{}]+$"


def store_params(inbox: str) -> dict[str, Param]:
    """Return the parameters of `store_hazard`.

    Args:
        inbox: the bucket or folder in which calculation files may lie.
    """
    where = f"in the inbox, {inbox}" if inbox else "in the inbox (HAZARD_STORE_INBOX is not set!)"
    return {
        "calc_id": _param(
            WHAT,
            "Calculation id",
            "The id to store it under: letters, digits and . _ = - after the first; "
            "e.g. CALC13 or CALC13.DSLOC.",
            type="string",
            pattern=CALC_ID_PATTERN,
        ),
        "calc_file": _param(
            WHAT,
            "Calculation file",
            f"URI of an OpenQuake calculation (calc_N.hdf5) {where}.",
            type="string",
            pattern=_inbox_pattern(inbox),
            maxLength=1024,
            examples=[f"{inbox.rstrip('/')}/calc_1.hdf5"] if inbox else None,
        ),
        "parent_file": _param(
            WHAT,
            "Parent file",
            "Only for a calculation that continues another one (--hc): URI of that one's file, "
            f"{where}, which has the weights. Empty: calc_N.hdf5 beside it.",
            None,
            type=["null", "string"],
            pattern=_inbox_pattern(inbox),
            maxLength=1024,
        ),
        "realisations": _param(
            WHAT,
            "Realisations too",
            f"false: only the statistics (mean, quantiles ...) are stored. {UNNAMED} true.",
            None,
            **_BOOLEAN,
        ),
        "if_stored": _param(
            WHAT,
            "If it is stored already",
            "The same published file is left as it is in either case, and the run is green.",
            "fail",
            type="string",
            enum=["fail", "resume", "replace"],
            values_display={
                "fail": "fail: refuse another file, and what another run has begun",
                "resume": "resume: take over an unfinished run and write only what is missing",
                "replace": "replace: store it beside the published one, then switch to it",
            },
        ),
        "key_scheme": _param(
            HOW,
            "Key scheme",
            f"What is one hash key of the tables. {UNNAMED} calc-location.",
            None,
            type=["string", "null"],
            enum=[None, "calc-location", "location", "calc"],
            values_display={
                "null": "as stored, else calc-location",
                "calc-location": "calc-location: calculation and 0.1 degree (fastest)",
                "location": "location: 0.5 degree, all calculations together",
                "calc": "calc: the calculation (one partition: slow)",
            },
        ),
        "layout": _param(
            HOW,
            "Layout",
            "Packed items are small and exact; readable ones are for people who browse the "
            f"console, and cost several times as much. {UNNAMED} packed.",
            None,
            type=["string", "null"],
            enum=[None, "packed", "readable"],
            values_display={"null": "as stored, else packed"},
        ),
        "realisations_per_item": _param(
            HOW,
            "Realisations per item",
            f"Consecutive realisations of a site in one packed item. {UNNAMED} the measured "
            "default.",
            None,
            type=["null", "integer"],
            minimum=1,
            maximum=MAX_REALISATIONS,
        ),
        "statistics_per_item": _param(
            HOW,
            "Statistics per item",
            "Consecutive statistics of a site in one packed item; mean: the mean alone, the others "
            f"together. {UNNAMED} the measured default.",
            None,
            type=["string", "integer", "null"],
            pattern="^(mean|[1-9][0-9]{0,4})$",
            minimum=1,
            maximum=MAX_REALISATIONS,
            examples=["mean", "1"],
        ),
        "map_statistics": _param(
            HOW,
            "Map statistics",
            "Statistics that also get items by map, with commas between them (mean,0.5), or all, "
            f"or none. {UNNAMED} the mean, where chunks have some hundred sites.",
            None,
            type=["string", "null"],
            pattern="^[A-Za-z0-9._+-]+( *, *[A-Za-z0-9._+-]+)*$",
            maxLength=1024,
            examples=["mean", "none", "all"],
        ),
        "force_normalised_sites": _param(
            HOW,
            "Normalised site codes",
            "true: codes from coordinates ([lat~lon]) even where the file has custom site ids. "
            f"{UNNAMED} false.",
            None,
            **_BOOLEAN,
        ),
        "sites_per_chunk": _param(
            WORK,
            "Sites per writer",
            "Empty: at least a minute of work for each, at most 32 writers a kind.",
            None,
            type=["null", "integer"],
            minimum=1,
        ),
        "max_wcu_per_s": _param(
            WORK,
            "Write budget",
            "Write units a second of the whole run, all writers together. Empty: no limit.",
            None,
            type=["null", "number"],
            exclusiveMinimum=0,
        ),
        "dry_run": _param(
            WORK,
            "Dry run",
            "Stop after the plan, which says what storing would take. Nothing is written.",
            False,
            type="boolean",
        ),
    }


def _param(section: str, title: str, text: str, *default: Any, **schema: Any) -> Param:
    given = {name: value for name, value in schema.items() if value is not None}
    return Param(*default, title=title, description=text, section=section, **given)
