"""Head of a calculation -> the page's context; `calculation.html` lays it out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from hazard_airflow.page.told import Section
from hazard_store.amounts import count, dollars, seconds
from hazard_store.model import Kind
from hazard_store.records import Head, LastAudit
from hazard_store.shown import cut, one_line

ITEMS = (*map(str, Kind), "maps")
COUNTS = ("rows", "expected", "acknowledged", "found", "stored")
DIFFERENCES = ("missing", "extra", "altered")
TONES = {"published": "good", "failed": "bad"}


def message_page(
    text: str, sections: Sequence[Section] = (), title: str = "Hazard calculation"
) -> str:
    """Return a page that says one thing, and what a run did, without a calculation."""
    return _template().render(title=title, message=text, sections=sections, status=None)


def calculation_page(
    head: Head,
    run: str,
    past: Sequence[Mapping[str, Any]] = (),
    sections: Sequence[Section] = (),
) -> str:
    """Return the page of a calculation.

    Args:
        head: the calculation.
        run: owner token of the run whose page this is.
        past: its audits since it was published, the first one first.
        sections: what the run did.
    """
    last = LastAudit.of(past[-1]["at"], past[-1]) if past else None
    failed = last is not None and not last.passed
    return _template().render(
        title=head.calc_id,
        message=None,
        sections=sections,
        status=str(head.status),
        tone="bad" if failed else TONES.get(head.status, ""),
        failed=f"Last audited {last.at}: {last.ended}" if last and failed else None,
        since=head.since,
        of_another_run=head.owner != run,
        facts=_facts(head),
        audit=_audit(head),
        history=_history(past),
        costs=_costs(head),
        notes=head.calculation.notes,
    )


@cache
def _template() -> Template:
    loader = PackageLoader("hazard_airflow.page", ".")
    environment = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, finalize=_finalize
    )
    return environment.get_template("calculation.html")


def _finalize(value: Any) -> Any:
    """Return what a page shows of a value: marks of writing direction are not obeyed."""
    return one_line(value) if type(value) is str else value


def _facts(head: Head) -> list[tuple[str, str]]:
    of = head.calculation
    rlzs = f"{of.n_realisations:,}" + ("" if of.realisations else " (not stored)")
    return [
        ("Version", f"{of.version}"),
        ("File", of.file.uri),
        *([] if of.parent is None else [("Parent", of.parent.uri)]),
        ("Engine", cut(of.engine_version)),
        ("Sites", f"{of.n_sites:,}"),
        ("Realisations", rlzs),
        ("Statistics", ", ".join(map(cut, of.aggs)) or "none"),
        ("Intensity measures", f"{len(of.imts)}: {', '.join(map(cut, of.imts))}"),
        ("Investigation time", f"{of.investigation_time:g} years"),
        ("Keys, layout", f"{of.key_scheme}, {of.layout}"),
        ("Site chunks", f"{len(of.chunks):,}"),
        ("Run", f"{head.owner} (attempt {head.attempt})"),
    ]


def _audit(head: Head) -> dict[str, Any] | None:
    audit = head.outcome.get("audit")
    if audit is None:
        return None
    kinds = [*map(str, Kind), *(["maps"] if head.calculation.map_statistics else [])]
    return {
        "header": ("items", *COUNTS),
        "rows": [(kind, *(f"{audit[kind][name]:,}" for name in COUNTS)) for kind in kinds],
        "differences": ", ".join(f"{audit[name]:,} {name}" for name in DIFFERENCES),
        "tone": "bad" if any(audit[name] for name in DIFFERENCES) else "good",
    }


def _history(past: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
    if not past:
        return None
    rows = [
        (each["at"], *(f"{each[name]:,}" for name in DIFFERENCES), f"{each['rcu']:,.0f}")
        for each in past
    ]
    return {"header": ("at", *DIFFERENCES, "read units"), "rows": rows}


def _costs(head: Head) -> dict[str, Any]:
    forecast, outcome = head.calculation.forecast, head.outcome
    rows = []
    for of in ITEMS:
        took: dict[str, Any] = outcome.get(of, {})
        rows.append(
            (
                of if of != "maps" else "maps, with the stats",
                f"{getattr(forecast, f'{of}_items'):,}",
                f"{getattr(forecast, f'{of}_wcu'):,}",
                f"{took['wcu']:,.0f}" if took else "",
                seconds(took["writer_seconds"]) if "writer_seconds" in took else "",
                f"{took['retries']:,}" if "retries" in took else "",
            )
        )
    sentences = [
        f"Forecast: {seconds(forecast.seconds)} with {count(forecast.writers, 'writer')} at once, "
        f"{dollars(forecast.dollars)}."
    ]
    if "dollars" in outcome:
        sentences.append(
            f"Really taken: {seconds(outcome.get('seconds', 0))} from the claim to the audit's "
            f"end, {dollars(outcome['dollars'])}."
        )
    header = ("", "items", "write units forecast", "taken", "time of writers", "retries")
    return {"header": header, "rows": rows, "sentences": sentences}
