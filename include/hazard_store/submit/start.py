"""Starts the run that stores what was submitted."""

from __future__ import annotations

import datetime as dt
import re

from hazard_store.submit.airflow import Airflow
from hazard_store.submit.submission import Submitted

SLUG_LENGTH = 40
_NOT_IN_A_RUN_ID = re.compile(r"[^A-Za-z0-9_.]+")


def start_run(airflow: Airflow, submitted: Submitted, now: dt.datetime) -> str:
    """Start the run that stores what is in the inbox; return its id.

    Args:
        airflow: where.
        submitted: what is in the inbox.
        now: the time, UTC, by which the run is named.

    Raises:
        Refused, Misconfigured, NoSuchInput, TryAgain: Airflow did not start it.
    """
    slug = _NOT_IN_A_RUN_ID.sub("-", submitted.params["calc_id"])[:SLUG_LENGTH].strip("-")
    run_id = f"submit__{now:%Y-%m-%dT%H-%M-%S.%f}__{slug}"
    airflow.start(run_id, {**submitted.params, "calc_file": submitted.uri})
    return run_id
