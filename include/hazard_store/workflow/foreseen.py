"""What a load would do with a plan in the light of what is stored; reads and changes nothing."""

from __future__ import annotations

from dataclasses import dataclass, replace

from hazard_store.model import IfStored, Status
from hazard_store.records import Head, StoredCalculation
from hazard_store.store import Store
from hazard_store.workflow.claim import differences_of, forecast_of_resume
from hazard_store.workflow.plan import Plan
from hazard_store.workflow.same_content import same_content_note


@dataclass(frozen=True)
class Foreseen:
    """What a load would store, and a sentence where something is stored already."""

    calculation: StoredCalculation
    note: str | None = None


def foresee(store: Store, plan: Plan, if_stored: IfStored) -> Foreseen:
    """Return what a load would do, with a note where the same content has other ids too.

    Args:
        store: where.
        plan: with what the caller named, and today's defaults.
        if_stored: as `load` takes it.
    """
    foreseen = _under_its_id(store, plan, if_stored)
    planned = plan.calculation
    notes = (foreseen.note, same_content_note(store, planned.identity, planned.calc_id))
    return replace(foreseen, note=" ".join(filter(None, notes)) or None)


def _under_its_id(store: Store, plan: Plan, if_stored: IfStored) -> Foreseen:
    planned = plan.calculation
    entry = store.heads.entry(planned.calc_id)
    if entry is None:
        return Foreseen(planned)
    for storage_id in dict.fromkeys((entry.storage_id, entry.working)):
        head = store.heads.get(storage_id)
        if head is not None and not differences_of(head, plan):
            return _as_stored(head, plan)
    head = store.heads.get(entry.working)
    if head is None:
        return Foreseen(planned)
    differs = "; ".join(differences_of(head, plan))
    what = f"Under this id is stored ({head.status}) what has {differs}"
    if if_stored is IfStored.REPLACE:
        version = entry.versions + 1
        return Foreseen(planned, f"{what}: this would be stored as version {version} instead.")
    return Foreseen(planned, f"{what}: a load is refused unless --if-stored replace says so.")


def _as_stored(head: Head, plan: Plan) -> Foreseen:
    stored = head.calculation
    if head.status is Status.PUBLISHED:
        return Foreseen(stored, "It is published already: a load writes nothing.")
    forecast = forecast_of_resume(stored, plan.calculation)
    stored = stored.model_copy(update={"forecast": forecast})
    return Foreseen(
        stored, f"It is stored already, {head.status}: a load writes at most this, what is missing."
    )
