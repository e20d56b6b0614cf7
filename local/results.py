"""What the demo shows in the end: tables of the audit, of a curve, of the time it took."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from rich import box
from rich.markup import escape
from rich.table import Table

from hazard_store.amounts import seconds
from hazard_store.shown import cut, one_line

COUNTS = ("rows", "expected", "acknowledged", "found", "stored")
DIFFERENCES = ("missing", "extra", "altered")


def _table(title: str) -> Table:
    """Return an empty table that fits 80 columns well."""
    return Table(
        title=title,
        title_justify="left",
        caption_justify="left",
        box=box.SIMPLE_HEAD,
        collapse_padding=True,
        pad_edge=False,
    )


def audit_table(shown: dict[str, Any]) -> Table:
    """Return what `hazard-store show --json` says of the audit, and of forecast and real cost."""
    outcome, forecast = shown["outcome"], shown["forecast"] or {}
    audit = outcome["audit"]
    table = _table(f"{shown['calc_id']} is {shown['status']}")
    table.add_column("audit")
    for name in (*COUNTS, "forecast", "wcu"):
        table.add_column(name, justify="right")
    for kind in ("stats", "realisations"):
        counts = [audit[kind][name] for name in COUNTS]
        wcu = [forecast.get(f"{kind}_wcu"), outcome.get(kind, {}).get("wcu")]
        table.add_row(kind, *("" if each is None else f"{each:,.0f}" for each in counts + wcu))
    table.caption = ", ".join(f"{audit[name]} {name}" for name in DIFFERENCES)
    return table


def spread(curves: list[dict[str, Any]], count: int) -> list[dict[str, Any]]:
    """Return a few curves, from the site with the lowest hazard to the one with the highest."""
    ranked = sorted(curves, key=lambda curve: (sum(curve["poes"]), curve["loc"]))
    count = min(count, len(ranked))
    return [ranked[round(i * (len(ranked) - 1) / max(count - 1, 1))] for i in range(count)]


def curve_table(curves: list[dict[str, Any]]) -> Table:
    """Return curves of one IMT side by side: a row a level, a column a site."""
    first = curves[0]
    kind = first.get("agg") or first.get("rlz")
    table = _table(
        escape(cut(f"{first['calc_id']}, {kind}, {first['imt']}: probability of exceedance"))
    )
    table.add_column("level", justify="right")
    for curve in curves:
        table.add_column(escape(one_line(curve["loc"])), justify="right")
    for iml, *poes in zip(first["imls"], *(curve["poes"] for curve in curves), strict=True):
        table.add_row(f"{iml:.5g}", *(f"{poe:.5g}" for poe in poes))
    return table


def stage_seconds(instances: list[dict[str, Any]]) -> dict[str, float]:
    """Return the seconds from a task's first start to its last end, in the order of the starts."""
    spans: dict[str, tuple[datetime, datetime]] = {}
    ran = [each for each in instances if each["start_date"] and each["end_date"]]
    for each in sorted(ran, key=lambda instance: instance["start_date"]):
        start, end = (datetime.fromisoformat(each[key]) for key in ("start_date", "end_date"))
        first, last = spans.get(each["task_id"], (start, end))
        spans[each["task_id"]] = min(first, start), max(last, end)
    return {task: (end - start).total_seconds() for task, (start, end) in spans.items()}


def time_table(stages: Iterable[tuple[str, float]]) -> Table:
    """Return the time of each stage."""
    table = _table("Time")
    table.add_column("stage")
    table.add_column("time", justify="right")
    for name, taken_s in stages:
        table.add_row(name, seconds(taken_s))
    return table
