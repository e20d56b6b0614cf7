"""Values -> tables for people and JSON for programs."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import click

from hazard_store.amounts import count, dollars, seconds
from hazard_store.cli.columns import short_time
from hazard_store.model import Kind
from hazard_store.shown import cut, one_line

if TYPE_CHECKING:
    from hazard_store.records import AuditReport, Forecast, LastAudit

# What a file says in any length.
FREE_TEXTS = ("calculation_mode", "date", "description", "engine_version")


def echo_json(value: Any) -> None:
    """Print one JSON document on stdout, one line; a terminal is told no control characters."""
    document = json.dumps(value, allow_nan=False, ensure_ascii=False)
    if not document.isprintable():  # they stand within strings, where JSON has escapes for them
        parts = (each if each.isprintable() else json.dumps(each)[1:-1] for each in document)
        document = "".join(parts)
    click.echo(document)


def print_table(title: str, header: Iterable[str], rows: Iterable[Iterable[Any]]) -> None:
    """Print a table on stdout; what a cell says is shown as it is, and never as markup."""
    from rich.console import Console  # only a table needs it
    from rich.table import Table
    from rich.text import Text

    table = Table(title=Text(one_line(title)), title_justify="left")
    for name in header:
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(*(Text("" if cell is None else one_line(cell)) for cell in row))
    Console(width=None if sys.stdout.isatty() else 160).print(table)


def echo_line(text: str) -> None:
    """Print one line for people on stdout."""
    click.echo(one_line(text))


def described(content: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield (name, value) for a table of what a file or a record says, what is long in it cut."""
    for name, value in content.items():
        if name in ("imts", "aggs"):
            yield name, " ".join(map(cut, value))
        elif name == "parent":
            yield name, value and value["uri"]
        else:
            yield name, cut(value) if name in FREE_TEXTS else value


def last_audit_json(last: LastAudit | None) -> dict[str, Any] | None:
    """Return the last audit as the contract spells it; None where none has ended."""
    return None if last is None else last.model_dump(mode="json")


def last_audit_text(last: LastAudit | None) -> str:
    """Return when a calculation was last audited, and how that ended."""
    return "never" if last is None else f"{short_time(last.at)} UTC: {last.ended}"


def audit_json(report: AuditReport) -> dict[str, Any]:
    """Return an audit as the contract spells it."""
    content = report.model_dump(mode="json")
    content["passed"] = report.passed
    return content


def print_audit(report: AuditReport) -> None:
    """Print an audit for people."""
    rows = []
    for kind in (*map(str, Kind), "maps"):
        counts = getattr(report, kind)
        if kind == "maps" and not counts.expected + counts.stored:
            continue
        written = counts.acknowledged + counts.found
        good = counts.expected == written == counts.stored
        rows.append(
            (
                kind,
                counts.rows,
                counts.expected,
                counts.acknowledged,
                counts.found,
                counts.stored,
                "yes" if good else "NO",
            )
        )
    header = ("", "rows", "expected", "acknowledged", "found", "stored", "agree")
    print_table(f"Audit of {report.calc_id} ({report.status})", header, rows)
    against = "the file, bit for bit" if report.with_file else "the digests recorded when written"
    click.echo(
        f"{report.missing} missing, {report.extra} extra, {report.altered} altered; "
        f"compared with {against}."
    )
    for difference in report.differences[:20]:
        echo_line(
            f"  {difference.kind}: {difference.table} {difference.hash_key} {difference.range_key}"
        )
    if len(report.differences) > 20:
        click.echo("  ... (--json names the first 1,000)")
    for note in report.notes:
        echo_line(f"  {note}")


def print_forecast(forecast: Forecast, n_chunks: int) -> None:
    """Print what storing will take."""
    print_table(
        "Forecast",
        ("", "items", "write units"),
        (
            ("stats", f"{forecast.stats_items:,}", f"{forecast.stats_wcu:,}"),
            ("realisations", f"{forecast.realisations_items:,}", f"{forecast.realisations_wcu:,}"),
            ("maps", f"{forecast.maps_items:,}", f"{forecast.maps_wcu:,}"),
            ("records", f"{forecast.records:,}", f"{forecast.records_wcu:,}"),
        ),
    )
    click.echo(
        f"{count(n_chunks, 'site chunk')}, {count(forecast.writers, 'writer')} at once, "
        f"{count(forecast.wcu_per_s_per_writer, 'write unit')} a second each; forecast: "
        f"{seconds(forecast.seconds)} and {dollars(forecast.dollars)}."
    )
    for note in forecast.notes:
        echo_line(note)
