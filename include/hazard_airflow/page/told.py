"""What a run did, in sections of its page: why it failed, its plan, what it removed or audited.

What tasks have left may be absent, or of another release: what is not as expected is left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from hazard_airflow.failures import END
from hazard_airflow.page.run import REPORT, Ended, Run
from hazard_store.amounts import count, dollars, seconds

FAILED = ("failed", "upstream_failed")
FAILURES_SHOWN = 5
OUTCOMES = ("stored", "skipped", "refused", "failed")  # of a file, as the summary has them
CHANGES = ("missing", "extra", "altered")


@dataclass(frozen=True)
class Section:
    """A heading and what stands below it.

    Attributes:
        title: the heading.
        sentences: below it.
        header: of the table; empty: there is none.
        rows: of the table; the first cell names the row.
        tone: "good", "bad" or "".
    """

    title: str
    sentences: tuple[str, ...] = ()
    header: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    tone: str = ""


def told(run: Run) -> list[Section]:
    """Return the sections of a run, the most urgent first."""
    parts = (_failure(run), _plan(run), _removal(run), _audits(run), _repairs(run), _files(run))
    return [section for section in parts if section is not None]


def _failure(run: Run) -> Section | None:
    """Say why a run failed: the first task first, since others follow from it."""
    if run.state != "failed":
        return None
    failed = [each for each in run.ended if each.state == "failed"]
    sentences = [f"{_called(each)}: {_reason(run, each)}" for each in failed[:FAILURES_SHOWN]]
    if len(failed) > FAILURES_SHOWN:
        sentences.append(f"{count(len(failed) - FAILURES_SHOWN, 'more task')} failed.")
    return Section("Why it failed", tuple(sentences) or ("No task of it failed.",), tone="bad")


def _reason(run: Run, each: Ended) -> str:
    end = run.value(each.task_id, END, each.index)
    reason = end.get("reason") if isinstance(end, Mapping) else None
    return reason if isinstance(reason, str) else "it failed; its log says why"


def _called(each: Ended) -> str:
    named = each.name or (str(each.index) if each.index >= 0 else "")
    return f"{each.task_id} [{named}]" if named else each.task_id


def _plan(run: Run) -> Section | None:
    """Say what a dry run has planned."""
    plan = run.value("plan", "forecast")
    if not isinstance(plan, Mapping) or run.conf.get("dry_run") not in (True, "true"):
        return None
    rows = tuple(
        (kind, _number(plan[f"{kind}_items"]), _number(plan[f"{kind}_wcu"]))
        for kind in ("stats", "realisations", "maps")
        if {f"{kind}_items", f"{kind}_wcu"} <= plan.keys()
    )
    sentences = ["This was a dry run: nothing was written."]
    if {"chunks", "writers", "seconds", "dollars"} <= plan.keys():
        sentences.append(
            f"{count(plan['chunks'], 'site chunk')}, {count(plan['writers'], 'writer')} at once: "
            f"{seconds(plan['seconds'])} and {dollars(plan['dollars'])}."
        )
    notes = plan.get("notes") or ()
    return Section("Plan", (*sentences, *map(str, notes)), ("", "items", "write units"), rows)


def _removal(run: Run) -> Section | None:
    """Say what a removal has removed."""
    report = run.value("remove", REPORT)
    if not isinstance(report, Mapping) or not {"versions", "items", "left"} <= report.keys():
        return None
    versions = ", ".join(map(str, report["versions"])) or "no version"
    text = f"{versions}: {count(report['items'], 'item')} deleted; {report['left']} left, counted."
    return Section("What was removed", (text,), tone="good" if report["left"] == 0 else "bad")


def _audits(run: Run) -> Section | None:
    if run.dag_id != "audit_hazard":
        return None
    rows = tuple(_checked(run, "audit"))
    if not rows:
        return Section("What was audited", ("No audit has ended.",))
    good = sum(row[1] == "passed" for row in rows)
    text = f"{count(len(rows), 'calculation')}: {good} passed, {len(rows) - good} not."
    tone = "good" if good == len(rows) else "bad"
    return Section("What was audited", (text,), ("calculation", "audit", "found"), rows, tone)


def _repairs(run: Run) -> Section | None:
    rows = tuple(_checked(run, "repair"))
    header = ("calculation", "audit behind it", "found")
    return Section("What was repaired", (), header, rows) if rows else None


def _checked(run: Run, task_id: str) -> Iterator[tuple[str, ...]]:
    """Yield the calculation of each instance, how it ended, and what it found."""
    for each in run.of(task_id):
        if each.state not in ("success", "failed"):
            continue
        report = run.value(task_id, REPORT, each.index)
        if isinstance(report, Mapping) and set(CHANGES) <= report.keys():
            found = ", ".join(f"{_number(report[name])} {name}" for name in CHANGES)
            yield str(report.get("calc_id", each.name)), "passed", found
        elif each.state == "success":
            yield _called(each), "passed", ""
        else:
            yield each.name or _called(each), "failed", _reason(run, each)


def _files(run: Run) -> Section | None:
    """Say what became of each file of a backfill."""
    summary = run.value("summary", "summary")
    if run.dag_id != "backfill_hazard":
        return None
    if not isinstance(summary, Mapping):
        return Section("What became of the files", ("There is no summary yet.",))
    rows = tuple(
        (str(entry.get("file")), str(entry.get("calc_id")), outcome, str(entry.get("reason") or ""))
        for outcome in reversed(OUTCOMES)
        for entry in summary.get(outcome) or ()
        if isinstance(entry, Mapping)
    )
    counts = ", ".join(f"{len(summary.get(outcome) or ())} {outcome}" for outcome in OUTCOMES)
    bad = bool(summary.get("refused") or summary.get("failed"))
    text = f"{counts}; {count(summary.get('ignored') or 0, 'other file')} left alone."
    header = ("file", "calculation", "outcome", "reason")
    return Section("What became of the files", (text,), header, rows, "bad" if bad else "")


def _number(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int | float) else str(value)
