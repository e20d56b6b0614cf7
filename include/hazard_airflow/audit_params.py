"""The trigger params of `audit_hazard` and `remove_hazard`, as UI and API check them."""

from __future__ import annotations

from airflow.sdk import Param

from hazard_airflow.form_fields import (
    OR_NOTHING,
    budget_field,
    calc_id_field,
    field,
    switch_field,
    whole_field,
)
from hazard_store.limits import CALC_ID_PATTERN, MAX_STALE_DAYS


def audit_params(max_calculations: int) -> dict[str, Param]:
    """Return the trigger params of `audit_hazard`.

    Args:
        max_calculations: how many one run can audit, a mapped instance each.
    """
    return {
        "calc_ids": field(
            "Calculations",
            "One id a line. Empty: all that are published.",
            f"a list of at most {max_calculations:,} calculation ids{OR_NOTHING}",
            None,
            type=["null", "array"],
            items={"type": "string", "pattern": CALC_ID_PATTERN},
            maxItems=max_calculations,
        ),
        "max_rcu_per_s": budget_field(
            "Read budget", "Read units a second of the whole run. Empty: no limit."
        ),
        "repair": switch_field(
            "Repair what differs",
            "On: missing and altered items are written again, and audited again.",
        ),
        "stale_days": whole_field(
            "Stale after",
            "Days after which an unpublished calculation is named by `find_stale`.",
            MAX_STALE_DAYS,
            14,
        ),
        "remove_stale": switch_field(
            "Remove stale failed calculations",
            "On: what has been `failed` for so long is removed.",
        ),
    }


def remove_params() -> dict[str, Param]:
    """Return the trigger params of `remove_hazard`."""
    return {
        "calc_id": calc_id_field("Calculation id", "What is removed, with all its versions."),
        "confirm": calc_id_field("The id again", "There is no way back, so it is asked for twice."),
        "take_over": switch_field(
            "Even if a run is writing it",
            "That run's writers are fenced and stop at their next request.",
        ),
        "max_wcu_per_s": budget_field(
            "Write budget", "Write units a second. Empty: the budget it was stored with."
        ),
    }
