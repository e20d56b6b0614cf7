"""Text from files and users, as a person may see it: one line, without control characters.

`errors`, the verbs' tables, the log and Airflow's errors pass all they show through `one_line`.
Whoever quotes a value of any length (a description, an intensity measure, an argument) cuts it;
ids, site codes, paths and commands are copied from what is shown, and are never cut.
"""

from __future__ import annotations

import difflib
import logging
import re
import traceback
from collections.abc import Iterable

CUT_AT = 200  # characters of a quoted value
_BETWEEN = " ... "
_LONG = re.compile(r"'[^']{201,}'|\"[^\"]{201,}\"|\S{201,}")


def one_line(text: object) -> str:
    r"""Return a text with every character escaped that does not print: it stays one line.

    Line ends, escape codes, marks of writing direction and lone surrogates become what Python
    writes for them.

    >>> one_line("a\nhazard-store: b\x1b[2K\u202e")
    'a\\nhazard-store: b\\x1b[2K\\u202e'
    """
    whole = str(text)
    if whole.isprintable():
        return whole
    return "".join(
        each if each.isprintable() else each.encode("unicode_escape").decode() for each in whole
    )


def is_text(value: str) -> bool:
    """Tell whether a string has bytes in UTF-8: lone surrogates stand for bytes that are none."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def cut(value: object) -> str:
    """Return a value on one line, its middle left out where it has over 200 characters.

    >>> len(cut("x" * 1000)), cut("PGA")
    (200, 'PGA')
    """
    text = one_line(value)
    if len(text) <= CUT_AT:
        return text
    head = (CUT_AT - len(_BETWEEN)) // 2
    tail = CUT_AT - len(_BETWEEN) - head
    return text[:head] + _BETWEEN + text[-tail:]


def quoted(value: object) -> str:
    """Return a value in quotation marks, as Python writes it, and cut."""
    return cut(repr(value))


def cut_words(text: object) -> str:
    """Return a sentence of somebody else on one line, its long words and quotations cut."""
    return _LONG.sub(lambda match: cut(match[0]), one_line(text))


def similar_to(name: str, known: Iterable[str]) -> str:
    """Return the known names that may have been meant: `realisations`, `a or b`, or nothing.

    >>> similar_to("realizations", ["realisations", "dry_run"])
    'realisations'
    """
    return " or ".join(map(cut, difflib.get_close_matches(name[:CUT_AT], known, n=2)))


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return what ends a sentence on a name that is not known: similar ones, if there are any."""
    similar = similar_to(name, known)
    return f"; did you mean {similar}?" if similar else ""


def shown_traceback(error: BaseException) -> str:
    """Return a traceback whose lines cannot be taken for a sentence of ours."""
    lines = "".join(traceback.format_exception(error)).splitlines()
    return "\n".join(f"| {one_line(line)}" for line in lines)


class OneLineFormatter(logging.Formatter):
    """Formats a log record as one line; a traceback follows with a mark before each of its."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - as in logging
        """Return the line."""
        return one_line(super().formatMessage(record))

    def formatException(self, ei: object) -> str:  # noqa: N802 - as in logging
        """Return the traceback."""
        error = ei[1] if isinstance(ei, tuple) else None
        return "" if error is None else shown_traceback(error)
