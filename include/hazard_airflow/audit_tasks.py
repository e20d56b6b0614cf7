"""The tasks of `audit_hazard` and `remove_hazard` in Airflow; what they do is in `audit_steps`."""

from __future__ import annotations

from typing import Any

from airflow.sdk import task

from hazard_airflow.final_failures import fails_for_good
from hazard_airflow.run_states import state_of

Arguments = list[list[str]]  # of the containers to run


@task
@fails_for_good
def list_published(params: Any = None, **context: Any) -> Arguments:
    """Return the arguments of each audit."""
    from hazard_airflow import audit_steps
    from hazard_airflow.forms import require_known_conf

    require_known_conf(context)
    return audit_steps.audits(params)


@task(trigger_rule="all_done")
@fails_for_good
def collect_failures(audits: Arguments | None, params: Any = None, ti: Any = None) -> Arguments:
    """Name the calculations whose audit failed; return the repairs that were asked for."""
    from hazard_airflow import audit_steps

    failed = [
        arguments[1]
        for index, arguments in enumerate(audits or ())
        if state_of(ti, "audit", index) == "failed"
    ]
    return audit_steps.repairs(failed, params)


@task
@fails_for_good
def find_stale(params: Any = None, **context: Any) -> Arguments:
    """Name what is stale; return the removals that were asked for."""
    from hazard_airflow import audit_steps
    from hazard_airflow.forms import require_known_conf

    require_known_conf(context)
    return audit_steps.stale(params)


@task
@fails_for_good
def confirm(params: Any = None, **context: Any) -> None:
    """Refuse a removal whose id was not given twice."""
    from hazard_airflow import audit_steps
    from hazard_airflow.forms import require_known_conf

    require_known_conf(context)
    audit_steps.confirm_removal(params)
