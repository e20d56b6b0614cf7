"""Verbs that lead a calculation into the store, from `inspect` to `publish`."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import click

from hazard_store.cli.completion import complete_files
from hazard_store.cli.options import (
    BUDGET,
    SiteRange,
    ask,
    default_store,
    file_settings,
    hidden_store_options,
    json_option,
    parent_option,
    recorded_parent_option,
    require_yes,
    store_options,
    store_settings,
    yes_option,
)
from hazard_store.cli.output import changes_the_store
from hazard_store.cli.progress import ProgressLines, progress_for_people
from hazard_store.cli.render import (
    audit_json,
    described,
    echo_json,
    echo_line,
    last_audit_json,
    last_audit_text,
    print_audit,
    print_forecast,
    print_table,
)
from hazard_store.cli.reports import echo_report, tell_verdict
from hazard_store.errors import EX_OK, HazardStoreError, NewerRelease
from hazard_store.model import IfStored, Kind, StoreOptions
from hazard_store.shown import one_line

if TYPE_CHECKING:
    from hazard_store.records import AuditReport
    from hazard_store.settings import Settings
    from hazard_store.workflow.foreseen import Foreseen
    from hazard_store.workflow.load import Loaded
    from hazard_store.workflow.plan import Plan

PLAN_S = 5.0  # that a plan waits for the store, without which it says most of what it knows
_PHASES = {"meta": "wcu", "stats": "wcu", "realisations": "wcu", "audit": "rcu"}


if_stored_option = click.option(
    "--if-stored",
    type=click.Choice([i.value for i in IfStored]),
    default="fail",
    help="What to do where something is stored under CALC_ID.",
)
workers_option = click.option(
    "--workers", type=click.IntRange(min=1), default=1, help="Processes that write at once."
)

log = logging.getLogger("hazard_store")


@click.command("inspect")
@click.argument("calc_file", shell_complete=complete_files)
@click.option("--leave-for", "calc_id", hidden=True, help="For a run that is to plan this id.")
@hidden_store_options
@parent_option
@json_option
def inspect_verb(
    calc_file: str, calc_id: str | None, parent: str | None, as_json: bool, **options: Any
) -> None:
    """Read CALC_FILE once, from end to end, and tell whether it can be stored."""
    from hazard_store.workflow.inspect import inspect, inspection_json, leave_for_run

    settings = file_settings(calc_file)
    with progress_for_people() as progress:
        forced = bool(options["force_normalised_sites"])
        found = inspect(calc_file, settings, progress, forced, parent)
    if calc_id is not None:
        leave_for_run(default_store(), found, calc_id, StoreOptions(**options))
    content = inspection_json(found)
    if as_json:
        echo_report(content)
        return
    notes = content.pop("notes")
    print_table(calc_file, ("", "value"), described(content))
    for note in notes:
        echo_line(note)


@click.command("plan")
@click.argument("calc_file", shell_complete=complete_files)
@click.argument("calc_id")
@store_options
@if_stored_option
@workers_option
@parent_option
@json_option
def plan_verb(
    calc_file: str,
    calc_id: str,
    if_stored: str,
    workers: int,
    parent: str | None,
    as_json: bool,
    **options: Any,
) -> None:
    """Say what loading CALC_FILE as CALC_ID would write and cost. Writes nothing."""
    from hazard_store.workflow.load import inspect_and_plan

    settings = file_settings(calc_file)
    with progress_for_people() as progress:
        plan = inspect_and_plan(
            calc_file, calc_id, StoreOptions(**options), settings, progress, workers, parent=parent
        )
    foreseen = _foreseen(plan, IfStored(if_stored), settings)
    stored = foreseen.calculation
    if as_json:
        content = stored.model_dump(mode="json")
        content["chunks"] = [[c.start, c.stop] for c in stored.chunks]
        content["statistics_per_item"] = stored.statistics_sizes
        content["if_loaded"] = foreseen.note
        echo_json(content)
        return
    print_forecast(stored.forecast, len(stored.chunks))
    if foreseen.note:
        echo_line(foreseen.note)


def _foreseen(plan: Plan, if_stored: IfStored, settings: Settings) -> Foreseen:
    """Return what a load would do; where no store answers, as if nothing were stored."""
    from botocore.exceptions import BotoCoreError, ClientError

    from hazard_store.aws.errors import to_hazard_error
    from hazard_store.store import Store
    from hazard_store.workflow.foreseen import Foreseen, foresee

    quick = settings.model_copy(update={"retry_limit_s": min(PLAN_S, settings.retry_limit_s)})
    try:
        return foresee(Store(quick), plan, if_stored)
    except NewerRelease:
        raise
    except (HazardStoreError, BotoCoreError, ClientError) as error:
        said = to_hazard_error(error) if not isinstance(error, HazardStoreError) else error
        if said is None:
            raise
        reason = f"The store was not asked what it has ({said}): with today's defaults."
        return Foreseen(plan.calculation, one_line(reason))


@click.command("tables")
@click.argument("what", type=click.Choice(["create", "delete"]))
@click.option("--unprotected", is_flag=True, help="create: without protection from deletion.")
@yes_option
@changes_the_store
def tables_verb(what: str, unprotected: bool, yes: bool) -> None:
    """Create the tables of this stage, or delete them with all that is in them."""
    from hazard_store.table_lifecycle import create_tables, delete_tables

    if what == "create":
        names = create_tables(store_settings(), protected=not unprotected)
    else:
        require_yes(yes, "tables delete")
        settings = store_settings()
        if not yes:
            name = settings.stage
            ask(
                name, f"This deletes all calculations of the stage {name}. Its name, to go on", name
            )
        names = delete_tables(settings)
    for name in names:
        click.echo(f"{what}d {name}")
    if not names:
        click.echo("nothing to do")


@click.command("load")
@click.argument("calc_file", shell_complete=complete_files)
@click.argument("calc_id")
@store_options
@if_stored_option
@workers_option
@parent_option
@json_option
@changes_the_store
def load_verb(
    calc_file: str,
    calc_id: str,
    if_stored: str,
    workers: int,
    parent: str | None,
    as_json: bool,
    **options: Any,
) -> int:
    """Store CALC_FILE as CALC_ID: the whole workflow, audit and publication included."""
    return load_and_print(calc_file, calc_id, if_stored, workers, as_json, options, parent=parent)


def load_and_print(
    calc_file: str,
    calc_id: str,
    if_stored: str,
    workers: int,
    as_json: bool,
    options: dict[str, Any],
    progress: ProgressLines | None = None,
    parent: str | None = None,
) -> int:
    """Load, show progress and print how it ended."""
    from hazard_store.workflow.load import load

    store = default_store()
    with progress or progress_for_people() as shown:
        loaded: Loaded = load(
            store,
            calc_file,
            calc_id,
            StoreOptions(**options),
            shown,
            IfStored(if_stored),
            workers,
            parent=parent,
        )
    last = default_store().reports(loaded.head).last_audit() if loaded.already_published else None
    if as_json:
        phases: dict[str, Any] = {
            name: {"seconds": 0, "cpu_seconds": 0, unit: 0, **loaded.phases.get(name, {})}
            for name, unit in _PHASES.items()
        }
        phases["maps"] = {"wcu": 0, **loaded.phases.get("maps", {})}
        content = {**audit_json(loaded.report), "phases": phases}
        if loaded.already_published:
            content |= {"already_published": True, "last_audit": last_audit_json(last)}
        echo_report(content)
    elif loaded.already_published:
        audited = f"last audited {last_audit_text(last)}"
        click.echo(f"{calc_id}: already published, {audited}; nothing was written.")
        if last is not None and not last.passed:
            click.echo(f"`hazard-store repair {calc_id}` writes again what is missing or altered.")
    else:
        print_audit(loaded.report)
    if loaded.already_published:  # what an earlier audit has found is no verdict of this load
        return EX_OK
    return tell_verdict(loaded.report)


@click.command("write")
@click.argument("calc_file", shell_complete=complete_files)
@click.argument("calc_id")
@click.option(
    "--kind", type=click.Choice([k.value for k in Kind]), required=True, help="Of its curves."
)
@click.option("--sites", type=SiteRange(), required=True, help="One chunk of the plan.")
@recorded_parent_option
@changes_the_store
def write_verb(
    calc_file: str, calc_id: str, kind: str, sites: tuple[int, int], parent: str | None
) -> None:
    """Write one chunk of one kind of CALC_ID; all else comes from the calculation record."""
    from hazard_store.workflow.fence import writable
    from hazard_store.workflow.write import report_of_published, write_chunk

    store = default_store()
    before = report_of_published(store, calc_id, Kind(kind), sites)
    if before is not None:
        log.info("%s: this run has published it; nothing is written", calc_id)
        echo_report(before.model_dump(mode="json"))
        return
    with progress_for_people() as progress:
        head = writable(store, calc_id)
        chunk = head.calculation.chunk(*sites)
        progress.phase(kind, head.calculation.items_of(Kind(kind), chunk), "item")
        report = write_chunk(store, calc_file, head, Kind(kind), chunk, progress.advance, parent)
        progress.done(report.seconds)
    echo_report(report.model_dump(mode="json"))


@click.command("audit")
@click.argument("calc_id")
@click.option("--calc-file", help="Compare with this file, bit for bit, instead of the digests.")
@click.option("--sites", type=SiteRange(), help="One chunk of the plan only.")
@click.option("--scan", is_flag=True, help="Also read whole tables for items under other keys.")
@click.option("--max-rcu-per-s", type=BUDGET, help="Read budget.")
@recorded_parent_option
@json_option
@changes_the_store
def audit_verb(
    calc_id: str,
    calc_file: str | None,
    parent: str | None,
    sites: tuple[int, int] | None,
    scan: bool,
    max_rcu_per_s: float | None,
    as_json: bool,
) -> int:
    """Read back what is stored of CALC_ID and compare; exit code 1 where it differs."""
    from hazard_store.workflow.audit import audit

    store = default_store()
    with progress_for_people() as progress:
        report: AuditReport = audit(
            store,
            calc_id,
            calc_file,
            sites,
            progress,
            scan=scan,
            max_rcu_per_s=max_rcu_per_s,
            parent=parent,
        )
    if as_json:
        echo_report(audit_json(report))
    else:
        print_audit(report)
    return tell_verdict(report)


@click.command("publish")
@click.argument("calc_id")
@changes_the_store
def publish_verb(calc_id: str) -> None:
    """Show CALC_ID to its readers; refused unless its audit passed."""
    from hazard_store.workflow.publish import publish

    store = default_store()
    head = publish(store, store.head(calc_id, working=True))
    click.echo(f"{head.calc_id}: {head.status}")


VERBS = (inspect_verb, plan_verb, tables_verb, load_verb, write_verb, audit_verb, publish_verb)
