"""How each file of a `backfill_hazard` run ended, and the summary of all.

Imported inside tasks only.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from hazard_airflow.backfill_find import File
from hazard_store.errors import HazardStoreError

log = logging.getLogger(__name__)

OUTCOMES = ("stored", "skipped", "refused", "failed")
_BY_STATE = {"success": "stored", "skipped": "skipped"}  # marked by hand, so nothing was recorded

Summary = dict[str, Any]


class NotAllStored(HazardStoreError):
    """Files of this run were refused, or storing them failed."""

    def __init__(self, refused: Sequence[str], failed: Sequence[str]) -> None:
        super().__init__(refused, failed)
        self.refused, self.failed = refused, failed

    def __str__(self) -> str:
        parts = [
            f"{len(names)} {outcome} ({', '.join(names[:3])}{' ...' if len(names) > 3 else ''})"
            for outcome, names in (("refused", self.refused), ("failed", self.failed))
            if names
        ]
        return f"{' and '.join(parts)}; the summary gives each reason"


class NothingFound(HazardStoreError):
    """The inbox could not be looked through, so there is nothing to sum up."""

    def __str__(self) -> str:
        return "the inbox was not looked through; see the task find"


def summarise(
    files: Sequence[File] | None,
    ignored: int | None,
    recorded: Sequence[Mapping[str, Any]],
    states: Mapping[str, Mapping[str, str | None]],
) -> Summary:
    """Return what became of every file.

    Args:
        files: what `find` returned; None where it failed.
        ignored: how many files were no calculations.
        recorded: what the tasks of the files said, each with its file's `uri`; later ones count.
        states: of the tasks of each file, by its `uri`, in their order.

    Raises:
        NothingFound: `find` failed.
    """
    if files is None:
        raise NothingFound
    said = {each["uri"]: each for each in recorded}
    summary: Summary = {outcome: [] for outcome in OUTCOMES}
    for file in files:
        of_file = said.get(file["uri"]) or _by_states(states.get(file["uri"], {}))
        entry = {"file": file["name"], "calc_id": file["calc_id"], "reason": of_file["reason"]}
        if of_file.get("run_id"):
            entry["run_id"] = of_file["run_id"]
        summary[of_file["outcome"]].append(entry)
    summary["ignored"] = ignored or 0
    _tell(summary)
    return summary


def require_all_stored(summary: Summary) -> None:
    """Turn the run red if a file is not where it belongs.

    Raises:
        NotAllStored: files were refused, or storing them failed.
    """
    refused, failed = (
        [entry["file"] for entry in summary[outcome]] for outcome in ("refused", "failed")
    )
    if refused or failed:
        raise NotAllStored(refused, failed)


def _by_states(states: Mapping[str, str | None]) -> dict[str, Any]:
    """Return the outcome of a file whose tasks left no word: killed, or marked by hand."""
    last = [state for state in states.values() if state is not None]
    outcome = _BY_STATE.get(last[-1], "failed") if last else "failed"
    text = ", ".join(f"{task} is {state or 'not run'}" for task, state in states.items())
    return {"outcome": outcome, "reason": f"no word was left: {text or 'it was not begun'}"}


def _tell(summary: Summary) -> None:
    counts = ", ".join(f"{len(summary[outcome])} {outcome}" for outcome in OUTCOMES)
    log.info("%s; %s other files left alone", counts, summary["ignored"])
    for outcome in OUTCOMES:
        level = logging.INFO if outcome in ("stored", "skipped") else logging.ERROR
        for entry in summary[outcome]:
            log.log(level, "%-7s %s (%s)", outcome, entry["file"], entry["reason"])
