"""`python -m local`: arguments in, messages and an exit code out."""

from __future__ import annotations

import os
import sys
import uuid
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from local import up_down
from local.demo import demo as run_demo
from local.errors import LocalError
from local.stack import (
    AIRFLOW_PORT_VARIABLE,
    AWS_PORT_VARIABLE,
    REPOSITORY,
    STATE,
    LocalStack,
    port,
)

SAMPLE = REPOSITORY / "sample" / "calc_1.hdf5"
SAMPLE_SITES_PER_CHUNK = 12  # the plan would give a file so small to one writer

calc_file_option = click.option(
    "--calc-file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    default=SAMPLE,
    help="The calculation to put into the inbox; by default the sample.",
)


def stack_for(command: str, **options: Any) -> LocalStack:
    """Return the stack of a command, its ports as the environment says."""
    return LocalStack(
        home=STATE / command,
        run=uuid.uuid4().hex,
        aws_port=port(os.environ, AWS_PORT_VARIABLE, LocalStack.aws_port),
        airflow_port=port(os.environ, AIRFLOW_PORT_VARIABLE, LocalStack.airflow_port),
        **options,
    )


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.pass_context
def cli(context: click.Context) -> None:
    """The embedded AWS and Airflow, on this machine alone.

    Ports: HAZARD_STORE_LOCAL_AIRFLOW_PORT (8080) and HAZARD_STORE_LOCAL_AWS_PORT (4566).
    State and logs: HAZARD_STORE_LOCAL_STATE (.local).
    """
    context.obj = Console(soft_wrap=not sys.stdout.isatty())


@cli.command()
@calc_file_option
@click.option("--sites-per-chunk", type=click.IntRange(1), help="Sites a writer; default: planned.")
@click.pass_obj
def demo(console: Console, calc_file: Path, sites_per_chunk: int | None) -> None:
    """Store a real calculation, show the result, stop everything again."""
    if sites_per_chunk is None and calc_file == SAMPLE:
        sites_per_chunk = SAMPLE_SITES_PER_CHUNK
    conf = {} if sites_per_chunk is None else {"sites_per_chunk": sites_per_chunk}
    run_demo(stack_for("demo"), console, calc_file, conf)


@cli.command()
@calc_file_option
@click.pass_obj
def up(console: Console, calc_file: Path) -> None:
    """Start everything and leave it running."""
    up_down.up(stack_for("up", keeps_state=True), console, calc_file)


@cli.command()
@click.pass_obj
def down(console: Console) -> None:
    """Stop what `up` has started."""
    up_down.down(stack_for("up", keeps_state=True), console)


@cli.command()
@click.pass_obj
def status(console: Console) -> None:
    """Say what is up."""
    up_now = up_down.status(stack_for("up", keeps_state=True), console)
    sys.exit(0 if up_now else 1)


def main() -> None:
    """Run a command; an expected failure is one message and exit code 1."""
    for variable in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE"):
        os.environ.pop(variable, None)  # nothing here is about the caller's account
    try:
        cli()
    except LocalError as error:
        sys.exit(str(error))
