"""The light steps of `store_hazard`, which run in Airflow itself: parameters in, counts out.

Imported inside tasks only. Plain functions of plain values; the DAG gives them their order.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from itertools import chain
from typing import Any

from hazard_airflow.ecs import orphans
from hazard_store.amounts import count, dollars, seconds
from hazard_store.errors import HazardStoreError, Refused
from hazard_store.inbox.guard import require_in_inbox
from hazard_store.limits import share_of
from hazard_store.model import IfStored, Kind, Status, StoreOptions
from hazard_store.records import Head
from hazard_store.records.head import Conflict
from hazard_store.settings import Settings
from hazard_store.shown import one_line
from hazard_store.store import Store
from hazard_store.streamed import Stream, is_stream
from hazard_store.workflow import publish as publishing
from hazard_store.workflow.arrive import Share, arrived_options
from hazard_store.workflow.claim import claim
from hazard_store.workflow.costs import outcome_of, writer_size
from hazard_store.workflow.fence import check_owner
from hazard_store.workflow.plan import Plan, make_plan
from hazard_store.workflow.same_content import same_content_note

log = logging.getLogger(__name__)

LOC_LENGTH = 32  # of a site code in the name of a chunk

# Sites "START:STOP", their name, the kinds to write, the attempt; CPU units and MB as ECS has them;
# of a stream, the share of its chunks that is written as it arrives, if there is one left.
Chunk = dict[str, Any]


class NothingBegun(HazardStoreError):
    """This run has not begun to store the calculation, so there is nothing to decide on."""

    def __init__(self, calc_id: str, failed: Sequence[str], reason: str | None = None) -> None:
        because = f", since {_names(failed)} failed: {reason}" if reason else ""
        super().__init__(
            calc_id, f"nothing was stored by this run{because or f'; see {_names(failed)}'}"
        )
        self.args = (calc_id, failed, reason)


class TasksFailed(HazardStoreError):
    """Tasks of this run failed, so the calculation is not published."""

    def __init__(self, calc_id: str, failed: Sequence[str], verdict: str) -> None:
        super().__init__(calc_id, f"{_names(failed)} failed; the audit: {verdict}")
        self.args = (calc_id, failed, verdict)


def file_of(params: Mapping[str, Any]) -> str:
    """Return what is to be stored: a calculation file, or a stream by its manifest."""
    return str(params["manifest"] if "manifest" in params else params["calc_file"])


def check_inbox(calc_file: str, parent_file: str | None = None) -> None:
    """Refuse a file outside the inbox, before anything reads it."""
    inbox = Settings.from_environment().inbox
    require_in_inbox(calc_file, inbox)
    if parent_file is not None:
        require_in_inbox(parent_file, inbox, "parent_file")


def plan(inspected: Mapping[str, Any], params: Mapping[str, Any], owner: str) -> dict[str, Any]:
    """Say what storing will take, before the first write."""
    planned = _plan(inspected, params, owner)
    calculation = planned.calculation
    forecast = calculation.forecast.model_dump(mode="json")
    log.info(
        "%s: %s of statistics, %s of realisations, %s; %s in %s; forecast: %s and %s with %s at "
        "once",
        calculation.calc_id,
        count(forecast["stats_items"], "item"),
        count(forecast["realisations_items"], "item"),
        count(forecast["maps_items"], "map item"),
        count(sum(forecast[f"{of}_wcu"] for of in ("stats", "realisations", "maps")), "write unit"),
        count(len(calculation.chunks), "chunk"),
        seconds(forecast["seconds"]),
        dollars(forecast["dollars"]),
        count(forecast["writers"], "writer"),
    )
    log.info("%s, since %s", count(len(calculation.chunks), "chunk"), planned.why_chunks)
    store = Store(Settings.from_environment())
    elsewhere = same_content_note(store, calculation.identity, calculation.calc_id)
    for note in (*calculation.notes, *forecast["notes"], elsewhere):
        if note:
            log.warning("%s", one_line(note))
    return {"calc_id": calculation.calc_id, "chunks": len(calculation.chunks), **forecast}


def store_meta(
    inspected: Mapping[str, Any],
    params: Mapping[str, Any],
    owner: str,
    stop_others: Callable[[str, str], object] = orphans.stop_of_others,
) -> list[Chunk]:
    """Claim the calculation for this run and store its records; return the chunks to write.

    A resume keeps the stored plan, so the chunks are those of the head, and stops the containers of
    the run that it takes over. None: the same file is already published.
    """
    planned = _plan(inspected, params, owner)
    claimed = claim(
        Store(Settings.from_environment()), planned, owner, IfStored(params["if_stored"])
    )
    head = claimed.head
    if claimed.already_published:
        log.info("%s: the same file is already published; nothing is written", head.calc_id)
        return []
    log.info("%s: attempt %s, held by %s", head.calc_id, head.attempt, head.owner)
    if head.attempt > 1:
        stop_others(head.calc_id, owner)
    return _chunks(head, claimed.plan, params.get("max_rcu_per_s"))


def decide(
    chunks: Sequence[Chunk] | None,
    failed: Sequence[str],
    calc_id: str,
    owner: str,
    reason: str | None = None,
) -> dict[str, Any]:
    """Add up the audits of all chunks and record what they say.

    Every chunk of the plan must have been audited in this attempt, and none of its tasks may have
    failed.

    Args:
        chunks: what `store_meta` returned; None where it did not end well.
        failed: the tasks of this run that failed, those of these chunks among them.
        calc_id: the calculation.
        owner: token of this run.
        reason: why the inspection failed, where it did.

    Raises:
        NothingBegun: this run has stored nothing; nothing is recorded then.
        TasksFailed: tasks failed; the calculation is now `failed`.
        AuditFailed: the audit found a difference; the calculation is now `failed`.
        LostOwnership: another run took over; nothing is recorded then.
    """
    store = Store(Settings.from_environment(owner=owner))
    head = store.heads.current(calc_id)
    if head is not None and chunks == [] and not failed:
        return _summary(head)
    head = store.heads.working(calc_id)
    begun = bool(chunks) or (chunks is None and head is not None and head.owner == owner)
    if head is None or not begun:
        raise NothingBegun(calc_id, failed, reason)
    check_owner(store, head)
    result = publishing.verdict(store, head)
    if failed or chunks is None:
        with suppress(Conflict):  # published by this run before, or taken over just now
            store.transitions.fail(head, outcome_of(store, head, result.report))
        raise TasksFailed(calc_id, failed, "passed" if result.passed else result.reason)
    return _summary(publishing.decide(store, head))


def publish(calc_id: str, owner: str) -> dict[str, Any]:
    """Show the calculation to its readers.

    Raises:
        Refused: it is not this run's to publish.
    """
    store = Store(Settings.from_environment(owner=owner))
    head = store.head(calc_id, working=True)
    if head.status is not Status.PUBLISHED:
        check_owner(store, head)
        head = publishing.publish(store, head)
    log.info("%s: %s", head.calc_id, head.status)
    return _summary(head)


def removals_of_old_versions(calc_id: str) -> list[list[str]]:
    """Return the arguments of the container that removes superseded versions, if there are any."""
    entry = Store(Settings.from_environment()).heads.entry(calc_id)
    superseded = entry is not None and entry.old
    return [["remove", calc_id, "--old-versions", "--json"]] if superseded else []


def remove_chunks(calc_id: str, manifest: str) -> int:
    """Remove the chunk files of a stream that is published; return how many there were.

    Those of a stream that turned out to be published already are nobody's but the sender's.
    """
    store = Store(Settings.from_environment())
    head = store.heads.current(calc_id)
    if head is None or head.calculation.file.uri != manifest:
        log.info("%s: its curves are not those of %s, whose files stay", calc_id, manifest)
        return 0
    stream = Stream(manifest, store.settings)
    stream.remove_chunks()
    return len(stream.complete().chunks)


def stop_orphans(calc_id: str, owner: str) -> int:
    """Stop the containers of this run that are still running; return how many there were."""
    return len(orphans.stop_of_run(calc_id, owner))


def remove_inspection(owner: str) -> list[str]:
    """Remove what `inspect` left for this run, and what killed runs have left; return those."""
    inspections = Store(Settings.from_environment()).inspections
    inspections.remove(owner)
    return inspections.remove_old(dt.datetime.now(dt.UTC))


def _plan(inspected: Mapping[str, Any], params: Mapping[str, Any], owner: str) -> Plan:
    """Plan, from what `inspect` left with the records and the form of the DAG; opens no file."""
    settings = Settings.from_environment()
    uri, calc_id = file_of(params), params["calc_id"]
    require_in_inbox(uri, settings.inbox)
    left = Store(settings).inspections.get(owner)
    if left is None:
        raise Refused(calc_id, "what `inspect` left for this run is gone: clear `inspect` as well")
    inspection, units = left
    if (found := inspection.calculation.file.uri) != uri or inspected["uri"] != uri:
        raise Refused(calc_id, f"{found} was inspected, not {uri}")
    if inspection.parent is not None:  # found beside the file, where a link may lead out
        require_in_inbox(inspection.parent.uri, settings.inbox, "parent_file")
    options = StoreOptions.of(params)
    if is_stream(uri):
        options = arrived_options(uri, settings, options)
    return make_plan(inspection, calc_id, options, settings, units=units)


def _chunks(head: Head, planned: Plan, max_rcu_per_s: float | None) -> list[Chunk]:
    locs = list(chain.from_iterable(part.locs for part in planned.site_parts))
    kinds = [str(kind) for kind in Kind if head.calculation.spec(kind).rows]
    settings = Settings.from_environment()
    budget = max_rcu_per_s or len(kinds) * settings.table_rcu_per_s
    at_once = min(len(head.calculation.chunks), settings.writers)
    size = writer_size(head.calculation.forecast.wcu_per_s_per_writer)
    return [
        {
            "sites": str(chunk),
            "name": f"sites {chunk} {_short(locs[chunk.start])} .. {_short(locs[chunk.stop - 1])}",
            "kinds": kinds,
            **_share_of_stream(head, chunk.number, at_once),
            "attempt": head.attempt,
            "max_rcu_per_s": f"{share_of(budget, at_once):.3f}",
            "cpu": f"{1024 * size.vcpu:.0f}",
            "memory": f"{1024 * size.gb:.0f}",
        }
        for chunk in head.calculation.chunks
    ]


def _share_of_stream(head: Head, number: int, at_once: int) -> dict[str, str]:
    """Return which share of a stream's chunks is written beside a chunk; nothing of a file's.

    There are no more shares than can be written at once: one that waits for another's end would be
    written behind the stream's.
    """
    if not is_stream(head.calculation.file.uri):
        return {}
    return {"arrived": str(Share(number, at_once)) if number < at_once else ""}


def _names(tasks: Sequence[str]) -> str:
    more = f" and {len(tasks) - 5} more" if len(tasks) > 5 else ""
    return (", ".join(tasks[:5]) or "the task before") + more


def _short(loc: str) -> str:
    return loc if len(loc) <= LOC_LENGTH else f"{loc[:LOC_LENGTH]}..."


def _summary(head: Head) -> dict[str, Any]:
    """Return the counts that a reader of the run wants to see."""
    audit = head.outcome.get("audit", {})
    counts = {name: audit.get(name) for name in ("missing", "extra", "altered")}
    kinds = {kind: audit.get(kind) for kind in (*map(str, Kind), "maps")}
    return {"calc_id": head.calc_id, "status": str(head.status), **counts, **kinds}
