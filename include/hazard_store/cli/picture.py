"""Where a picture goes: told before anything is read for it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click
from click.core import ParameterSource

F = TypeVar("F", bound=Callable[..., Any])

PICTURES = (".png", ".svg", ".pdf", ".jpg")


def picture_option(text: str) -> Callable[[F], F]:
    """Return the option `--out` of a verb that can draw.

    Args:
        text: its help.
    """
    return click.option(
        "--out", metavar="FILE", type=click.Path(dir_okay=False), callback=_checked, help=text
    )


def _checked(_ctx: click.Context, _param: click.Parameter, value: str | None) -> str | None:
    if value is not None:
        check_picture(Path(value))
    return value


def check_picture(path: Path) -> None:
    """Refuse a path that no picture can be written to.

    Raises:
        click.BadParameter: it has another ending, or its folder is not there or read-only.
    """
    if path.suffix.lower() not in PICTURES:
        raise click.BadParameter(f"{path} does not end in one of {' '.join(PICTURES)}")
    if not path.parent.is_dir():
        raise click.BadParameter(f"there is no folder {path.parent}: make it first")
    written = (path, path.parent) if path.exists() else (path.parent,)
    if not all(os.access(each, os.W_OK) for each in written):
        raise click.BadParameter(f"{path} cannot be written: it, or its folder, is read-only")


def refuse_format_with_picture() -> None:
    """Refuse `--format` beside `--out`, whose ending says the format.

    Raises:
        click.UsageError: both were named.
    """
    source = click.get_current_context().get_parameter_source("output_format")
    if source is ParameterSource.COMMANDLINE:
        raise click.UsageError("--out writes a picture and nothing else: leave --format out")
