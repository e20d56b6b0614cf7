"""The trigger params of `audit_hazard` and `remove_hazard`, as UI and API check them."""

from __future__ import annotations

from airflow.sdk import Param

from hazard_store.limits import CALC_ID_PATTERN


def audit_params() -> dict[str, Param]:
    """Return the trigger params of `audit_hazard`."""
    return {
        "calc_ids": Param(
            None,
            title="Calculations",
            description="One id a line. Empty: all that are published.",
            type=["null", "array"],
            items={"type": "string"},
        ),
        "max_rcu_per_s": Param(
            None,
            title="Read budget",
            description="Read units a second of the whole run. Empty: no limit.",
            type=["null", "number"],
            exclusiveMinimum=0,
        ),
        "repair": Param(
            False,
            title="Repair what differs",
            description="On: missing and altered items are written again, and audited again.",
            type="boolean",
        ),
        "stale_days": Param(
            14,
            title="Stale after",
            description="Days after which an unpublished calculation is named by `find_stale`.",
            type="integer",
            minimum=1,
        ),
        "remove_stale": Param(
            False,
            title="Remove stale failed calculations",
            description="On: what has been `failed` for so long is removed.",
            type="boolean",
        ),
    }


def remove_params() -> dict[str, Param]:
    """Return the trigger params of `remove_hazard`."""
    return {
        "calc_id": Param(
            title="Calculation id",
            description="What is removed, with all its versions.",
            type="string",
            pattern=CALC_ID_PATTERN,
        ),
        "confirm": Param(
            title="The id again",
            description="There is no way back, so it is asked for twice.",
            type="string",
            pattern=CALC_ID_PATTERN,
        ),
        "take_over": Param(
            False,
            title="Even if a run is writing it",
            description="That run's writers are fenced and stop at their next request.",
            type="boolean",
        ),
        "max_wcu_per_s": Param(
            None,
            title="Write budget",
            description="Write units a second. Empty: the budget it was stored with.",
            type=["null", "number"],
            exclusiveMinimum=0,
        ),
    }
