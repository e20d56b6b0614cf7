"""Text in columns: as wide as a terminal is, and whole where a program reads it."""

from __future__ import annotations

import re
import shutil
import sys
import textwrap
from collections.abc import Iterable, Iterator, Sequence

from hazard_store.shown import cut

GAP = "  "
LEAST_WIDTH = 40  # of what is wrapped, however narrow a terminal is
_TIME = re.compile(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d)\S*")


def terminal_width() -> int | None:
    """Return how many characters a line of stdout has; None: it is no terminal, and has no end."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def short_time(text: str) -> str:
    """Return a time to the minute; what is none, as it is.

    >>> short_time("2026-11-26T04:32:34.412+00:00"), short_time("yesterday")
    ('2026-11-26 04:32', 'yesterday')
    """
    match = _TIME.fullmatch(text)
    return f"{match[1]} {match[2]}" if match else cut(text)


def short_date(text: str) -> str:
    """Return the day of a time; what is none, as it is."""
    match = _TIME.fullmatch(text)
    return match[1] if match else cut(text)


def in_columns(
    header: Sequence[str], rows: Iterable[Sequence[str]], width: int | None
) -> Iterator[str]:
    """Yield lines of columns; a first cell that leaves no place for the others has its own line.

    Args:
        header: names of the columns.
        rows: cells, as many each.
        width: of a line, characters; None: as long as it gets.
    """
    table = [header, *rows]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    others = sum(widths[1:]) + len(GAP) * (len(widths) - 1)
    if width is not None:
        fitting = [len(row[0]) for row in table if len(row[0]) + others <= width]
        widths[0] = max(fitting, default=len(header[0]))
    for row in table:
        first, rest = row[0], row[1:]
        if len(first) > widths[0]:
            yield first
            first = ""
        cells = [first, *rest]
        padded = (cell.ljust(w) for cell, w in zip(cells, widths, strict=True))
        yield GAP.join(padded).rstrip()


def under_heading(
    heading: str, entries: Iterable[tuple[str, str]], name_width: int, width: int | None
) -> Iterator[str]:
    """Yield a heading and, indented, a name and a text a line, wrapped between words.

    Args:
        heading: of the group; nothing is yielded where it has no entries.
        entries: names and texts.
        name_width: characters of the longest name.
        width: of a line, characters; None: a text is one line.
    """
    found = list(entries)
    if not found:
        return
    yield heading
    indent = len(GAP) + name_width + len(GAP)
    for name, text in found:
        lines = [text]
        if width is not None:
            room = max(LEAST_WIDTH, width - indent)
            lines = textwrap.wrap(text, room, break_long_words=False, break_on_hyphens=False)
        for number, line in enumerate(lines or [""]):
            start = f"{GAP}{name:<{name_width}}{GAP}" if number == 0 else " " * indent
            yield f"{start}{line}".rstrip()
