"""How a container ended, and whether trying again can help."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from airflow.sdk.exceptions import AirflowException, AirflowFailException

from hazard_store.errors import (
    EX_CANTCREAT,
    EX_CONFIG,
    EX_DATAERR,
    EX_DIFFERENCE,
    EX_IOERR,
    EX_NOINPUT,
    EX_SOFTWARE,
    EX_TEMPFAIL,
    EX_USAGE,
    exit_code_is_temporary,
)
from hazard_store.shown import one_line

PROGRAM = "hazard-store"  # begins the one sentence that an error of ours leaves behind
REFUSING = (EX_USAGE, EX_DATAERR, EX_NOINPUT, EX_CANTCREAT)  # the file's fault, and not ours
LINE_LENGTH = 1000  # of a log line in an error message
REPORT_LINES = 20  # of a log, at its end: a line on stderr may come after the report
MEANINGS = {
    EX_DIFFERENCE: "the audit found a difference",
    EX_USAGE: "invalid parameter",
    EX_DATAERR: "the input is bad",
    EX_NOINPUT: "no such input or calculation",
    EX_SOFTWARE: "an error in the program",
    EX_CANTCREAT: "refused by what is stored",
    EX_IOERR: "what is stored is damaged, or output cannot be written",
    EX_TEMPFAIL: "temporary",
    EX_CONFIG: "configuration",
    137: "killed",
    143: "told to stop",
}


class ContainerFailed(AirflowException):  # type: ignore[misc]
    """A container did not do its work; trying again can help."""

    temporary: ClassVar[bool] = True

    def __init__(self, exit_code: int | None, sentence: str) -> None:
        super().__init__(exit_code, sentence)
        self.exit_code, self.sentence = exit_code, sentence

    def __str__(self) -> str:
        if self.exit_code is None:
            return one_line(f"the container ended without an exit code: {self.sentence}")
        meaning = MEANINGS.get(self.exit_code)
        code = f"exit code {self.exit_code}" + (f" ({meaning})" if meaning else "")
        return one_line(f"{code}: {self.sentence}")


class ContainerFailedForGood(ContainerFailed, AirflowFailException):  # type: ignore[misc]
    """A container did not do its work, and trying again would not help."""

    temporary = False


def failure(exit_code: int | None, sentence: str) -> ContainerFailed:
    """Return the error of a container that ended with an exit code other than 0, or with none."""
    of = ContainerFailed if exit_code_is_temporary(exit_code) else ContainerFailedForGood
    return of(exit_code, sentence)


def ours_of(task: Mapping[str, Any], container_name: str) -> Mapping[str, Any] | None:
    """Return that container of a task, as DescribeTasks tells it, which is ours."""
    containers = task.get("containers") or ()
    return next((each for each in containers if each["name"] == container_name), None)


def exit_code_of(task: Mapping[str, Any], container_name: str) -> int | None:
    """Return the exit code of our container; None: it never started, or its host died."""
    ours = ours_of(task, container_name)
    code: int | None = None if ours is None else ours.get("exitCode")
    return code


def report_of(lines: Sequence[str]) -> dict[str, Any] | None:
    """Return the JSON report among the last lines of a container; None where there is none."""
    for line in reversed(lines):
        if line.lstrip().startswith("{"):
            try:
                report = json.loads(line)
            except json.JSONDecodeError:
                continue
            if isinstance(report, dict):
                return report
    return None


def pulled(report: Any) -> Any:
    """Return a report that another task left in XCom, as that task meant it.

    What a trigger leaves there when it ends a task, Airflow encodes twice.
    """
    return json.loads(report) if isinstance(report, str) else report


def sentence_of(lines: Sequence[str]) -> str:
    """Return what the last lines of a container say about its failure, in one sentence."""
    for line in reversed(lines):
        said, ours, sentence = line.removeprefix("ERROR ").partition(f"{PROGRAM}: ")
        if ours and not said:
            return one_line(sentence.strip())[:LINE_LENGTH]
    last = [one_line(line.strip())[:LINE_LENGTH] for line in lines if line.strip()]
    return " | ".join(last[-3:]) or "it said nothing"
