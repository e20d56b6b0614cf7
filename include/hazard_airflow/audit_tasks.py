"""The tasks of `audit_hazard` and `remove_hazard` in Airflow; what they do is in `audit_steps`."""

from __future__ import annotations

from typing import Any

from airflow.sdk import task

from hazard_airflow.final_failures import fails_for_good
from hazard_airflow.run_states import states_of

Arguments = list[list[str]]  # of the containers to run
UNKNOWN = "unknown"  # key of the XCom: ids that were asked for and are not published


@task(task_display_name="List what is published")
@fails_for_good
def list_published(params: Any = None, ti: Any = None, **context: Any) -> Arguments:
    """Return the arguments of each audit."""
    from hazard_airflow import audit_steps
    from hazard_airflow.forms import require_known_conf

    require_known_conf(context)
    arguments, unknown = audit_steps.audits(params)
    ti.xcom_push(key=UNKNOWN, value=unknown)
    return arguments


@task(task_display_name="Collect the audits that failed", trigger_rule="all_done")
@fails_for_good
def collect_failures(audits: Arguments | None, params: Any = None, ti: Any = None) -> Arguments:
    """Say how each audit ended that failed; return the repairs that were asked for, or be red."""
    from hazard_airflow import audit_steps

    ends = _ends(audits, ti)
    repairs = audit_steps.repairs(ends, params)
    if not repairs:
        audit_steps.require_all_right(ends, _unknown(ti))
    return repairs


@task(
    task_display_name="Report what was not repaired", trigger_rule="none_failed"
)  # where there is nothing to repair, `repair` is skipped
@fails_for_good
def report_unrepaired(audits: Arguments, ti: Any = None) -> None:
    """Be red if an audit failed which no repair can help, though others were repaired."""
    from hazard_airflow import audit_steps

    ends = [end for end in _ends(audits, ti) if not end.repairable]
    audit_steps.require_all_right(ends, _unknown(ti))


@task(task_display_name="Find what is stale")
@fails_for_good
def find_stale(params: Any = None, **context: Any) -> Arguments:
    """Name what is stale; return the removals that were asked for."""
    from hazard_airflow import audit_steps
    from hazard_airflow.forms import require_known_conf

    require_known_conf(context)
    return audit_steps.stale(params)


@task(task_display_name="Compare both ids", map_index_template="{{ params.calc_id }}")
@fails_for_good
def confirm(params: Any = None, **context: Any) -> None:
    """Refuse a removal whose id was not given twice."""
    from hazard_airflow import audit_steps
    from hazard_airflow.forms import require_known_conf

    require_known_conf(context)
    audit_steps.confirm_removal(params)


def _ends(audits: Arguments | None, ti: Any) -> Any:
    """Return the ends of the audits that did not end well."""
    from hazard_airflow.audit_ends import NothingAudited, end_of
    from hazard_airflow.failures import END

    if audits is None:
        raise NothingAudited
    states = states_of(ti)
    ends = []
    for index, (_, calc_id, *_) in enumerate(audits):
        state = states.get(f"audit_{index}")
        if state != "success":
            recorded = ti.xcom_pull(task_ids="audit", key=END, map_indexes=index)
            ends.append(end_of(calc_id, state, recorded))
    return ends


def _unknown(ti: Any) -> list[str]:
    return ti.xcom_pull(task_ids="list_published", key=UNKNOWN) or []
