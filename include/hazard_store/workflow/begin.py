"""Claims a calculation for a run, or says why not; then stores its records."""

from __future__ import annotations

from dataclasses import dataclass

from hazard_store.errors import Refused, TryAgain
from hazard_store.model import IfStored, Status
from hazard_store.records import Forecast, Head, StoredCalculation
from hazard_store.records.heads import Conflict
from hazard_store.store import Store
from hazard_store.workflow.plan import Plan

_RACES = 5  # how often the head may change under us before we say "try again"


@dataclass(frozen=True)
class Claim:
    """The head that this run owns, or one that is published already and needs nothing."""

    head: Head
    already_published: bool


def begin(store: Store, plan: Plan, owner: str, if_stored: IfStored) -> Claim:
    """Claim the calculation and store its records. Safe to repeat.

    Args:
        store: where.
        plan: what; a resume keeps the plan that is stored.
        owner: token of this run; the same token may come again (a retried task).
        if_stored: what to do about an unfinished run of another owner.

    Raises:
        Refused: another file, or the same with other parameters, is stored under this id.
        TryAgain: another run holds the calculation.
    """
    for _ in range(_RACES):
        head = store.heads.current(plan.calculation.calc_id)
        try:
            if head is None:
                head = store.heads.create(plan.calculation, owner)
            else:
                head = _claim_existing(store, head, plan, owner, if_stored)
        except Conflict:
            continue
        if head.status is Status.PUBLISHED:
            return Claim(head, already_published=True)
        _put_records(store, head, plan)
        return Claim(head, already_published=False)
    raise TryAgain(plan.calculation.calc_id, "other runs are changing it at this moment")


def _claim_existing(store: Store, head: Head, plan: Plan, owner: str, if_stored: IfStored) -> Head:
    differences = head.calculation.same_parameters(plan.calculation)
    if differences:
        what = (
            "another file"
            if head.calculation.sha256 != plan.calculation.sha256
            else ("the same file with other parameters")
        )
        raise Refused(
            head.calc_id,
            f"{what} is stored under this id ({head.status}): it has {'; '.join(differences)}. "
            "Use another calculation id, or the parameters that are stored",
        )
    if head.status is Status.PUBLISHED:
        return head
    if head.status in (Status.WITHDRAWN, Status.REMOVING):
        raise Refused(head.calc_id, f"it is {head.status}: finish its removal first")
    if head.owner == owner and head.status is not Status.FAILED:
        return head
    if head.status is not Status.FAILED and if_stored is not IfStored.RESUME:
        raise TryAgain(
            head.calc_id,
            f"it is held by the run {head.owner} (attempt {head.attempt}, {head.status} since "
            f"{head.since}). If that run is dead, take over with --if-stored resume",
        )
    forecast = _forecast(head.calculation, plan.calculation)
    return store.heads.take_over(head, owner, plan.calculation.file, forecast)


def _forecast(stored: StoredCalculation, planned: StoredCalculation) -> Forecast:
    """Return what a resume is to hold to: the chunks that are stored, and the budget given now."""
    if stored.chunks == planned.chunks:
        return planned.forecast
    writers = max(stored.forecast.writers, planned.forecast.writers)
    budget = planned.forecast.writers * planned.forecast.wcu_per_s_per_writer
    share = {"writers": writers, "wcu_per_s_per_writer": budget / writers}
    return stored.forecast.model_copy(update={**share, "limited": planned.forecast.limited})


def _put_records(store: Store, head: Head, plan: Plan) -> None:
    """Store the large parts. They follow from the file, so repeating this changes nothing."""
    parts = store.parts(head.storage_id)
    for part in plan.site_parts:
        parts.put_site_part(part)
    tree = plan.logic_tree
    parts.put_json(
        "logic-tree",
        {
            "source_branches": tree.source_branches,
            "gsim_branches": tree.gsim_branches,
            "num_samples": tree.num_samples,
        },
    )
    parts.put_json("realisations", {"weights": tree.weights.tolist(), "paths": tree.paths})
