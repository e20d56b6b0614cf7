"""The verb that sends a calculation file into the inbox, and has it stored."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from hazard_store.cli.completion import complete_files
from hazard_store.cli.log_lines import say
from hazard_store.cli.options import json_option, parent_option, store_options
from hazard_store.cli.progress import progress_for_people
from hazard_store.cli.render import echo_json, echo_line
from hazard_store.cli.write import if_stored_option
from hazard_store.errors import EX_OK, HazardStoreError
from hazard_store.model import IfStored, StoreOptions

if TYPE_CHECKING:
    from hazard_store.submit.airflow import Airflow
    from hazard_store.submit.submission import Submitted

LEFT = "No Airflow is set (HAZARD_STORE_AIRFLOW_URL): the next backfill of the inbox stores it."


@click.command("submit")
@click.argument("calc_file", shell_complete=complete_files)
@click.argument("calc_id")
@store_options
@if_stored_option
@parent_option
@click.option("--whole", is_flag=True, help="Send the file as it is, with all that is not stored.")
@click.option("--follow", is_flag=True, help="Wait for the end of the run, and end as it does.")
@json_option
def submit_verb(
    calc_file: str,
    calc_id: str,
    if_stored: str,
    parent: str | None,
    whole: bool,
    follow: bool,
    as_json: bool,
    **options: Any,
) -> int:
    """Send what is stored of CALC_FILE into the inbox, and have it stored as CALC_ID.

    For the machine that ran the engine: it reads the file, sends a smaller one with its curves
    packed without loss, and needs neither tables nor Airflow here. After an interruption the same
    command sends what is missing.
    """
    from hazard_store.settings import Settings
    from hazard_store.submit.airflow import Airflow
    from hazard_store.submit.submission import submit

    settings = Settings.from_environment()
    airflow = Airflow(settings) if follow or settings.airflow_url is not None else None
    paused = airflow is not None and airflow.is_paused()  # asked before much is sent
    with progress_for_people() as progress:
        submitted = submit(
            calc_file,
            calc_id,
            StoreOptions(**options),
            settings,
            progress,
            IfStored(if_stored),
            parent=parent,
            whole=whole,
        )
    run_id = None
    if not as_json:
        echo_line(_described(submitted))
    if airflow is not None:
        run_id = _started(airflow, submitted)
    if not as_json:
        echo_line(LEFT if run_id is None or airflow is None else _waiting(airflow, run_id, paused))
    code = EX_OK
    if follow and airflow is not None and run_id is not None:
        code = _followed(airflow, run_id, calc_id)
    if as_json:
        page = None if airflow is None or run_id is None else airflow.page_of(run_id)
        ended = {"exit_code": code} if follow else {}
        run = None if run_id is None else {"run_id": run_id, "page": page, **ended}
        echo_json({"calc_id": calc_id, **asdict(submitted), "run": run})
    return code


def _described(submitted: Submitted) -> str:
    share = submitted.size / submitted.original_size
    return (
        f"{submitted.uri}: {submitted.size:,} bytes, {share:.2f} of the file's "
        f"{submitted.original_size:,}; {submitted.sent:,} were sent now."
    )


def _started(airflow: Airflow, submitted: Submitted) -> str:
    from hazard_store.submit.start import start_run

    try:
        return start_run(airflow, submitted, dt.datetime.now(dt.UTC))
    except HazardStoreError:
        note = "The file is in the inbox all the same: submit it again to start its run."
        click.echo(note, err=True)
        raise


def _waiting(airflow: Airflow, run_id: str, paused: bool) -> str:
    waits = ", once its DAG is switched on" if paused else ""
    return f"Airflow stores it{waits}: {airflow.page_of(run_id)}"


def _followed(airflow: Airflow, run_id: str, calc_id: str) -> int:
    from hazard_store.submit.follow import follow

    with progress_for_people() as progress:
        end = follow(airflow, run_id, progress)
    if end.exit_code != EX_OK:
        context = click.get_current_context().find_root()
        say(str(context.info_name), f"{calc_id}: {end.reason}; {airflow.page_of(run_id)}")
    else:
        click.echo(f"{calc_id}: the run has ended well.", err=True)
    return end.exit_code


VERBS = (submit_verb,)
