"""Head of a calculation -> HTML, without scripts or anything from elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

from hazard_store.model import Kind
from hazard_store.records import Head

STYLE = """
:root { color-scheme: light dark }
body { font: 15px/1.5 system-ui, sans-serif; margin: 1.5rem; max-width: 60rem }
h1 { font-size: 1.4rem } h2 { font-size: 1.1rem; margin-top: 2rem }
table { border-collapse: collapse } td, th { padding: .2rem 1rem .2rem 0; text-align: left }
th { font-weight: 600 } td.n, th.n { text-align: right; font-variant-numeric: tabular-nums }
.good { color: #188038 } .bad { color: #d93025 }
@media (prefers-color-scheme: dark) { .good { color: #81c995 } .bad { color: #f28b82 } }
"""
COUNTS = ("rows", "expected", "acknowledged", "found", "stored")
DIFFERENCES = ("missing", "extra", "altered")
GOOD, BAD = {"published"}, {"failed"}


def message_page(text: str) -> str:
    """Return a page that says one thing."""
    return _page("Hazard calculation", f"<p>{escape(text)}</p>")


def calculation_page(head: Head, run: str, past: Sequence[Mapping[str, Any]] = ()) -> str:
    """Return the page of a calculation.

    Args:
        head: the calculation.
        run: owner token of the run whose page this is.
        past: its audits since it was published, the first one first.
    """
    of = head.calculation
    rlzs = f"{of.n_realisations:,}" + ("" if of.realisations else " (not stored)")
    facts = [
        ("Version", f"{of.version}"),
        ("File", of.file.uri),
        ("Engine", of.engine_version),
        ("Sites", f"{of.n_sites:,}"),
        ("Realisations", rlzs),
        ("Statistics", ", ".join(of.aggs) or "none"),
        ("Intensity measures", f"{len(of.imts)}: {', '.join(of.imts)}"),
        ("Investigation time", f"{of.investigation_time:g} years"),
        ("Keys, layout", f"{of.key_scheme}, {of.layout}"),
        ("Site chunks", f"{len(of.chunks):,}"),
        ("Run", f"{head.owner} (attempt {head.attempt})"),
    ]
    tone = "good" if head.status in GOOD else "bad" if head.status in BAD else ""
    since = escape(head.since)
    parts = [f'<p><strong class="{tone}">{escape(str(head.status))}</strong> since {since}</p>']
    if head.owner != run:
        parts.append("<p>Another run than this one has stored it, or taken it over.</p>")
    parts.append(_table([], ((name, value) for name, value in facts)))
    parts += ["<h2>Audit</h2>", _audit(head), _history(past)]
    parts += ["<h2>Forecast and truth</h2>", _costs(head)]
    parts += [f"<p>{escape(note)}</p>" for note in of.notes]
    return _page(head.calc_id, "\n".join(parts))


def _audit(head: Head) -> str:
    audit = head.outcome.get("audit")
    if audit is None:
        return "<p>Not audited yet.</p>"
    differences = ", ".join(f"{audit[name]:,} {name}" for name in DIFFERENCES)
    tone = "bad" if any(audit[name] for name in DIFFERENCES) else "good"
    rows = ((kind, *(f"{audit[kind][name]:,}" for name in COUNTS)) for kind in map(str, Kind))
    return _table(["items", *COUNTS], rows) + f'<p class="{tone}">{differences}</p>'


def _history(past: Sequence[Mapping[str, Any]]) -> str:
    if not past:
        return ""
    rows = (
        (each["at"], *(f"{each[name]:,}" for name in DIFFERENCES), f"{each['rcu']:,.0f}")
        for each in past
    )
    return "<h2>Audits since</h2>" + _table(["at", *DIFFERENCES, "read units"], rows)


def _costs(head: Head) -> str:
    forecast = head.calculation.forecast
    rows = []
    for kind in map(str, Kind):
        took: dict[str, Any] = head.outcome.get(kind, {})
        rows.append(
            (
                kind,
                f"{getattr(forecast, f'{kind}_items'):,}",
                f"{getattr(forecast, f'{kind}_wcu'):,}",
                f"{took['wcu']:,.0f}" if took else "",
                f"{took['writer_seconds']:,.1f}" if took else "",
                f"{took['retries']:,}" if took else "",
            )
        )
    header = ["", "items", "write units forecast", "taken", "writer seconds", "retries"]
    text = (
        f"<p>Forecast: {forecast.seconds:,.0f} s with {forecast.writers} "
        f"writer{'' if forecast.writers == 1 else 's'} at once, "
        f"${forecast.dollars:,.4f}.</p>"
    )
    if "dollars" in head.outcome:
        text += (
            f"<p>Really taken: {head.outcome.get('seconds', 0):,.0f} s from the claim to the "
            f"audit's end, ${head.outcome['dollars']:,.4f}.</p>"
        )
    return _table(header, rows) + text


def _table(header: list[str], rows: Iterable[Iterable[str]]) -> str:
    """Return a table; under a header all columns but the first are numbers."""
    number = ' class="n"' if header else ""
    head = "".join(f"<th{number if i else ''}>{escape(name)}</th>" for i, name in enumerate(header))
    body = "".join(
        f"<tr><th>{escape(first)}</th>"
        + "".join(f"<td{number}>{escape(cell)}</td>" for cell in rest)
        + "</tr>"
        for first, *rest in rows
    )
    return f"<table>{f'<tr>{head}</tr>' if header else ''}{body}</table>"


def _page(title: str, body: str) -> str:
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head>"
        f"<body><h1>{escape(title)}</h1>{body}</body></html>"
    )
