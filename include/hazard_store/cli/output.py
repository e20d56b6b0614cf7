"""stdout and stderr: what happens when they are full, closed, or nobody reads them any more.

A closed stream is one that nobody wants to read. Who reads has what was read from it: it ends at
the first failure. Who changes the store goes on, since what is half done helps nobody, and the
failure is told at the end.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import wraps
from typing import Any, TextIO, TypeVar, cast

import click

from hazard_store.errors import OutputFailed

F = TypeVar("F", bound=Callable[..., Any])


class Stopped(Exception):
    """Nothing more can be written to stdout; `Output.failure` says why."""


class Output:
    """A stream whose first failure is kept; what is written after it goes nowhere.

    Attributes:
        failure: the first failure.
        patient: whether a failure is only kept, and ends nothing.
        work: what went on without the stream, as a sentence says it.
    """

    def __init__(self, stream: TextIO, *, patient: bool) -> None:
        self._stream = stream
        self.failure: OSError | None = None
        self.patient = patient
        self.work = "nothing was changed"

    def write(self, text: str) -> int:
        """Write a text."""
        if self.failure is None:
            with self._kept():
                return self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        """Write what is held back."""
        if self.failure is None:
            with self._kept():
                self._stream.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    @property
    def reader_is_gone(self) -> bool:
        """Whether it failed because its reader has enough."""
        return self.failure is not None and self.failure.errno == errno.EPIPE

    @contextmanager
    def _kept(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            self.failure = error
            _to_nowhere(self._stream)
            if not self.patient:
                raise Stopped from error


def _to_nowhere(stream: TextIO) -> None:
    """Let the bytes that a stream still holds go nowhere, or Python would complain at its exit."""
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


@contextmanager
def guarded_streams() -> Iterator[Output]:
    """Put stdout and stderr under guard; give stdout. A failure of stderr ends nothing."""
    was = sys.stdout, sys.stderr
    out = Output(was[0] or _nowhere(), patient=False)
    sys.stdout = cast(TextIO, out)
    sys.stderr = cast(TextIO, Output(was[1] or _nowhere(), patient=True))
    try:
        yield out
    finally:
        sys.stdout, sys.stderr = was


def _nowhere() -> TextIO:
    return open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123 - open until the end


def changes_the_store(command: F) -> F:
    """Let a verb do all its work, whatever becomes of its output."""

    @wraps(command)
    def to_its_end(*args: Any, **kwargs: Any) -> Any:
        out = sys.stdout
        if not isinstance(out, Output):
            return command(*args, **kwargs)
        out.patient = True
        code = command(*args, **kwargs)
        context = click.get_current_context()
        calc_id = context.params.get("calc_id")
        out.work = f"the work of `{context.info_name}` itself is done" + (
            f": `hazard-store show {calc_id}` tells how it ended" if calc_id else ""
        )
        return code

    return cast(F, to_its_end)


def failed(out: Output) -> OutputFailed:
    """Return the error that names why nothing more can be written, and what was done."""
    reason = out.failure.strerror if out.failure is not None else "it is closed"
    return OutputFailed("stdout", f"it cannot be written ({reason}); {out.work}")
