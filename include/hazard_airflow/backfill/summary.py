"""How each file of a `backfill_hazard` run ended, and the summary of all.

Imported inside tasks only.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from hazard_airflow.backfill.find import File
from hazard_store.amounts import count
from hazard_store.errors import HazardStoreError
from hazard_store.shown import one_line

log = logging.getLogger(__name__)

OUTCOMES = ("stored", "skipped", "refused", "failed")
_OUTCOME = {"success": "stored", "skipped": "skipped"}  # by a task's state, if it recorded none
_STATE = {"stored": "success", "skipped": "skipped"}  # of the task that recorded it

Summary = dict[str, Any]


class NotAllStored(HazardStoreError):
    """Files of this run were refused, or storing them failed."""

    def __init__(self, refused: Sequence[str], failed: Sequence[str]) -> None:
        parts = [
            f"{len(names)} {outcome} ({', '.join(names[:3])}{' ...' if len(names) > 3 else ''})"
            for outcome, names in (("refused", refused), ("failed", failed))
            if names
        ]
        super().__init__("files", f"{' and '.join(parts)}; the summary gives each reason")
        self.args = (refused, failed)


class NothingFound(HazardStoreError):
    """The inbox could not be listed, so there is nothing to sum up."""

    def __init__(self) -> None:
        super().__init__("inbox", "it was not listed; see the task find")
        self.args = ()


def summarise(
    files: Sequence[File] | None,
    looked_at: Mapping[str, Any] | None,
    recorded: Mapping[str, Sequence[Mapping[str, Any]]],
    states: Mapping[str, Mapping[str, str | None]],
) -> Summary:
    """Return what became of every file.

    Args:
        files: what `find` returned; None where it failed.
        looked_at: the `interval` that `find` looked at, as a sentence says it, and how many files
            it has `left_out` (stored before) and `ignored` (no calculations).
        recorded: the outcomes that the files' tasks recorded, by task, each with its `uri`.
        states: of the tasks of each file, by its `uri`, in their order.

    Raises:
        NothingFound: `find` failed.
    """
    if files is None:
        raise NothingFound
    said: dict[str, dict[str, Mapping[str, Any]]] = {}
    for task, words in recorded.items():
        for word in words:
            said.setdefault(word["uri"], {})[task] = word
    summary: Summary = {outcome: [] for outcome in OUTCOMES}
    for file in files:
        of_file = _ended(states.get(file["uri"], {}), said.get(file["uri"], {}))
        entry = {"file": file["name"], "calc_id": file["calc_id"], "reason": of_file["reason"]}
        if of_file.get("run_id"):
            entry["run_id"] = of_file["run_id"]
        summary[of_file["outcome"]].append(entry)
    summary |= {"interval": "", "left_out": 0, "ignored": 0} | dict(looked_at or {})
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


def _ended(states: Mapping[str, str | None], words: Mapping[str, Mapping[str, Any]]) -> Any:
    """Return the outcome that the task which ended a file has recorded, or what its state says.

    An outcome in XCom that disagrees with its task's state is ignored: it is left over from an
    earlier try, since a task that is skipped when a run is repeated keeps its XComs.
    """
    outcome = "failed"
    for task, state in states.items():
        word = words.get(task)
        if word is not None and state == _STATE.get(word["outcome"], "failed"):
            return word
        outcome = _OUTCOME.get(state or "", "failed")
        if outcome != "stored":
            break
    text = ", ".join(f"{task} is {state or 'not run'}" for task, state in states.items())
    return {"outcome": outcome, "reason": f"no outcome was recorded: {text or 'it was not begun'}"}


def _tell(summary: Summary) -> None:
    counts = ", ".join(f"{len(summary[outcome])} {outcome}" for outcome in OUTCOMES)
    log.info(
        "%s arrived %s: %s; %s left out, as stored before or overtaken; %s left alone",
        count(sum(len(summary[outcome]) for outcome in OUTCOMES), "file"),
        summary["interval"],
        counts,
        count(summary["left_out"], "file"),
        count(summary["ignored"], "other file"),
    )
    for outcome in OUTCOMES:
        level = logging.INFO if outcome in ("stored", "skipped") else logging.ERROR
        for entry in summary[outcome]:
            said = one_line(f"{entry['file']} ({entry['reason']})")
            log.log(level, "%-7s %s", outcome, said)
