"""Verbs that read: list, show."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict
from typing import Any

import click

from hazard_store.amounts import count, dollars, seconds
from hazard_store.cli.options import (
    FiniteRange,
    default_store,
    json_option,
)
from hazard_store.cli.render import (
    described,
    echo_json,
    last_audit_json,
    last_audit_text,
    print_forecast,
    print_table,
)
from hazard_store.errors import NewerRelease
from hazard_store.model import Status
from hazard_store.query.opened import visible_head
from hazard_store.records import Head
from hazard_store.records.documents import LastAudit
from hazard_store.shown import cut
from hazard_store.workflow.stale import is_stale


def head_json(head: Head) -> dict[str, Any]:
    """Return all that the head says."""
    content = head.calculation.model_dump(mode="json")
    state = {k: v for k, v in asdict(head).items() if k != "calculation"}
    return {"calc_id": head.calc_id, **state, "status": str(head.status), **content}


@click.command("list")
@click.option("--all", "all_states", is_flag=True, help="Also what is not published.")
@click.option("--stale-days", type=FiniteRange(min=0), help="Only what is stale for so long.")
@json_option
def list_verb(all_states: bool, stale_days: float | None, as_json: bool) -> None:
    """List the stored calculations."""
    store = default_store(reads=True)
    now, heads, newer = dt.datetime.now(dt.UTC), [], None

    def is_wanted(head: Head) -> bool:
        if stale_days is not None:
            return is_stale(head, stale_days, now)
        return all_states or head.status is Status.PUBLISHED

    try:
        for head in store.heads.all():
            if is_wanted(head):
                heads.append(head)
    except NewerRelease as error:  # said when the others were listed
        newer = error
    audited = [(head, store.reports(head).last_audit()) for head in heads]
    if as_json:
        echo_json(
            [{**head_json(head), "last_audit": last_audit_json(last)} for head, last in audited]
        )
    else:
        _print_list(audited)
    if newer is not None:
        raise newer


def _print_list(audited: list[tuple[Head, LastAudit | None]]) -> None:
    print_table(
        "Calculations",
        (
            *("calc_id", "status", "since", "last audit"),
            *("sites", "rlzs", "stats", "imts", "keys", "layout"),
        ),
        (
            (
                head.calc_id,
                head.status,
                head.since,
                last_audit_text(last),
                head.calculation.n_sites,
                head.calculation.n_realisations if head.calculation.realisations else "-",
                " ".join(map(cut, head.calculation.aggs)),
                len(head.calculation.imts),
                head.calculation.key_scheme,
                head.calculation.layout,
            )
            for head, last in audited
        ),
    )


@click.command("show")
@click.argument("calc_id")
@json_option
def show_verb(calc_id: str, as_json: bool) -> None:
    """Show everything about one calculation but its curves."""
    store = default_store(reads=True)
    head, entry = visible_head(store, calc_id, unpublished=True), store.heads.entry(calc_id)
    content = head_json(head)
    if entry is not None:
        content |= {"next_version": entry.next, "old_versions": list(entry.old)}
    last = store.reports(head).last_audit()
    content["audits"] = store.reports(head).history()
    content["last_audit"] = last_audit_json(last)
    if as_json:
        echo_json(content)
        return
    content["notes"] = " ".join(content["notes"])
    content["levels"] = f"{len(head.calculation.levels[0])} per IMT"
    content["chunks"] = len(head.calculation.chunks)
    forecast = content.pop("forecast")
    outcome = content.pop("outcome")
    history = content.pop("audits")
    content["old_versions"] = " ".join(content.get("old_versions", ()))
    content["last_audit"] = last_audit_text(last)
    print_table(calc_id, ("", "value"), described(content))
    if forecast:
        print_forecast(head.calculation.forecast, len(head.calculation.chunks))
    if "dollars" in outcome:
        click.echo(
            f"Really taken: {seconds(outcome.get('seconds', 0))} from the claim to the audit's "
            f"end, {dollars(outcome['dollars'])} (forecast: {seconds(forecast['seconds'])} of "
            f"writing, {dollars(forecast['dollars'])})."
        )
    for past in history:
        differences = past["missing"] + past["extra"] + past["altered"]
        found = count(differences, "difference") if differences else "no differences"
        click.echo(f"audited {past['at']}: {found}")
    for kind in ("stats", "realisations"):
        if kind in outcome:
            took = outcome[kind]
            click.echo(
                f"{kind}: really took {count(took['wcu'], 'write unit')}, "
                f"{seconds(took['writer_seconds'])} of writers, {count(took['retries'], 'retry')}."
            )


VERBS = (list_verb, show_verb)
