"""Verbs that tell what is stored: list, and show of one calculation."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from hazard_store.cli.columns import in_columns, short_date, terminal_width
from hazard_store.cli.options import RATE, FiniteRange, default_store, json_option
from hazard_store.cli.render import echo_json, last_audit_json, last_audit_text
from hazard_store.cli.shown_calculation import shown_calculation
from hazard_store.errors import NewerRelease
from hazard_store.limits import MAX_STALE_DAYS
from hazard_store.model import Status
from hazard_store.shown import one_line

if TYPE_CHECKING:
    from hazard_store.records import Head
    from hazard_store.records.documents import LastAudit

_HEADER = ("calc_id", "status", "since", "sites", "rlzs", "imts", "last audit")


def head_json(head: Head) -> dict[str, Any]:
    """Return all that the head says."""
    content = head.calculation.model_dump(mode="json")
    state = {k: v for k, v in asdict(head).items() if k != "calculation"}
    return {"calc_id": head.calc_id, **state, "status": str(head.status), **content}


@click.command("list")
@click.option("--all", "all_states", is_flag=True, help="Also what is not published.")
@click.option(
    "--stale-days",
    type=FiniteRange(min=0, max=MAX_STALE_DAYS),
    help="Only what is stale for so long.",
)
@click.option("--imt", "imts", multiple=True, help="Only what has this measure; repeatable.")
@click.option("--vs30", "vs30s", multiple=True, type=RATE, help="Only what has it; repeatable.")
@click.option(
    "--engine", "engines", multiple=True, help="Only of this version, 3.16 or 3.16.7; repeatable."
)
@click.option("--since", metavar="DAY", help="Only what was run on this day or later, 2024-05-31.")
@click.option("--until", metavar="DAY", help="Only what was run on this day or earlier.")
@json_option
def list_verb(
    all_states: bool,
    stale_days: float | None,
    imts: tuple[str, ...],
    vs30s: tuple[float, ...],
    engines: tuple[str, ...],
    since: str | None,
    until: str | None,
    as_json: bool,
) -> None:
    """List the stored calculations."""
    from hazard_store.query.head_filter import HeadFilter
    from hazard_store.workflow.stale import is_stale

    wanted = HeadFilter.of(imts or None, vs30s or None, engines or None, since, until)
    store = default_store(reads=True)
    now, heads, newer = dt.datetime.now(dt.UTC), [], None

    def is_wanted(head: Head) -> bool:
        if stale_days is not None and not is_stale(head, stale_days, now):
            return False
        shown = all_states or stale_days is not None or head.status is Status.PUBLISHED
        return shown and wanted.fits(store, head)

    try:
        for head in store.heads.many(store.heads.entries()):
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
        rows = [_row(head, last) for head, last in audited]
        for line in in_columns(_HEADER, rows, terminal_width()):
            click.echo(line)
    if newer is not None:
        raise newer


def _row(head: Head, last: LastAudit | None) -> tuple[str, ...]:
    stored = head.calculation
    return (
        one_line(head.calc_id),
        str(head.status),
        short_date(head.since),
        str(stored.n_sites),
        str(stored.n_realisations) if stored.realisations else "-",
        str(len(stored.imts)),
        "never" if last is None else f"{_verdict(last)} {short_date(last.at)}",
    )


def _verdict(last: LastAudit) -> str:
    return "passed" if last.passed else "FAILED"


@click.command("show")
@click.argument("calc_id")
@json_option
def show_verb(calc_id: str, as_json: bool) -> None:
    """Show everything about one calculation but its curves."""
    from hazard_store.query.opened import visible_head

    store = default_store(reads=True)
    head, entry = visible_head(store, calc_id, unpublished=True), store.heads.entry(calc_id)
    reports = store.reports(head)
    last, audits = reports.last_audit(), reports.history()
    if not as_json:
        said = last_audit_text(last)
        for line in shown_calculation(head, entry, audits, said, terminal_width()):
            click.echo(line)
        return
    content = head_json(head)
    if entry is not None:
        content |= {"next_version": entry.next, "old_versions": list(entry.old)}
    echo_json({**content, "audits": audits, "last_audit": last_audit_json(last)})


VERBS = (list_verb, show_verb)
