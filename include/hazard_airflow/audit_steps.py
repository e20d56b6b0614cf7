"""The light steps of `audit_hazard` and `remove_hazard`: which containers are to run.

Imported inside tasks only.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from hazard_airflow.audit_ends import AuditEnd, AuditsFailed, named
from hazard_store.amounts import count
from hazard_store.errors import BadParameter, Misconfigured, NoSuchCalculation
from hazard_store.limits import share_of
from hazard_store.model import Status
from hazard_store.settings import Settings
from hazard_store.shown import quoted
from hazard_store.store import Store
from hazard_store.workflow.stale import stale_heads

log = logging.getLogger(__name__)


def confirm_removal(params: Mapping[str, Any]) -> None:
    """Refuse a removal whose id was not given twice.

    Raises:
        BadParameter: the two are not the same.
    """
    if params["calc_id"] != params["confirm"]:
        raise BadParameter(
            "confirm", f"it is {quoted(params['confirm'])}, not {quoted(params['calc_id'])}"
        )


def audits(params: Mapping[str, Any]) -> tuple[list[list[str]], list[str]]:
    """Return the arguments of each audit, and the ids that were asked for and are not published.

    Raises:
        NoSuchCalculation: nothing that was asked for is published.
        Misconfigured: there are more than one run can audit.
    """
    settings = Settings.from_environment()
    published = [h.calc_id for h in Store(settings).heads.all() if h.status is Status.PUBLISHED]
    asked = list(dict.fromkeys(params["calc_ids"] or published))
    unknown = sorted(set(asked) - set(published))
    wanted = [calc_id for calc_id in asked if calc_id not in unknown]
    if unknown and not wanted:
        raise _not_published(unknown)
    if len(wanted) > settings.max_map_length:
        raise Misconfigured(
            "HAZARD_STORE_MAX_MAP_LENGTH",
            f"{len(wanted):,} calculations are published, and Airflow maps no task over more than "
            f"{settings.max_map_length:,}: raise it together with Airflow's own max_map_length, or "
            "name some in `calc_ids`",
        )
    for calc_id in unknown:
        log.error("%s: no such calculation is published", calc_id)
    at_once = max(1, min(len(wanted), settings.writers))
    budget = params["max_rcu_per_s"]
    share = [] if budget is None else [f"--max-rcu-per-s={share_of(budget, at_once):g}"]
    log.info("%s to audit, %s at once", count(len(wanted), "calculation"), at_once)
    return [["audit", calc_id, "--json", *share] for calc_id in wanted], unknown


def repairs(ends: Sequence[AuditEnd], params: Mapping[str, Any]) -> list[list[str]]:
    """Return the arguments of the repairs that were asked for, and say what to do about the rest.

    Args:
        ends: of the audits that did not end well.
        params: the form of the DAG.
    """
    for end in ends:
        log.error("%s", end)
    if not params["repair"]:
        return []
    return [["repair", end.calc_id, "--json"] for end in ends if end.repairable]


def require_all_right(ends: Sequence[AuditEnd], unknown: Sequence[str]) -> None:
    """Turn the run red if an audit did not end well, or could not begin.

    Args:
        ends: of the audits that did not end well, and that no repair has helped.
        unknown: the ids that were asked for and are not published.

    Raises:
        AuditsFailed: there are such audits.
        NoSuchCalculation: there are such ids.
    """
    if ends:
        raise AuditsFailed(ends, unknown)
    if unknown:
        raise _not_published(unknown)


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


def _not_published(unknown: Sequence[str]) -> NoSuchCalculation:
    return NoSuchCalculation(named(unknown), "no such calculation is published")
