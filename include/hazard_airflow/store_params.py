"""The trigger params of `store_hazard`, as the UI shows them and the API checks them."""

from __future__ import annotations

import re

from airflow.sdk import Param

from hazard_airflow.form_fields import (
    OR_NOTHING,
    budget_field,
    calc_id_field,
    field,
    switch_field,
    whole_field,
)
from hazard_store.limits import END, MAX_REALISATIONS, MAX_SITES_PER_CHUNK
from hazard_store.settings import Settings

# The form opens with the fields that have no section; the sections below them are folded.
WHAT = "More about the calculation"
HOW = "How it is stored"
WORK = "Work and budget"

# The form sends every field, so one that nobody filled in has to be empty: it was not named.
UNNAMED = "Empty: as it is stored, and where nothing is,"
_SPECIAL = re.compile(r"[.+*?()\[\]{}|^$\\/]")


def inbox_pattern(inbox: str, name: str = "") -> str:
    """Return a pattern for Python and browsers alike: files under the inbox.

    It spares the user a red run. What counts is `require_in_inbox`, in the run.

    Args:
        inbox: of the installation; empty: none is set.
        name: pattern of the end of a file's name.
    """
    if not inbox:
        return "^.+" + name + END
    prefix = inbox.rstrip("/") + "/"
    return "^" + _SPECIAL.sub(r"\\\g<0>", prefix) + r"[^\s\\%?#{}]+" + name + END


def store_params(settings: Settings) -> dict[str, Param]:
    """Return the parameters of `store_hazard`.

    Args:
        settings: of the installation: the inbox, in which calculation files may lie, and limits.
    """
    inbox = settings.inbox
    where = f"in the inbox, {inbox}" if inbox else "in the inbox (HAZARD_STORE_INBOX is not set!)"
    a_file = f"the URI of a file {where}, without spaces and \\ % ? # {{ }}"
    in_inbox = {"pattern": inbox_pattern(inbox), "maxLength": 1024}
    return {
        "calc_id": calc_id_field(
            "Calculation id",
            "The id to store it under: letters, digits and . _ = - after the first; "
            "e.g. CALC13 or CALC13.DSLOC.",
        ),
        "calc_file": field(
            "Calculation file",
            f"URI of an OpenQuake calculation (calc_N.hdf5) {where}.",
            a_file,
            type="string",
            examples=[f"{inbox.rstrip('/')}/calc_1.hdf5"] if inbox else None,
            **in_inbox,
        ),
        "dry_run": switch_field(
            "Dry run",
            "Stop after the plan, which says what storing would take. Nothing is written. "
            f"This installation stores no calculation of more than {settings.max_items:,.0f} "
            f"items (HAZARD_STORE_MAX_ITEMS) or {settings.max_dollars:,g} dollars "
            "(HAZARD_STORE_MAX_DOLLARS).",
        ),
        "parent_file": field(
            "Parent file",
            "Only for a calculation that continues another one (--hc): URI of that one's file, "
            f"{where}, which has the weights. Empty: calc_N.hdf5 beside it.",
            a_file + OR_NOTHING,
            None,
            type=["null", "string"],
            section=WHAT,
            **in_inbox,
        ),
        "realisations": _choice(
            "Realisations too",
            f"false: only the statistics (mean, quantiles ...) are stored. {UNNAMED} true.",
            section=WHAT,
        ),
        "if_stored": field(
            "If it is stored already",
            "The same published file is left as it is in either case, and the run is green.",
            "fail, resume or replace",
            "fail",
            type="string",
            enum=["fail", "resume", "replace"],
            values_display={
                "fail": "fail: refuse another file, and what another run has begun",
                "resume": "resume: take over an unfinished run and write only what is missing",
                "replace": "replace: store it beside the published one, then switch to it",
            },
            section=WHAT,
        ),
        "key_scheme": field(
            "Key scheme",
            f"What is one hash key of the tables. {UNNAMED} calc-location.",
            f"calc-location, location, calc{OR_NOTHING}",
            None,
            type=["string", "null"],
            enum=[None, "calc-location", "location", "calc"],
            values_display={
                "null": "as stored, else calc-location",
                "calc-location": "calc-location: calculation and 0.1 degree (fastest)",
                "location": "location: 0.5 degree, all calculations together",
                "calc": "calc: the calculation (one partition: slow)",
            },
            section=HOW,
        ),
        "layout": field(
            "Layout",
            "Packed items are small and exact; readable ones are for people who browse the "
            f"console, and cost several times as much. {UNNAMED} packed.",
            f"packed, readable{OR_NOTHING}",
            None,
            type=["string", "null"],
            enum=[None, "packed", "readable"],
            values_display={"null": "as stored, else packed"},
            section=HOW,
        ),
        "realisations_per_item": whole_field(
            "Realisations per item",
            f"Consecutive realisations of a site in one packed item. {UNNAMED} the measured "
            "default.",
            MAX_REALISATIONS,
            section=HOW,
        ),
        "statistics_per_item": field(
            "Statistics per item",
            "Consecutive statistics of a site in one packed item; mean: the mean alone, the others "
            f"together. {UNNAMED} the measured default.",
            f"a whole number from 1 to {MAX_REALISATIONS:,}, mean{OR_NOTHING}",
            None,
            type=["string", "integer", "null"],
            pattern="^(mean|[1-9][0-9]{0,4})" + END,
            minimum=1,
            maximum=MAX_REALISATIONS,
            examples=["mean", "1"],
            section=HOW,
        ),
        "map_statistics": field(
            "Map statistics",
            "Statistics that also get items by map, with commas between them (mean,0.5), or all, "
            f"or none. {UNNAMED} the mean, where chunks have some hundred sites.",
            f"names of statistics with commas between them, all, none{OR_NOTHING}",
            None,
            type=["string", "null"],
            pattern="^[A-Za-z0-9._+-]+( *, *[A-Za-z0-9._+-]+)*" + END,
            maxLength=1024,
            examples=["mean", "none", "all"],
            section=HOW,
        ),
        "force_normalised_sites": _choice(
            "Normalised site codes",
            "true: codes from coordinates ([lat~lon]) even where the file has custom site ids. "
            f"{UNNAMED} false.",
            section=HOW,
        ),
        "sites_per_chunk": whole_field(
            "Sites per writer",
            "Empty: the plan divides the sites among the writers, of which at most "
            f"{settings.writers:,} run at once (HAZARD_STORE_WRITERS).",
            MAX_SITES_PER_CHUNK,
            section=WORK,
        ),
        "max_wcu_per_s": budget_field(
            "Write budget",
            "Write units a second of the whole run, all writers together. Empty: no limit.",
            section=WORK,
        ),
        "max_rcu_per_s": budget_field(
            "Read budget",
            "Read units a second of all audits of the run together. Empty: what the tables give, "
            f"{settings.table_rcu_per_s:,.0f} each (HAZARD_STORE_TABLE_WCU_PER_S).",
            section=WORK,
        ),
    }


def _choice(title: str, text: str, section: str) -> Param:
    """Return a field for true, false or nothing.

    A switch of the form cannot be empty; a text can, and the API takes true and false all the same.
    """
    return field(
        title,
        text,
        f"true, false{OR_NOTHING}",
        None,
        type=["string", "boolean", "null"],
        pattern="^(true|false)" + END,
        examples=["true", "false"],
        section=section,
    )
