"""Verbs of upkeep: check, repair, remove."""

from __future__ import annotations

import os
import socket
import sys
from dataclasses import asdict

import click

from hazard_store.amounts import count
from hazard_store.cli.options import (
    BUDGET,
    SiteRange,
    ask,
    default_store,
    json_option,
    recorded_parent_option,
    require_yes,
    yes_option,
)
from hazard_store.cli.output import changes_the_store
from hazard_store.cli.progress import progress_for_people
from hazard_store.cli.render import audit_json, echo_json, print_audit
from hazard_store.cli.reports import echo_report, tell_verdict
from hazard_store.errors import EX_OK
from hazard_store.model import Status
from hazard_store.shown import one_line

ROLES = ("reader", "writer", "orchestrator", "remover", "auditor", "all")  # of `workflow.rights`


@click.command("repair")
@click.argument("calc_id")
@click.option("--calc-file", help="The calculation file. [default: as it was stored]")
@click.option("--sites", type=SiteRange(), help="One chunk of the plan only.")
@recorded_parent_option
@yes_option
@json_option
@changes_the_store
def repair_verb(
    calc_id: str,
    calc_file: str | None,
    sites: tuple[int, int] | None,
    parent: str | None,
    yes: bool,
    as_json: bool,
) -> int:
    """Audit CALC_ID, rewrite the items that are missing or altered, and audit it again."""
    from hazard_store.workflow.repair import repair

    def may_delete(extra: int) -> bool:
        if yes or not sys.stdin.isatty():
            return yes
        return click.confirm(f"Delete {count(extra, 'item')} beyond what belongs there?", err=True)

    store = default_store()
    with progress_for_people() as progress:
        report = repair(store, calc_id, calc_file, sites, progress, may_delete, parent=parent)
    if as_json:
        echo_report(audit_json(report))
    else:
        print_audit(report)
    if report.extra and not yes:
        extra = count(report.extra, "extra item")
        click.echo(f"{extra} left alone: --yes deletes what is extra.", err=True)
    if report.passed and report.status != Status.PUBLISHED and sites is None:
        click.echo(f"It is not published yet: `hazard-store publish {calc_id}`.", err=True)
    return tell_verdict(report)


@click.command("remove")
@click.argument("calc_id")
@click.option("--old-versions", is_flag=True, help="Only versions that were replaced.")
@click.option("--take-over", is_flag=True, help="Also if a run is writing it; that run is fenced.")
@click.option("--max-wcu-per-s", type=BUDGET, help="Write budget.")
@yes_option
@json_option
@changes_the_store
def remove_verb(
    calc_id: str,
    old_versions: bool,
    take_over: bool,
    max_wcu_per_s: float | None,
    yes: bool,
    as_json: bool,
) -> None:
    """Withdraw CALC_ID, delete all of it, and count that nothing is left."""
    from hazard_store.workflow.remove import remove, remove_old

    asks = not (yes or old_versions)
    require_yes(not asks, f"remove {calc_id}")
    store = default_store()
    head = store.head(calc_id)
    if asks:
        size = f"{count(head.calculation.n_sites, 'site')}, {head.status}"
        ask(calc_id, f"Remove {calc_id} ({size}) for good?")
    owner = store.settings.owner or f"remove-{socket.gethostname()}-{os.getpid()}"
    with progress_for_people() as progress:
        if old_versions:
            removed = remove_old(store, calc_id, owner, progress)
        else:
            removed = remove(
                store, calc_id, owner, progress, take_over=take_over, max_wcu_per_s=max_wcu_per_s
            )
    if as_json:
        echo_report(asdict(removed))
    else:
        click.echo(
            f"{calc_id}: {count(len(removed.versions), 'version')}, "
            f"{count(removed.items, 'item')} deleted with {count(removed.wcu, 'write unit')}; "
            f"{removed.left} left, counted."
        )


@click.command("check")
@click.option(
    "--for",
    "role",
    type=click.Choice(ROLES),
    default="all",
    show_default=True,
    help="Whose rights are tried.",
)
@json_option
def check_verb(role: str, as_json: bool) -> int:
    """Tell whether the store can be used from here: settings, address, clock, tables, rights.

    A line each, green or with the next step. Writes nothing. Exit code 78 where something is to be
    mended, 75 where the network does not answer.
    """
    from hazard_store.workflow.check import check, exit_code_of

    found = []
    for each in check(role):
        found.append(each)
        if not as_json:
            mark = click.style("ok ", fg="green") if each.well else click.style("RED", fg="red")
            click.echo(f"{mark} {each.name:8} {one_line(each.text)}")
    code = exit_code_of(found)
    if as_json:
        checks = [{"name": f.name, "well": f.well, "text": f.text} for f in found]
        echo_json({"well": code == EX_OK, "exit_code": code, "checks": checks})
    return code


VERBS = (repair_verb, remove_verb, check_verb)
