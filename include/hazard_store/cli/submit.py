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
from hazard_store.shown import one_line

if TYPE_CHECKING:
    from hazard_store.submit.airflow import Airflow
    from hazard_store.submit.submission import Submitted

PAUSED = ", once its DAG is switched on"


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
    said, code, run = [_described(submitted)], EX_OK, None
    if airflow is None:
        said.append(_left(submitted))
    else:
        run = _started(airflow, submitted)
        said.append(f"Airflow stores it{PAUSED if paused else ''}: {run['page']}")
    if not as_json:
        for line in said:
            echo_line(line)
    if airflow is not None and run is not None and follow:
        run["exit_code"] = code = _followed(airflow, run, calc_id)
    if as_json:
        echo_json({"calc_id": calc_id, **asdict(submitted), "run": run})
    return code


def _described(submitted: Submitted) -> str:
    share = submitted.size / submitted.original_size
    return (
        f"{submitted.uri}: {submitted.size:,} bytes, {share:.2f} of the file's "
        f"{submitted.original_size:,}; {submitted.sent:,} were sent now."
    )


def _left(submitted: Submitted) -> str:
    """Say which backfill stores what is in the inbox."""
    day, today = submitted.arrived[:10], f"{dt.datetime.now(dt.UTC):%Y-%m-%d}"
    over = "" if day == today else ", whose run may be over: go through that day again"
    return f"No Airflow is set (HAZARD_STORE_AIRFLOW_URL): the backfill of {day} stores it{over}."


def _started(airflow: Airflow, submitted: Submitted) -> dict[str, Any]:
    from hazard_store.submit.start import start_run

    try:
        run_id = start_run(airflow, submitted, dt.datetime.now(dt.UTC))
    except HazardStoreError:
        note = f"{submitted.uri} is in the inbox all the same: submit it again to start its run."
        click.echo(one_line(note), err=True)
        raise
    return {"run_id": run_id, "page": airflow.page_of(run_id)}


def _followed(airflow: Airflow, run: dict[str, Any], calc_id: str) -> int:
    from hazard_store.submit.follow import follow

    with progress_for_people() as progress:
        end = follow(airflow, run["run_id"], progress)
    if end.exit_code == EX_OK:
        click.echo(f"{calc_id}: the run has ended well.", err=True)
    else:
        context = click.get_current_context().find_root()
        say(str(context.info_name), f"{calc_id}: {end.reason}; {run['page']}")
    return end.exit_code


VERBS = (submit_verb,)
