"""The states of a stored calculation, and every change from one to another.

`heads` makes each change by one conditional write that demands a state named here;
docs/reference/states.md shows the table below as a picture.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from hazard_store.model import Status


class Change(StrEnum):
    """What happens to a calculation."""

    BEGIN = "begin"
    TAKE_OVER = "take over"
    AUDIT = "audit"
    AUDIT_PASSED = "audit passed"
    FAIL = "fail"
    PUBLISH = "publish"
    GIVE_UP = "give up"
    REPLACE = "replace"
    WITHDRAW = "withdraw"
    REMOVE = "remove"
    CONTINUE = "continue the removal"
    FORGET = "forget"


@dataclass(frozen=True)
class Transition:
    """From which states a change may come, and into which it leads; None: it is not stored."""

    before: tuple[Status | None, ...]
    after: Status | None


_UNPUBLISHED = (Status.WRITING, Status.AUDITING, Status.FAILED)

TRANSITIONS: dict[Change, Transition] = {
    Change.BEGIN: Transition((None,), Status.WRITING),
    Change.TAKE_OVER: Transition(_UNPUBLISHED, Status.WRITING),
    Change.AUDIT: Transition((Status.WRITING, Status.AUDITING), Status.AUDITING),
    Change.AUDIT_PASSED: Transition(_UNPUBLISHED, Status.AUDITING),
    Change.FAIL: Transition(_UNPUBLISHED, Status.FAILED),
    Change.PUBLISH: Transition((Status.AUDITING,), Status.PUBLISHED),
    Change.GIVE_UP: Transition((Status.FAILED,), Status.WITHDRAWN),
    Change.REPLACE: Transition((Status.PUBLISHED,), Status.WITHDRAWN),
    Change.WITHDRAW: Transition((*_UNPUBLISHED, Status.PUBLISHED), Status.WITHDRAWN),
    Change.REMOVE: Transition((Status.WITHDRAWN,), Status.REMOVING),
    Change.CONTINUE: Transition((Status.REMOVING,), Status.REMOVING),
    Change.FORGET: Transition((Status.REMOVING,), None),
}

MEANING: dict[Change, str] = {
    Change.BEGIN: "a run claims the calculation, or its next version",
    Change.TAKE_OVER: "another run resumes it, as the next attempt; older writers are fenced",
    Change.AUDIT: "all writers of the attempt have ended",
    Change.AUDIT_PASSED: "every item of this attempt is right",
    Change.FAIL: "the audit found a difference, or the run ended before it",
    Change.PUBLISH: "one conditional write, after the audit of this attempt passed",
    Change.GIVE_UP: "a new run stores another file or other parameters in its place",
    Change.REPLACE: "its next version was published, in the same write",
    Change.WITHDRAW: "`hazard-store remove` hides it from readers and fences its writers",
    Change.REMOVE: "its items are being deleted",
    Change.CONTINUE: "an interrupted removal goes on",
    Change.FORGET: "no item is left; its records go",
}


def picture() -> str:
    """Return the states and changes as a Mermaid state diagram."""
    arrows: dict[tuple[Status | None, Status | None], list[str]] = {}
    for change, transition in TRANSITIONS.items():
        for before in transition.before:
            arrows.setdefault((before, transition.after), []).append(change)
    lines = [
        f"    {before or '[*]'} --> {after or '[*]'}: {', '.join(changes)}"
        for (before, after), changes in arrows.items()
    ]
    return "\n".join(("stateDiagram-v2", *lines))


def table() -> str:
    """Return the changes as a Markdown table."""
    rows = [
        f"| {change} | {_names(t.before)} | {_names((t.after,))} | {MEANING[change]} |"
        for change, t in TRANSITIONS.items()
    ]
    return "\n".join(("| change | from | to | when |", "|---|---|---|---|", *rows))


def _names(states: tuple[Status | None, ...]) -> str:
    return ", ".join(f"`{state}`" if state else "-" for state in states)
