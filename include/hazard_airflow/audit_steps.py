"""The light steps of `audit_hazard` and `remove_hazard`: which containers are to run.

Imported inside tasks only.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from hazard_store.amounts import count
from hazard_store.errors import EX_DIFFERENCE, BadParameter, HazardStoreError, NoSuchCalculation
from hazard_store.model import Status
from hazard_store.settings import Settings
from hazard_store.shown import quoted
from hazard_store.store import Store
from hazard_store.workflow.stale import stale_heads

log = logging.getLogger(__name__)


class AuditsFailed(HazardStoreError):
    """Published calculations are not what they should be, and nothing repairs them by itself."""

    exit_code = EX_DIFFERENCE

    def __init__(self, calc_ids: Sequence[str]) -> None:
        commands = "; ".join(f"hazard-store repair {calc_id}" for calc_id in calc_ids)
        super().__init__("audit", f"it failed: {commands}, or another run with `repair` on")
        self.args = (calc_ids,)


def confirm_removal(params: Mapping[str, Any]) -> None:
    """Refuse a removal whose id was not given twice.

    Raises:
        BadParameter: the two are not the same.
    """
    if params["calc_id"] != params["confirm"]:
        raise BadParameter(
            "confirm", f"it is {quoted(params['confirm'])}, not {quoted(params['calc_id'])}"
        )


def audits(params: Mapping[str, Any]) -> list[list[str]]:
    """Return the arguments of each audit.

    Raises:
        NoSuchCalculation: one that was asked for is not published.
    """
    settings = Settings.from_environment()
    published = [h.calc_id for h in Store(settings).heads.all() if h.status is Status.PUBLISHED]
    wanted = params["calc_ids"] or published
    for calc_id in wanted:
        if calc_id not in published:
            raise NoSuchCalculation(calc_id, "no such calculation is published")
    at_once = max(1, min(len(wanted), settings.writers))
    budget = params["max_rcu_per_s"]
    share = [] if budget is None else [f"--max-rcu-per-s={budget / at_once:g}"]
    log.info("%s to audit, %s at once", count(len(wanted), "calculation"), at_once)
    return [["audit", calc_id, "--json", *share] for calc_id in wanted]


def repairs(failed: Sequence[str], params: Mapping[str, Any]) -> list[list[str]]:
    """Return the arguments of the repairs that were asked for.

    Args:
        failed: the calculations whose audit failed.
        params: the form of the DAG.

    Raises:
        AuditsFailed: there are some, and no repair was asked for.
    """
    if failed and not params["repair"]:
        raise AuditsFailed(failed)
    return [["repair", calc_id, "--json"] for calc_id in failed]


def stale(
    params: Mapping[str, Any], now: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC)
) -> list[list[str]]:
    """Name what is stale; return the arguments of the removals that were asked for."""
    store = Store(Settings.from_environment())
    for run in store.inspections.remove_old(now()):
        log.warning("%s was killed or deleted: what its inspection left was removed", run)
    found = stale_heads(store, params["stale_days"], now())
    for head in found:
        log.warning(
            "%s has been %s since %s: resume it, or `hazard-store remove %s`",
            *(head.calc_id, head.status, head.since, head.calc_id),
        )
    if not params["remove_stale"]:
        return []
    failed = [head for head in found if head.status is Status.FAILED]
    return [["remove", head.calc_id, "--yes", "--json"] for head in failed]
