"""The reports of verbs: whole at a terminal, one short line in a log service.

A log service divides long lines (awslogs: those above 16,384 bytes), and half a report is none; the
records of the calculation have all that a short one leaves out.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import click

from hazard_store.cli.log_lines import say, to_log_service
from hazard_store.cli.render import echo_json
from hazard_store.errors import EX_DIFFERENCE, EX_OK
from hazard_store.shown import cut

if TYPE_CHECKING:
    from hazard_store.records import AuditReport

REPORT_BYTES = 12_000  # of a report in a log service
LIST_BYTES = 1_000  # of each of its lists
_NEEDED = "uri"  # the plan of a run compares it


def echo_report(report: Mapping[str, Any]) -> None:
    """Print the report of a verb on stdout, as one JSON document."""
    echo_json(brief(report) if to_log_service() else report)


def brief(report: Mapping[str, Any]) -> dict[str, Any]:
    """Return a report that stays under `REPORT_BYTES`, whatever was found.

    Of a list it keeps what comes first, and `left_out` counts the others; of a long text the middle
    is left out.
    """
    short, left_out = {}, {}
    for name, value in report.items():
        short[name] = value if name == _NEEDED else _shortened(value)
        if isinstance(value, list | tuple) and len(short[name]) < len(value):
            left_out[name] = len(value) - len(short[name])
    if left_out:
        short["left_out"] = left_out
    if _size(short) > REPORT_BYTES:
        short[_NEEDED] = cut(short[_NEEDED])
    return short


def tell_verdict(report: AuditReport) -> int:
    """Say why an audit failed, if it did; return the exit code that its report means."""
    if report.passed:
        return EX_OK
    context = click.get_current_context().find_root()
    say(str(context.info_name), f"{report.calc_id}: {_failure(report)}")
    return EX_DIFFERENCE


def _failure(report: AuditReport) -> str:
    """Return what an audit found, that which matters most first."""
    from hazard_store.workflow.publish import Verdict

    text = f"the audit failed: {Verdict(report, unaudited=()).reason}"
    if report.status == "published":
        text += f"; `hazard-store repair {report.calc_id}` mends it"
    for first in report.differences[:1]:
        text += f"; first: {first.kind} {first.table} {first.hash_key} {first.range_key}"
    return text


def _shortened(value: Any) -> Any:
    if isinstance(value, str):
        return cut(value)
    if isinstance(value, Mapping):
        return {name: _shortened(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return _first(map(_shortened, value))
    return value


def _first(values: Iterable[Any]) -> list[Any]:
    """Return as many values as `LIST_BYTES` hold, from the first on."""
    kept, size = [], 0
    for value in values:
        size += _size(value)
        if size > LIST_BYTES:
            break
        kept.append(value)
    return kept


def _size(value: Any) -> int:
    """Return the bytes of a value as JSON, if each character should be escaped."""
    return len(json.dumps(value))
