"""What a command prints where a log service takes it: containers, whose run says so.

A log service stamps each line with the time by itself; Airflow shows a line at the level that it
begins with. Whoever runs the same image by hand gets what a terminal gets.
"""

from __future__ import annotations

import os

import click

from hazard_store.shown import one_line

VARIABLE = "HAZARD_STORE_LOG_SERVICE"
TRUE = ("1", "on", "t", "true", "y", "yes")  # as pydantic reads them


def to_log_service() -> bool:
    """Tell whether a log service takes stdout and stderr; no settings are read for it."""
    return os.environ.get(VARIABLE, "").strip().lower() in TRUE


def log_format() -> str:
    """Return the format of a log line: the level comes first where Airflow looks for it."""
    line = "%(levelname)s %(name)s %(message)s"
    return line if to_log_service() else f"%(asctime)s {line}"


def say(name: str, sentence: str) -> None:
    """Say on stderr why a command failed, in the one sentence that it ends with."""
    level = "ERROR " if to_log_service() else ""
    click.echo(one_line(f"{level}{name}: {sentence}"), err=True)
