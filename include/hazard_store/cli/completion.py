"""Completion of words in a shell: docs/use/terminal.md says how it is switched on."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from typing import Any

import click
from click.shell_completion import CompletionItem, shell_complete

from hazard_store.errors import EX_OK, EX_USAGE


def completing(command: click.Command, name: str) -> Callable[..., int] | None:
    """Return what answers a shell that completes a line; None: a person gave a command.

    Args:
        command: whose words are completed.
        name: of the command, as users call it.
    """
    variable = f"_{name.replace('-', '_').upper()}_COMPLETE"
    asked = os.environ.get(variable)
    return partial(_answer, command, name, variable, asked) if asked else None


def _answer(command: click.Command, name: str, variable: str, asked: str, **_: Any) -> int:
    return EX_USAGE if shell_complete(command, {}, name, variable, asked) else EX_OK


def complete_files(
    _context: click.Context, _param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Let the shell complete names of files."""
    return [CompletionItem(incomplete, type="file")]
