"""Claims a calculation for a run, or says why not; then stores its records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hazard_store.calcfile import file_version
from hazard_store.errors import Refused, TryAgain
from hazard_store.identity import Identity, same_content, why_another
from hazard_store.model import IfStored, Status, StoreOptions
from hazard_store.records import Conflict, Forecast, Head, IndexEntry, StoredCalculation
from hazard_store.store import Store
from hazard_store.streamed import is_stream
from hazard_store.workflow.fence import held_by_another
from hazard_store.workflow.plan import Plan
from hazard_store.workflow.put_plan import put_plan
from hazard_store.workflow.shape import as_asked

_SIDECAR_ADVICE = (
    "Use another calculation id, the parameters that are stored, or if_stored=replace, all of "
    "which a sidecar can say"
)
_RACES = 5  # how often the head may change under us before we say "try again"


@dataclass(frozen=True)
class Claim:
    """The head that this run owns, or one that is published already and needs nothing."""

    head: Head
    plan: Plan  # the one that is stored, where there was one
    already_published: bool


def claim(store: Store, plan: Plan, owner: str, if_stored: IfStored) -> Claim:
    """Claim the calculation and store its records. Safe to repeat.

    Args:
        store: where.
        plan: what; a resume keeps the plan that is stored.
        owner: token of this run; the same token may come again (a retried task).
        if_stored: `fail` refuses what is published, or held by another run, and stores the same
            file with other parameters in the place of what has failed; `resume` takes over what is
            unfinished, with its plan; `replace` begins the next version beside what is published,
            and in the place of what has failed, whatever the file.

    Raises:
        Refused: another file, or the same with other parameters, is stored under this id.
        TryAgain: another run holds the calculation.
    """
    calc_id = plan.calculation.calc_id
    for _ in range(_RACES):
        entry = store.heads.entry(calc_id)
        try:
            if entry is None:
                head = store.transitions.create(plan.calculation, owner)
            else:
                head = _claim_existing(store, entry, plan, owner, if_stored)
        except Conflict:
            continue
        if head.status is Status.PUBLISHED:
            return Claim(head, plan, already_published=True)
        if head.calculation.same_parameters(plan.calculation):
            plan = plan.following(head.calculation)
        put_plan(store.parts(head.storage_id), plan)
        return Claim(head, plan, already_published=False)
    raise TryAgain(calc_id, "other runs are changing it at this moment")


def already_published(
    store: Store,
    uri: str,
    calc_id: str,
    options: StoreOptions,
    *,
    replace: bool,
    inspected: Mapping[str, Any] | None = None,
    parent: str | None = None,
) -> bool:
    """Tell whether this file is published under this id with these parameters.

    Writes nothing, and opens no calculation. What is stored and not published is left to the run
    that will store it.

    Args:
        store: where.
        uri: the calculation file.
        calc_id: the id to store it under.
        options: how it is to be stored.
        replace: whether something else under this id may be replaced.
        inspected: what `inspect --json` said of the file; None: it was not inspected, and only the
            very version that was published (URI, size and ETag) is recognised.
        parent: the file of the calculation that it continues, where one is named; likewise.

    Raises:
        Refused: another file, or the same with other parameters, is published under this id.
        NoSuchInput: there is no such file.
    """
    head = store.heads.current(calc_id)
    if head is None or head.status is not Status.PUBLISHED:
        return False
    stored = head.calculation
    if inspected is None:
        if file_version(uri, store.settings) != stored.file:
            return False
        if parent is not None and not _is_parent(store, parent, stored):
            return False
    elif not same_content(stored.identity, Identity.of_json(inspected)):
        return _refused_unless(replace, stored, _why_refused(stored, Identity.of_json(inspected)))
    if inspected is not None:
        in_file = bool(inspected["realisations_in_file"])
    elif stored.realisations or stored.realisations_in_file is not None:
        in_file = stored.realisations or bool(stored.realisations_in_file)
    else:  # stored before this was recorded
        return False
    differences = stored.same_parameters(as_asked(stored, options, in_file))
    return not differences or _refused_unless(
        replace,
        stored,
        "the same file is published under this id with other parameters: it has "
        + "; ".join(differences),
    )


def _is_parent(store: Store, uri: str, stored: StoredCalculation) -> bool:
    found, recorded = file_version(uri, store.settings), stored.parent
    return recorded is not None and (recorded.uri, recorded.etag) == (found.uri, found.etag)


def _why_refused(stored: StoredCalculation, found: Identity) -> str:
    """Return why a file is not what is published."""
    if stored.sha256 == found.sha256:
        read = "no parent" if stored.parent is None else f"the parent {stored.parent.uri}"
        return f"the same file is published under this id with {read}"
    differs = why_another(stored.identity, found)
    return f"another file ({stored.file.uri}) is published under this id: it has {differs}"


def _refused_unless(replace: bool, stored: StoredCalculation, reason: str) -> bool:
    """Return False, "not published in this way", where it may be replaced."""
    if replace:
        return False
    raise Refused(stored.calc_id, f"{reason}. {_SIDECAR_ADVICE}")


def _claim_existing(
    store: Store, entry: IndexEntry, plan: Plan, owner: str, if_stored: IfStored
) -> Head:
    current = store.heads.get(entry.storage_id)
    working = current if entry.next is None else store.heads.get(entry.next)
    if current is None or working is None or store.heads.entry(entry.calc_id) != entry:
        raise Conflict(entry.calc_id)  # removed or replaced while we read
    if current.status in (Status.WITHDRAWN, Status.REMOVING):
        raise Refused(
            entry.calc_id,
            f"it is {current.status}: finish its removal first, `hazard-store remove`",
        )
    if current.status is Status.PUBLISHED:
        differences = differences_of(current, plan)
        if not differences:
            return current
        if if_stored is IfStored.FAIL or (if_stored is IfStored.RESUME and entry.next is None):
            raise _refused(current, plan, differences)
        if entry.next is None:
            return store.transitions.create_beside(entry, _next_version(entry, plan), owner)
    return _claim_unpublished(store, entry, working, plan, owner, if_stored)


def _claim_unpublished(
    store: Store, entry: IndexEntry, head: Head, plan: Plan, owner: str, if_stored: IfStored
) -> Head:
    differences = differences_of(head, plan)
    if differences:
        same_file = same_content(head.calculation.identity, plan.calculation.identity)
        # What failed has no readers, and is made from the same file again: nothing can be lost.
        # A stream that failed is never finished: its engine runs again, or its file is submitted.
        lost = head.calculation.content is None and is_stream(head.calculation.file.uri)
        makes_way = if_stored is IfStored.REPLACE or (
            if_stored is IfStored.FAIL and (same_file or lost)
        )
        if head.status is Status.FAILED and makes_way:
            return store.transitions.create_instead(entry, head, _next_version(entry, plan), owner)
        if if_stored is not IfStored.REPLACE:
            raise _refused(head, plan, differences)
        raise _held(head)
    if head.owner == owner and head.status is not Status.FAILED:
        return head
    if head.status is not Status.FAILED and if_stored is not IfStored.RESUME:
        raise _held(head)
    forecast = forecast_of_resume(head.calculation, plan.calculation)
    return store.transitions.take_over(head, owner, plan.calculation, forecast)


def differences_of(head: Head, plan: Plan) -> list[str]:
    """Return how a plan differs from what is stored: in its content, or in what was named."""
    stored, planned = head.calculation, plan.calculation
    if not same_content(stored.identity, planned.identity):  # then what was named is of another's
        return [why_another(stored.identity, planned.identity)]
    in_file = bool(planned.realisations_in_file)
    differences = stored.same_parameters(as_asked(stored, plan.asked, in_file))
    to_be_written = stored.realisations and head.status is not Status.PUBLISHED
    if to_be_written and not in_file and not differences:
        return ["realisations, of which this file has no curves"]
    return differences


def _next_version(entry: IndexEntry, plan: Plan) -> StoredCalculation:
    return plan.calculation.model_copy(update={"version": entry.versions + 1})


def _refused(head: Head, plan: Plan, differences: list[str]) -> Refused:
    same_file = same_content(head.calculation.identity, plan.calculation.identity)
    what = "the same file with other parameters" if same_file else "another file"
    return Refused(
        head.calc_id,
        f"{what} is stored under this id ({head.status}): it has {'; '.join(differences)}. "
        "Use another calculation id, the parameters that are stored, or --if-stored replace",
    )


def _held(head: Head) -> TryAgain:
    return held_by_another(head, "take over with --if-stored resume")


def forecast_of_resume(stored: StoredCalculation, planned: StoredCalculation) -> Forecast:
    """Return what a resume is to hold to: the chunks that are stored, and the budget given now."""
    same_items = not stored.same_parameters(planned)
    if same_items and stored.chunk_borders == planned.chunk_borders:
        return planned.forecast
    writers = max(stored.forecast.writers, planned.forecast.writers)
    budget = planned.forecast.writers * planned.forecast.wcu_per_s_per_writer
    share = {"writers": writers, "wcu_per_s_per_writer": budget / writers}
    kept = {name: getattr(planned.forecast, name) for name in ("records", "records_wcu", "limited")}
    return stored.forecast.model_copy(update={**share, **kept})
