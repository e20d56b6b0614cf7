"""Answers as documents: JSON, CSV and tables as they come, whole even where an error ends them."""

from __future__ import annotations

import csv
import io
import json
import shutil
import sys
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any, Generic, TypeVar

import click
import numpy as np
import orjson

from hazard_store.cli.curve_table import print_across, print_rows, row_of
from hazard_store.errors import DamagedCalculation, NoSuchCurve
from hazard_store.query import RlzCurve, StatsCurve
from hazard_store.shown import one_line

T = TypeVar("T")
Curve = StatsCurve | RlzCurve

CURVE_COLUMNS = ("calc_id", "loc", "lat", "lon", "vs30", "agg_or_rlz", "imt", "iml", "poe")
LINE_END = "\r\n"
SAID = ("years", "unit")  # of every answer: what its probabilities and levels mean


class Whole(Generic[T]):
    """The answers for whole sites; keeps the error that ends them, so that a document can end."""

    def __init__(self, answers: Iterable[T]) -> None:
        self._answers = answers
        self.failure: DamagedCalculation | NoSuchCurve | None = None

    def __iter__(self) -> Iterator[T]:
        try:
            yield from self._answers
        except (DamagedCalculation, NoSuchCurve) as failure:
            self.failure = failure

    def begun(self) -> Iterator[T]:
        """Return the answers; an error that comes before the first is raised at once.

        Raises:
            NoSuchCurve: there is no answer at all.
        """
        found = iter(self)
        first = next(found, None)
        if first is None and isinstance(self.failure, NoSuchCurve):
            raise self.failure
        return iter(()) if first is None else chain((first,), found)

    def raise_failure(self) -> None:
        """Raise what ended the answers, when the document is whole."""
        if self.failure is not None:
            raise self.failure


def print_list(rows: Iterable[Any], begin: str = "[", end: str = "]") -> None:
    """Print one JSON list as its rows come."""
    click.echo(begin, nl=False)
    for number, row in enumerate(rows):
        sys.stdout.write((",\n" if number else "") + _json_text(row))
    click.echo(end)


def _json_text(row: Any) -> str:
    """Return JSON in ASCII alone: a terminal is told no control characters."""
    text = orjson.dumps(row)
    return text.decode() if text.isascii() else json.dumps(row, allow_nan=False)


def print_curves(curves: Iterator[Curve], output_format: str) -> None:
    """Print curves as they come: a table, CSV, or one JSON list.

    Raises:
        DamagedCalculation: sites are not whole; the curves of the others are a valid document.
        NoSuchCurve: there is no such site; the curves of the others likewise.
    """
    whole = Whole(curves)
    found = whole.begun()
    if output_format == "json":
        print_list(map(curve_json, found))
    elif output_format == "csv":
        _print_csv(found)
    elif sys.stdout.isatty():
        print_across(found, shutil.get_terminal_size().columns)
    else:
        print_rows(found)
    whole.raise_failure()


def curve_json(curve: Curve) -> dict[str, Any]:
    """Return a curve as the contract spells it; float32 printed as the double that it is."""
    content = dict(vars(curve))
    content["imls"], content["poes"] = curve.imls.tolist(), curve.poes.tolist()
    return content


def _print_csv(curves: Iterable[Curve]) -> None:
    """Print a row a level: a writer would quote the same nine fields of each row anew."""
    text = one_line if sys.stdout.isatty() else str  # a program gets what the file says
    sys.stdout.write(_csv_line((*CURVE_COLUMNS, *SAID)) + LINE_END)
    levels: dict[str, list[str]] = {}
    for curve in curves:
        site = (curve.calc_id, text(curve.loc), curve.lat, curve.lon, curve.vs30)
        before = _csv_line((*site, text(row_of(curve)), text(curve.imt)))
        after = _csv_line((curve.years, curve.unit)) + LINE_END
        key = f"{curve.calc_id} {curve.imt}"
        if key not in levels:
            levels[key] = [repr(iml) for iml in curve.imls.tolist()]
        each = zip(levels[key], _shortest(curve.poes), strict=True)
        sys.stdout.write("".join([f"{before},{iml},{poe},{after}" for iml, poe in each]))


def _csv_line(fields: Iterable[object]) -> str:
    line = io.StringIO()
    csv.writer(line).writerow(fields)  # what ends a line is quoted where a field has it
    return line.getvalue().removesuffix(LINE_END)


def _shortest(values: np.ndarray[Any, np.dtype[np.float32]]) -> list[str]:
    """Return the shortest decimals that give the float32 numbers back."""
    text = orjson.dumps(np.ascontiguousarray(values), option=orjson.OPT_SERIALIZE_NUMPY)
    return text.decode()[1:-1].split(",")
