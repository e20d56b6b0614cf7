"""How the audits of published calculations ended: a word for each end, and what is to be done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hazard_airflow.ecs.out_of_memory import KILLED
from hazard_airflow.exit_codes import MEANINGS
from hazard_store.errors import (
    EX_CANTCREAT,
    EX_CONFIG,
    EX_DIFFERENCE,
    EX_IOERR,
    EX_NOINPUT,
    EX_SOFTWARE,
    EX_TEMPFAIL,
    EX_USAGE,
    HazardStoreError,
)

MAX_NAMED = 5  # calculations of one kind of end, in a sentence
OUT_OF_MEMORY = "out of memory"
REPAIRED = (EX_DIFFERENCE, EX_IOERR)  # what writing items or records again can help
_REPAIR = "`hazard-store repair {}`, or another run with `repair` on"
_AGAIN = "clear its red `audit`, or run again"

# By exit code: the word, and what is to be done; {} is the calculation.
_ENDS: dict[Any, tuple[str, str]] = {
    EX_DIFFERENCE: ("differs from what was written", _REPAIR),
    EX_IOERR: ("damaged", _REPAIR),
    EX_NOINPUT: ("removed meanwhile", "nothing, if somebody meant it: `hazard-store list --all`"),
    EX_TEMPFAIL: ("busy until the retries ran out", _AGAIN),
    OUT_OF_MEMORY: (OUT_OF_MEMORY, "give the containers more memory, then " + _AGAIN),
    KILLED: ("killed", _AGAIN),
    143: ("stopped from outside", _AGAIN),
    EX_USAGE: ("refused its parameters", "look at them, and run again"),
    EX_CANTCREAT: ("refused by what is stored", "`hazard-store show {}` says in which state it is"),
    EX_CONFIG: ("not configured", "mend settings, credentials or tables, then " + _AGAIN),
    EX_SOFTWARE: ("met an error in our program", "report it, with the log"),
}
_OTHER = ("failed", "look at its log, then " + _AGAIN)


@dataclass(frozen=True)
class AuditEnd:
    """How the audit of a calculation ended that did not end well.

    Attributes:
        calc_id: the calculation.
        exit_code: of the container; None: it had none, or nothing is known of it.
        out_of_memory: whether ECS says so.
        reason: the sentence that was left.
    """

    calc_id: str
    exit_code: int | None = None
    out_of_memory: bool = False
    reason: str = "it left no sentence"

    @property
    def repairable(self) -> bool:
        """Whether a repair can help."""
        return self.exit_code in REPAIRED

    @property
    def word(self) -> str:
        """What happened, in a word or some."""
        return self._end[0]

    @property
    def advice(self) -> str:
        """What is to be done."""
        return self._end[1].format(self.calc_id)

    def __str__(self) -> str:
        return f"{self.calc_id}: {self.word} ({self.reason}). To do: {self.advice}"

    @property
    def _end(self) -> tuple[str, str]:
        code = OUT_OF_MEMORY if self.out_of_memory else self.exit_code
        if code in _ENDS or code not in MEANINGS:
            return _ENDS.get(code, _OTHER)
        return MEANINGS[self.exit_code or 0], _OTHER[1]


class AuditsFailed(HazardStoreError):
    """Audits of published calculations did not end well, and no repair has helped."""

    exit_code = EX_DIFFERENCE

    def __init__(self, ends: Sequence[AuditEnd], unknown: Sequence[str] = ()) -> None:
        by_word: dict[str, list[AuditEnd]] = {}
        for end in ends:
            by_word.setdefault(end.word, []).append(end)
        said = [
            f"{named([end.calc_id for end in of_it])} {word}: {of_it[0].advice}"
            for word, of_it in by_word.items()
        ]
        said += [f"{named(unknown)}: no such calculation is published"] if unknown else []
        super().__init__("audit", "; ".join(said))
        self.args = (ends, unknown)


class NothingAudited(HazardStoreError):
    """The calculations were not listed, so none was audited."""

    exit_code = EX_NOINPUT

    def __init__(self) -> None:
        super().__init__("audit", "nothing was audited; see the task list_published")
        self.args = ()


def end_of(calc_id: str, state: str | None, recorded: Mapping[str, Any] | None) -> AuditEnd:
    """Return how an audit ended that did not end well.

    Args:
        calc_id: the calculation.
        state: of its task instance.
        recorded: what the task left of its end; it counts only where the task failed, since one
            that is marked or skipped later keeps what it left before.
    """
    if state != "failed" or recorded is None:
        return AuditEnd(calc_id, reason=f"its task is {state or 'not run'}, and says no more")
    return AuditEnd(calc_id, **recorded)


def named(calc_ids: Sequence[str]) -> str:
    """Return some calculations as a sentence names them: the first few, and how many more."""
    more = f" and {len(calc_ids) - MAX_NAMED} more" if len(calc_ids) > MAX_NAMED else ""
    return ", ".join(calc_ids[:MAX_NAMED]) + more
