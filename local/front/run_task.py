"""What whoever starts a task may tell its container: what the DAGs do, and nothing else."""

from __future__ import annotations

import json

from local.front.refusal import Reason, Refused

RUN_TASK = ".RunTask"  # ends the header x-amz-target
VARIABLES = frozenset(
    {
        "HAZARD_STORE_ATTEMPT",
        "HAZARD_STORE_INBOX",
        "HAZARD_STORE_LOG_SERVICE",
        "HAZARD_STORE_MAX_DOLLARS",
        "HAZARD_STORE_MAX_ITEMS",
        "HAZARD_STORE_OWNER",
        "HAZARD_STORE_REPLACE_GRACE_S",
        "HAZARD_STORE_STREAM_SILENCE_S",
        "HAZARD_STORE_STAGE",
        "HAZARD_STORE_TABLE_PREFIX",
    }
)


def check_overrides(target: str, body: bytes) -> None:
    """Refuse a RunTask that would set other variables of a container.

    Args:
        target: the operation, as the header `x-amz-target` says it.
        body: of the request.

    Raises:
        Refused: it sets one that can change what program a container runs, or whom it asks.
    """
    if not target.endswith(RUN_TASK):
        return
    try:
        containers = (json.loads(body).get("overrides") or {}).get("containerOverrides") or []
        set_here = {each["name"] for one in containers for each in one.get("environment") or []}
    except (ValueError, AttributeError, KeyError, TypeError):
        raise Refused(Reason.FOREIGN, "RunTask: the overrides cannot be read.") from None
    if others := set_here - VARIABLES:
        names = ", ".join(sorted(map(str, others)))
        raise Refused(
            Reason.FOREIGN, f"RunTask may not set {names}: put it into the task definition."
        )
